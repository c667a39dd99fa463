"""What a person decides about a message that failed, or that nobody confirmed."""

from django.db import transaction
from django.db.models.functions import Now

from flexoraa.lib.errors import Conflict
from inbox import announcing, outbox, windows
from inbox.adapters import ADAPTERS
from inbox.models import Message, SendAttempt
from inbox.models.messages import NOT_SENT_BEFORE, RANKS
from inbox.replies import check_channel, check_person, lock
from teams.models import User

UNSETTLED = frozenset(("queued", "sending", "unknown"))
RESENDABLE = frozenset(("failed", "unconfirmed"))


@transaction.atomic
def resend(message: Message, by: User | None) -> Message:
    """Send it again, as a new attempt with a new reference; what waited for it follows.

    Only what failed or stayed unconfirmed: of anything else nobody knows yet, or it
    was sent. Raises Conflict, windows.WindowClosed and replies.ChannelClosed.
    """
    conversation = lock(message.conversation)
    row = _locked(message)
    if row.status not in RESENDABLE:
        raise Conflict(_why_not(row))
    check_person(conversation)
    check_channel(conversation.account)
    window = windows.window_of(conversation)
    if row.kind != "template" and not window.is_open:
        raise windows.WindowClosed(window, ADAPTERS[row.channel].label)
    _note(row, SendAttempt.Decision.RESENT, by)
    _queue_again(row)
    _go_on_after([row])
    transaction.on_commit(outbox.bell.ring)
    announcing.messages_updated([row.pk])
    message.refresh_from_db()
    return message


@transaction.atomic
def mark_sent(message: Message, by: User | None) -> Message:
    """The person has seen elsewhere that it arrived: it counts as sent, and what
    depends on it goes on. Raises Conflict unless it is unconfirmed or uncertain."""
    lock(message.conversation)
    row = _locked(message)
    if row.status not in ("unconfirmed", "unknown"):
        raise Conflict(_why_not(row))
    _note(row, SendAttempt.Decision.MARKED, by)
    row.status, row.status_rank = "sent", RANKS["sent"]
    row.error, row.uncertain_at = "", None
    row.save(update_fields=["status", "status_rank", "error", "uncertain_at"])
    _go_on_after([row])
    announcing.messages_updated([row.pk])
    message.refresh_from_db()
    return message


def _note(row: Message, decision: str, by: User | None) -> None:
    """Who decided what, at the attempt that it was about."""
    last = row.sends.order_by("-number").values("pk")[:1]
    SendAttempt.objects.filter(pk__in=last).update(
        decision=decision, decided_by=by, decided_at=Now()
    )


def _go_on_after(rows: list[Message]) -> None:
    """What failed only because of these waits for them again."""
    while rows:
        waited = Message.objects.filter(
            depends_on__in=rows, status="failed", error=NOT_SENT_BEFORE
        )
        rows = list(waited.order_by("pk"))
        for row in rows:
            _queue_again(row)


def _locked(message: Message) -> Message:
    return Message.objects.select_for_update(no_key=True).get(pk=message.pk)


def _queue_again(row: Message) -> None:
    """As new, but for its past attempts. It gets a new reference when it is claimed;
    until then a late word about the last one still tells that it was sent."""
    Message.objects.filter(pk=row.pk).update(
        status="queued",
        status_rank=RANKS["queued"],
        external_id="",
        error="",
        errors=[],
        attempts=0,
        next_attempt_at=Now(),
        uncertain_at=None,
    )


def _why_not(row: Message) -> str:
    if row.direction != Message.Direction.OUT:
        return "Only messages of ours can be sent again."
    if row.status == "unknown":
        return (
            "It is not known yet whether it was sent: in a few minutes it is, or you "
            "will be asked."
        )
    if row.status in UNSETTLED:
        return "It is on its way."
    return "It was sent."
