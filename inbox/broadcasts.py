"""Broadcasts on their way: started, queued slice by slice, held up, ended.

A slice is one transaction: the messages of some recipients, and that they have them.
So a worker that dies has queued a recipient and noted it, or neither; and since the
message's reference is made of the recipient, which the database keeps unique, a second
one cannot even be written. From there the outbox sends (inbox/delivery.py).

No more is put in line than the number sends in a moment, so that people's own replies
are not behind thousands of others, and a pause is one.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import (
    DataError,
    IntegrityError,
    OperationalError,
    connection,
    transaction,
)
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from flexoraa.lib import sets, stream
from flexoraa.lib.errors import Conflict
from flexoraa.lib.ids import ulid_of, uuid7
from inbox import announcing, burying, limits, outbox, people, preflight, replies
from inbox.adapters import ADAPTERS
from inbox.adapters.base import Identity, IdKind, Person
from inbox.adapters.phones import normal_form
from inbox.adapters.sending import TemplateUse, Unsendable
from inbox.adapters.whatsapp_templates import body_component
from inbox.consents import OptedOut
from inbox.models import (
    Broadcast,
    BroadcastRecipient,
    ConsentEntry,
    Conversation,
    Message,
    Template,
)
from inbox.replies import ChannelClosed

log = logging.getLogger(__name__)
SLICE = 50  # messages in one transaction
AHEAD_SECONDS = 1.5  # of a number's sending may wait in its queue
BURST_SECONDS = 2.0  # of a rate that was set may be made up for
CANCELLED = "The broadcast was cancelled."
State = Broadcast.State
CLOSED = Q(status="resolved")
_SECOND = timedelta(seconds=1)


@transaction.atomic
def start(broadcast: Broadcast, *, at: datetime | None = None) -> Broadcast:
    """Begin now, or at a time. Raises Conflict when it cannot be: not planned any more,
    nobody to send to, a channel that sends nothing, a template that was withdrawn, or a
    plan without room."""
    locked = _locked(broadcast)
    _check_next(locked, "start")
    pending = locked.recipients.filter(state="pending").count()
    if not pending:
        raise Conflict("Nobody is left to send it to.", "nobody")
    if words := _hold(locked):
        raise Conflict(words)
    limits.check_messages(limits.lock_messages(locked.workspace), pending)
    locked.start_at = at
    locked.state = State.SCHEDULED if at else State.RUNNING
    columns = ["state", "start_at"]
    if not at:
        locked.started_at = Now()
        columns.append("started_at")
    return _saved(locked, *columns)


@transaction.atomic
def pause(broadcast: Broadcast) -> Broadcast:
    """What is in line already, a second's worth, still goes. Raises Conflict."""
    locked = _locked(broadcast)
    _check_next(locked, "pause")
    locked.state = State.PAUSED
    return _saved(locked, "state")


@transaction.atomic
def resume(broadcast: Broadcast) -> Broadcast:
    """Go on, at once. Raises Conflict."""
    locked = _locked(broadcast)
    _check_next(locked, "resume")
    locked.state, locked.note, locked.worked_at = State.RUNNING, "", Now()
    if locked.started_at is None:
        locked.started_at = Now()
    return _saved(locked, "state", "note", "worked_at", "started_at")


@transaction.atomic
def cancel(broadcast: Broadcast) -> Broadcast:
    """Nobody else gets it, also of those who are in line. Raises Conflict."""
    locked = _locked(broadcast)
    _check_next(locked, "cancel")
    waiting = locked.recipients.filter(state="pending")
    waiting.update(state="skipped", reason="cancelled")
    taken = sets.fetch(
        "UPDATE inbox_message SET status = 'failed', status_rank = 4, error = %s "
        "WHERE id IN (SELECT m.id FROM inbox_broadcastrecipient r "
        "JOIN inbox_message m ON m.id = r.message_id WHERE r.broadcast_id = %s "
        "AND m.status = 'queued' ORDER BY m.id FOR NO KEY UPDATE OF m SKIP LOCKED) "
        "RETURNING id",
        [CANCELLED, locked.pk],
    )
    announcing.messages_updated([row[0] for row in taken])
    locked.state, locked.finished_at, locked.note = State.CANCELLED, Now(), ""
    return _saved(locked, "state", "finished_at", "note")


