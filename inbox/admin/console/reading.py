"""One conversation: its head, its messages, and what is known of the person."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from inbox.admin import chat
from inbox.admin.console.desk import Seat
from inbox.admin.console.listing import row_of, with_labels
from inbox.models import (
    AssignmentInterval,
    CannedReply,
    Contact,
    ContactIdentity,
    Conversation,
    Label,
    Message,
    Reaction,
    Template,
)

PAGE = 50
MOST_AT_ONCE = 50  # messages that one look at changes fetches
MOST_TEMPLATES = 200


def find(seat: Seat, public_id: UUID) -> Conversation:
    """The conversation, or Http404: another workspace's is like none."""
    found = with_labels(seat.conversations).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def thread(seat: Seat, conversation: Conversation) -> dict[str, Any]:
    """All that the middle and the right of the page show."""
    page = chat.page_of(conversation, None, PAGE)
    canned = CannedReply.objects.filter(workspace=seat.workspace)
    return {
        **around(seat, conversation),
        "days": page.days,
        "older": page.older,
        "canned": canned.order_by("shortcut"),
    }


def around(seat: Seat, conversation: Conversation) -> dict[str, Any]:
    """What stands around the messages: the head, and the person on the right."""
    row = row_of(conversation)
    labels = Label.objects.filter(workspace=seat.workspace)
    return {
        "seat": seat,
        "conversation": conversation,
        "person": row.person,
        "labels": row.labels,
        "colleagues": seat.colleagues(),
        "all_labels": labels.order_by("name"),
        "snoozes": snoozes(seat, timezone.now()),
        **about(seat, conversation, row.person),
    }


def about(seat: Seat, conversation: Conversation, person: Contact) -> dict[str, Any]:
    """The person's names and other conversations, and who had this one."""
    family = Q(contact=person) | Q(contact__merged_into=person)
    names = ContactIdentity.objects.filter(family, workspace=seat.workspace)
    others = seat.conversations.filter(family).exclude(pk=conversation.pk)
    return {
        "identities": names.select_related("account").defer("account__token"),
        "others": others.order_by("-last_message_at")[:8],
        "intervals": AssignmentInterval.objects.filter(conversation=conversation)
        .select_related("user", "by")
        .order_by("-pk")[:5],
    }


def templates(conversation: Conversation) -> QuerySet[Template]:
    """What can be sent on this account when the window has closed."""
    found = Template.objects.filter(account=conversation.account_id, status="APPROVED")
    return found.order_by("name", "language")[:MOST_TEMPLATES]


def older(conversation: Conversation, before: str) -> chat.Page:
    """The page of messages before a place."""
    return chat.page_of(conversation, chat.place_of(before), PAGE)


def changed(conversation: Conversation, ids: Sequence[str]) -> list[chat.Bubble]:
    """These messages of the conversation as they are now, the oldest first."""
    wanted = [UUID(text) for text in ids[:MOST_AT_ONCE] if _is_uuid(text)]
    return _drawn(conversation, Q(public_id__in=wanted))


def after(conversation: Conversation, moment: datetime) -> list[chat.Bubble]:
    """What was said or stored since a moment, for a page that missed news."""
    since = moment - timedelta(minutes=5)
    return _drawn(conversation, Q(provider_at__gte=since) | Q(created_at__gte=since))


def _drawn(conversation: Conversation, which: Q) -> list[chat.Bubble]:
    reactions = Reaction.objects.exclude(emoji="").select_related("contact")
    rows = (
        Message.objects.filter(which, conversation=conversation)
        .select_related("contact", "author")
        .prefetch_related("attachments", Prefetch("reactions", reactions))
        .order_by("-provider_at", "-pk")[:MOST_AT_ONCE]
    )
    return chat.bubbles(conversation, list(rows)[::-1])


def snoozes(seat: Seat, now: datetime) -> list[tuple[str, datetime]]:
    """When a snoozed conversation may come back, by the workspace's clock."""
    here = now.astimezone(seat.zone)

    def at(days: int, hour: int) -> datetime:
        day = here.date() + timedelta(days=days)
        return datetime.combine(day, time(hour), seat.zone)

    found = [("In an hour", here + timedelta(hours=1))]
    found += [("In 3 hours", here + timedelta(hours=3))]
    if here.hour < 17:
        found.append(("This evening", at(0, 18)))
    found.append(("Tomorrow morning", at(1, 9)))
    found.append(("Next Monday", at(7 - here.weekday(), 9)))
    return found


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
