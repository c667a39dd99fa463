"""Replies: what somebody wants to say becomes rows that wait to be sent.

Nothing is sent here. A queued message is its own outbox; inbox/delivery.py sends it.
The API, the back office and broadcasts all come through `queue`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, Func, Value
from django.db.models.functions import Now

from flexoraa.lib import sets
from flexoraa.lib.errors import Conflict
from flexoraa.lib.ids import ulid, uuid7
from inbox import announcing, consents, gestures, limits, media, outbox, windows
from inbox.adapters import ADAPTERS
from inbox.adapters.sending import Choice, Draft, TemplateUse, Unsendable
from inbox.adapters.whatsapp_templates import body_values
from inbox.adapters.words import Kind
from inbox.models import (
    Attachment,
    ChannelAccount,
    Conversation,
    Mention,
    Message,
    Reaction,
    Template,
)
from inbox.threads import preview
from teams.models import User

NOTE, MESSAGE = "note", "message"
MOST_PARTS = 20


class ChannelClosed(Conflict):
    """The channel sends nothing at present; the text says why."""

    default_code = "channel_closed"


@transaction.atomic
def queue(
    conversation: Conversation,
    *,
    author: User | None,
    kind: str = MESSAGE,
    text: str = "",
    attachments: Sequence[Attachment] = (),
    template: TemplateUse | None = None,
    choices: Sequence[Choice] = (),
    reply_to: Message | None = None,
    mentions: Iterable[User] = (),
    split: bool = False,
    is_bulk: bool = False,
    ref: str = "",
) -> Message:
    """Put a reply in line, or keep a note (`kind="note"`); its first message.

    What the channel can only say as several messages becomes several rows, each
    waiting for the one before (`depends_on`); all of them are in `parts` of the answer.
    `author` is None for machines, which answer nobody: people go on waiting.

    `split` cuts a text that is too long, instead of refusing it. `attachments` are
    files that belong to no message yet. `is_bulk`: many get the same, so none of them
    may have opted out; `ref` is the reference to begin with, where one was made.

    Raises Unsendable for what the channel does not take, windows.WindowClosed (409),
    ChannelClosed (409) and consents.OptedOut (409), and Conflict when the plan has no
    room for it (inbox.limits).
    """
    if kind == NOTE:
        locked = lock(conversation)
        check_person(locked)
        return _note(locked, author, text, attachments, mentions)
    limited = limits.lock_messages(conversation.workspace)
    locked = lock(conversation)
    check_person(locked)
    check_channel(locked.account)
    adapter = ADAPTERS[locked.channel]
    draft = Draft(
        text=text.strip(),
        files=tuple(map(media.as_file, attachments)),
        choices=tuple(choices),
        template=template,
        reply_to=_external_id(locked, reply_to),
    )
    drafts = adapter.parts(draft, split)
    if len(drafts) > MOST_PARTS:
        raise Unsendable(
            "too_many_parts",
            f"This would be {len(drafts)} messages: shorten it to {MOST_PARTS}.",
            MOST_PARTS,
        )
    window = windows.window_of(locked)
    if template is None and not window.is_open:
        raise windows.WindowClosed(window, adapter.label)
    limits.check_messages(limited, len(drafts))
    if is_bulk:
        consents.check(locked.contact_id)
    said = _template_text(locked, template) if template else ""
    rows = _store(locked, author, drafts, said, ref)
    _attach(rows, drafts, attachments)
    _follow(locked, rows[-1], author)
    announcing.messages_created([row.pk for row in rows])
    transaction.on_commit(outbox.bell.ring)
    rows[0].parts = rows
    return rows[0]


def lock(conversation: Conversation) -> Conversation:
    """The row as it stands, which nobody else changes until we are done."""
    rows = Conversation.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.select_related("account", "contact", "workspace")
    return rows.defer("account__token").get(pk=conversation.pk)


@transaction.atomic
def react(message: Message, *, emoji: str, author: User) -> None:
    """Put our emoji on a message, or take it off (""). Raises Unsendable, or Conflict
    where the provider would not know which message is meant."""
    locked = lock(message.conversation)
    check_channel(locked.account)
    target = _external_id(locked, message)
    window = windows.window_of(locked)
    if not window.is_open:
        raise windows.WindowClosed(window, ADAPTERS[locked.channel].label)
    row = {
        "public_id": uuid7(),
        "workspace_id": locked.workspace_id,
        "account_id": locked.account_id,
        "target": target,
        "contact_id": None,
        "emoji": emoji[:64],
        "provider_at": "now",
        "created_at": "now",
    }
    Reaction.objects.record(
        [row],
        "(account_id, target, contact_id) DO UPDATE SET emoji = excluded.emoji, "
        "provider_at = excluded.provider_at",
    )
    gestures.make(locked, "reaction", target, emoji)
    announcing.messages_updated([message.pk])


def seen(conversation: Conversation) -> None:
    """Tell the person, where the channel can, that their last message was read."""
    if target := last_inbound_id(conversation):
        gestures.make(conversation, "seen", target)


def typing(conversation: Conversation) -> None:
    """Tell the person that somebody writes. Nothing is told outside the window."""
    if windows.window_of(conversation).is_open:
        gestures.make(conversation, "typing", last_inbound_id(conversation))


def last_inbound_id(conversation: Conversation) -> str:
    """The provider's id of what the person wrote last; "" if nothing."""
    theirs = conversation.messages.filter(direction="in").exclude(external_id="")
    latest = theirs.order_by("-provider_at", "-id").values_list(
        "external_id", flat=True
    )
    return latest.first() or ""