@transaction.atomic
def retry_failed(broadcast: Broadcast, *, unconfirmed: bool = False) -> int:
    """Put what failed in line once more, as a new attempt of the same message, at the
    number's rate; how many. Who opted out meanwhile is left. Raises Conflict.

    `unconfirmed`: also those of whom nobody knows whether they got it. That is a
    person's decision: some of them may have it already.
    """
    locked = _locked(broadcast)
    _check_next(locked, "retry")
    if words := _hold(locked):
        raise Conflict(words)
    again = ["failed", "unconfirmed"] if unconfirmed else ["failed"]
    failed = locked.recipients.filter(message__status__in=again)
    failed = failed.exclude(reason="erased")
    rows = list(failed.values_list("message", "contact"))
    stopped = ConsentEntry.objects.stopped([contact for _, contact in rows])
    ids = sorted(message for message, contact in rows if contact not in stopped)
    limits.check_messages(limits.lock_messages(locked.workspace), 0)
    Message.objects.lock(ids)
    queued = sets.fetch(
        "UPDATE inbox_message m SET status = 'queued', status_rank = 0, "
        "external_id = '', error = '', errors = '[]', attempts = 0, "
        "uncertain_at = NULL, next_attempt_at = statement_timestamp() "
        "+ make_interval(secs => r.place / %s) "
        "FROM unnest(%s::bigint[]) WITH ORDINALITY AS r(id, place) "
        "WHERE m.id = r.id AND m.status = ANY(%s) RETURNING m.id",
        [_rate(locked), ids, again],
    )
    announcing.messages_updated([row[0] for row in queued])
    stream.publish(locked.workspace_id, "broadcast.progress", [locked.public_id])
    transaction.on_commit(outbox.bell.ring)
    return len(queued)


def drain() -> int:
    """A slice of each broadcast that is due; how many messages that were."""
    waiting = Broadcast.objects.due().order_by(F("worked_at").asc(nulls_first=True))
    return sum(_try(pk) for pk in list(waiting.values_list("pk", flat=True)[:20]))


def _try(pk: int) -> int:
    try:
        return go_on(pk)
    except (IntegrityError, DataError):
        log.exception("Broadcast %s is held up", pk)
    except OperationalError as error:
        if not connection.is_usable():
            raise
        log.warning("Broadcast %s has to wait: %s", pk, type(error).__name__)
    return 0


@transaction.atomic
def go_on(pk: int) -> int:
    """The next slice of this one; how many were dealt with."""
    rows = Broadcast.objects.due().filter(pk=pk)
    burying.share(rows.values_list("workspace", flat=True))
    locked = rows.select_for_update(skip_locked=True, no_key=True).first()
    if locked is None:
        return 0
    if locked.state == State.SCHEDULED:
        locked.state, locked.started_at = State.RUNNING, Now()
        locked.save(update_fields=["state", "started_at"])
    if words := _hold(locked):
        return _wait(locked, words)
    size, used = _share(locked)
    if size <= 0:
        return 0
    found = locked.recipients.filter(state="pending").select_related("lead")
    recipients = list(found.order_by("pk")[:size])
    if recipients:
        words = _queue(locked, recipients)
        locked.worked_at = used
        locked.note = words[:300]
        _saved(locked, "worked_at", "note")
        return 0 if words else len(recipients)
    locked.state, locked.finished_at, locked.note = State.FINISHED, Now(), ""
    _saved(locked, "state", "finished_at", "note")
    return 1


def _queue(broadcast: Broadcast, recipients: Sequence[BroadcastRecipient]) -> str:
    """Their messages; what holds the broadcast up, in words, or ""."""
    places = _places(broadcast, recipients)
    words = ""
    for recipient in sorted(recipients, key=lambda r: places[r.pk].pk):
        conversation = places[recipient.pk]
        recipient.contact_id = conversation.contact_id
        recipient.conversation = conversation
        try:
            recipient.message = _message(broadcast, recipient, conversation)
            recipient.state = "queued"
        except OptedOut:
            recipient.state, recipient.reason = "skipped", "opted_out"
        except Unsendable as error:
            recipient.state, recipient.reason = "skipped", "refused"
            recipient.detail = error.words[:300]
        except (ChannelClosed, Conflict) as error:
            words = str(error.detail)
            break
    BroadcastRecipient.objects.bulk_update(
        recipients,
        ["state", "reason", "detail", "message", "contact", "conversation"],
    )
    return words


def _message(
    broadcast: Broadcast, recipient: BroadcastRecipient, conversation: Conversation
) -> Message:
    ref = ulid_of(recipient.public_id)
    try:
        with transaction.atomic():
            return replies.queue(
                conversation,
                author=None,
                template=use_of(broadcast, recipient.parameters),
                is_bulk=True,
                ref=ref,
            )
    except IntegrityError:
        # somebody has made it already: it is the one
        return Message.objects.get(workspace=broadcast.workspace_id, ref=ref)


def use_of(broadcast: Broadcast, values: dict[str, str]) -> TemplateUse:
    """The template with what goes into it for one person."""
    template = broadcast.template
    components = [*broadcast.components]
    if template.parameters:
        components.append(body_component(template.parameters, values))
    return TemplateUse(
        name=template.name, language=template.language, components=tuple(components)
    )


def _places(
    broadcast: Broadcast, recipients: Sequence[BroadcastRecipient]
) -> dict[int, Conversation]:
    """Recipient id -> where it is said. New people get a conversation that is closed
    until they answer, so that nobody's list fills with what nobody waits for."""
    account = broadcast.account
    wanted = {
        recipient.pk: Person(
            identities=(_identity(recipient),), name=recipient.lead.name
        )
        for recipient in recipients
    }
    known = people.resolve((account, person) for person in wanted.values())
    contacts = {pk: known.contact_id(account, p) for pk, p in wanted.items()}
    _link(recipients, contacts)
    ids = sorted(set(contacts.values()))
    found = _conversations(account.pk, ids)
    rows = [
        {
            "public_id": uuid7(),
            "workspace_id": broadcast.workspace_id,
            "account_id": account.pk,
            "contact_id": pk,
            "channel": account.channel,
            "status": "resolved",
            "last_message_at": "now",
            "resolved_at": "now",
        }
        for pk in ids
        if pk not in found
    ]
    sets.insert(Conversation, rows)
    if rows:
        found = _conversations(account.pk, ids)
    for conversation in found.values():
        conversation.workspace = broadcast.workspace
    return {pk: found[contact] for pk, contact in contacts.items()}


def _identity(recipient: BroadcastRecipient) -> Identity:
    """The name to write to; a number is dialled as the lead has it."""
    digits = recipient.lead.phone.lstrip("+")
    value = digits if normal_form(digits) == recipient.key else recipient.key
    return Identity(IdKind(recipient.kind), value, recipient.key)


def _conversations(account_id: int, contacts: Sequence[int]) -> dict[int, Conversation]:
    """The open one of each, or else the last."""
    rows = Conversation.objects.filter(account=account_id, contact__in=contacts)
    rows = rows.alias(is_closed=ExpressionWrapper(CLOSED, BooleanField()))
    rows = rows.order_by("contact", "is_closed", "-pk").distinct("contact")
    return {row.contact_id: row for row in rows}


def _link(recipients: Sequence[BroadcastRecipient], contacts: dict[int, int]) -> None:
    """Who was no contact yet belongs to the lead from now on."""
    rows = [
        {"id": contacts[recipient.pk], "lead_id": recipient.lead_id}
        for recipient in recipients
    ]
    sets.execute(
        "UPDATE inbox_contact c SET lead_id = r.lead_id FROM (SELECT * "
        "FROM json_to_recordset(%s::json) AS t(id bigint, lead_id bigint) ORDER BY id) "
        "r WHERE c.id = r.id AND c.lead_id IS NULL AND c.merged_into_id IS NULL",
        [sets.dumps(rows)],
    )


def _hold(broadcast: Broadcast) -> str:
    """What keeps it from sending, in words; "" when nothing does."""
    template = Template.objects.select_related("account").defer("account__token")
    broadcast.template = template.get(pk=broadcast.template_id)
    broadcast.account = broadcast.template.account
    try:
        replies.check_channel(broadcast.account)
        preflight.check_template(broadcast.template)
    except ChannelClosed as error:
        return str(error.detail)
    except Unsendable as error:
        return error.words
    return ""


def _wait(broadcast: Broadcast, words: str) -> int:
    """Say what holds it up, once."""
    if broadcast.note != words[:300]:
        broadcast.note = words[:300]
        _saved(broadcast, "note")
    return 0


def _share(broadcast: Broadcast) -> tuple[int, Any]:
    """How many may be put in line now, and up to when the rate is used up then."""
    ahead = max(10, round(_rate(broadcast, of_account=True) * AHEAD_SECONDS))
    waiting, now = sets.fetch(
        "SELECT count(*), statement_timestamp() FROM (SELECT 1 FROM inbox_message "
        "WHERE status = 'queued' AND account_id = %s "
        "AND next_attempt_at <= statement_timestamp() LIMIT %s) q",
        [broadcast.account_id, ahead],
    )[0]
    size = min(SLICE, ahead - waiting)
    if not broadcast.per_minute:
        return size, now
    rate = broadcast.per_minute / 60
    burst = max(1.0, rate * BURST_SECONDS)
    since = broadcast.worked_at
    saved = min(burst, (now - since).total_seconds() * rate) if since else 1.0
    size = min(size, int(saved))
    return size, now - (saved - max(size, 0)) / rate * _SECOND


def _rate(broadcast: Broadcast, *, of_account: bool = False) -> float:
    """Messages a second."""
    account = broadcast.account
    rate = float(account.sends_per_second or ADAPTERS[account.channel].rate)
    own = (broadcast.per_minute or 0) / 60
    return min(rate, own) if own and not of_account else rate


def _locked(broadcast: Broadcast) -> Broadcast:
    rows = Broadcast.objects.select_for_update(no_key=True)
    return rows.get(pk=broadcast.pk)


def _check_next(broadcast: Broadcast, step: str) -> None:
    if broadcast.state not in Broadcast.NEXT[step]:
        words = broadcast.get_state_display().lower()
        raise Conflict(f"It is {words}: that cannot be done any more, or not yet.")


def _saved(broadcast: Broadcast, *columns: str) -> Broadcast:
    broadcast.save(update_fields=columns)
    stream.publish(broadcast.workspace_id, "broadcast.progress", [broadcast.public_id])
    return Broadcast.objects.get(pk=broadcast.pk)