def check_person(conversation: Conversation) -> None:
    """Raises Conflict when there is nobody any more to write to, or about."""
    if conversation.contact.erased_at:
        raise Conflict("This person was erased.", "erased")


def check_channel(account: ChannelAccount) -> None:
    """Raises ChannelClosed with the reason that people see in Channels."""
    if account.sending_stopped_at:
        reason = account.sending_stopped_reason or "no reason was given"
        raise ChannelClosed(f"Sending on {account.name} was stopped: {reason}.")
    if not account.may_send:
        raise ChannelClosed(
            f"{account.name} is disconnected: an admin must connect it again."
        )


def _external_id(conversation: Conversation, message: Message | None) -> str:
    """How the provider calls a message of this conversation."""
    if message is None:
        return ""
    if message.conversation_id != conversation.pk:
        raise Unsendable("wrong_message", "This message is in another conversation.")
    if not message.external_id:
        raise Conflict("The platform does not know this message yet.")
    return message.external_id


def _template_text(conversation: Conversation, use: TemplateUse) -> str:
    """What the person will read. Raises Unsendable unless it is approved and filled,
    and OptedOut when it is marketing and they want none."""
    rows = Template.objects.filter(account=conversation.account, name=use.name)
    row = rows.filter(language=use.language).first()
    if row is None:
        raise Unsendable(
            "template_unknown",
            f"There is no template {use.name} in {use.language}: sync the templates.",
        )
    if row.status != Template.Status.APPROVED:
        raise Unsendable(
            "template_not_approved",
            f"The template {row} is {row.get_status_display().lower()}.",
        )
    values = body_values(use.components)
    if missing := [name for name in row.parameters if not values.get(name)]:
        raise Unsendable(
            "template_parameters",
            f"The template {row} needs a value for {', '.join(missing)}.",
        )
    if row.is_marketing:
        consents.check(conversation.contact_id)
    return row.filled(values)


def _payload(draft: Draft) -> dict[str, Any]:
    """What its columns cannot say, in our own words; delivery reads it back."""
    told: dict[str, Any] = {}
    if draft.choices:
        told["choices"] = [{"id": c.id, "title": c.title} for c in draft.choices]
    if use := draft.template:
        told["template"] = {
            "name": use.name,
            "language": use.language,
            "components": list(use.components),
        }
    return told


def _store(
    conversation: Conversation,
    author: User | None,
    drafts: Sequence[Draft],
    template_text: str,
    ref: str = "",
) -> list[Message]:
    rows: list[Message] = []
    for draft in drafts:
        row = Message(
            workspace_id=conversation.workspace_id,
            account_id=conversation.account_id,
            conversation=conversation,
            contact_id=conversation.contact_id,
            author=author,
            channel=conversation.channel,
            direction=Message.Direction.OUT,
            kind=draft.kind,
            text=template_text or draft.text,
            payload=_payload(draft),
            reply_to=draft.reply_to,
            ref=(not rows and ref) or ulid(),
            status="queued",
            provider_at=_now(conversation.channel),
            next_attempt_at=Now(),
            depends_on=rows[-1] if rows else None,
        )
        row.save(force_insert=True)
        rows.append(row)
    return rows


def _now(channel: str) -> Func | Now:
    """Our clock cut as the provider's is: what is said within one second keeps the
    order in which it came, instead of theirs standing before ours."""
    if not ADAPTERS[channel].has_whole_seconds:
        return Now()
    unit = Value("second")
    return Func(unit, Now(), function="date_trunc", output_field=DateTimeField())


def _attach(
    rows: Sequence[Message], drafts: Sequence[Draft], files: Sequence[Attachment]
) -> None:
    """Give each file to its message."""
    carriers = [row for row, draft in zip(rows, drafts, strict=True) if draft.files]
    for row, file in zip(carriers, files, strict=True):
        file.message = row
        file.save(update_fields=["message"])


def _follow(conversation: Conversation, last: Message, author: User | None) -> None:
    """The head of the conversation, and the wait that an answer ends."""
    sets.execute(
        "UPDATE inbox_conversation SET preview = %s, "
        "last_message_at = greatest(last_message_at, (SELECT provider_at "
        "FROM inbox_message WHERE id = %s)), "
        "waiting_since = CASE WHEN %s THEN NULL ELSE waiting_since END WHERE id = %s",
        [preview(last.kind, last.text), last.pk, author is not None, conversation.pk],
    )
    if author:
        conversation.waits.end(conversation.pk, last.created_at, by=author.pk)


def _note(
    conversation: Conversation,
    author: User | None,
    text: str,
    attachments: Sequence[Attachment],
    mentions: Iterable[User],
) -> Message:
    """Between colleagues: it is not sent, and nobody outside learns of it."""
    if not text.strip() and not attachments:
        raise Unsendable("empty", "Write something.")
    note = Message(
        workspace_id=conversation.workspace_id,
        account_id=conversation.account_id,
        conversation=conversation,
        contact_id=conversation.contact_id,
        author=author,
        channel=conversation.channel,
        direction=Message.Direction.NOTE,
        kind=Kind.TEXT,
        text=text.strip(),
        status="noted",
        provider_at=Now(),
    )
    note.save(force_insert=True)
    for file in attachments:
        file.message = note
        file.save(update_fields=["message"])
    Mention.objects.bulk_create(
        [
            Mention(workspace_id=note.workspace_id, message=note, user=user)
            for user in {user.pk: user for user in mentions}.values()
        ]
    )
    announcing.messages_created([note.pk])
    note.parts = [note]
    return note
