"""A page of a thread, made ready for the template that shows it as a chat.

Every question is asked for the whole page at once, so a long thread costs no more
queries than a short one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from inbox.models import Attachment, Conversation, Message, Reaction

PAGE = 100
UNLABELLED = ("text", "image", "video", "audio", "document")  # seen to be what they are
MOST_LINES, LONGEST_LINE = 20, 500  # of a basket, a form, a list of contact cards
TICKS = {
    "queued": "queued",
    "sending": "sending",
    "unknown": "? not known whether it was sent",
    "sent": "✓",
    "delivered": "✓✓",
    "read": "✓✓",
    "played": "✓✓",
    "failed": "✗ failed",
}
Place = tuple[datetime, int]  # provider_at and id of a message


@dataclass(slots=True)
class Bubble:
    """One message as it is drawn."""

    message: Message
    label: str = ""
    ticks: str = ""
    quoted: Message | None = None
    is_quoted_here: bool = False
    referral: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    files: list[tuple[Any, str]] = field(default_factory=list)  # file, safe link or ""


@dataclass(slots=True)
class Page:
    """Bubbles under the days on which they were said, the oldest first."""

    days: list[tuple[datetime, list[Bubble]]]
    older: str  # the place before which older ones lie; "" at the beginning


def place_of(text: str) -> Place | None:
    """The place that an "older" link names; None when it names none."""
    moment, _, pk = text.rpartition("~")
    try:
        at = parse_datetime(moment)
        if at is None or timezone.is_naive(at) or not pk.isdecimal():
            return None
        return at.astimezone(ZoneInfo("UTC")), int(pk[:18])
    except (ValueError, OverflowError):
        return None


def page_of(conversation: Conversation, place: Place | None, size: int = PAGE) -> Page:
    """The latest messages, or those before this place."""
    rows: QuerySet[Message] = conversation.messages.select_related("contact", "author")
    if place:
        at, pk = place
        rows = rows.filter(
            Q(provider_at__lt=at) | Q(provider_at=at, pk__lt=pk), provider_at__lte=at
        )
    reactions = Reaction.objects.exclude(emoji="").select_related("contact")
    rows = rows.prefetch_related("attachments", Prefetch("reactions", reactions))
    found = list(rows.order_by("-provider_at", "-pk")[: size + 1])
    said = found[:size][::-1]
    older = ""
    if len(found) > size:
        older = f"{said[0].provider_at.isoformat()}~{said[0].pk}"
    return Page(by_day(bubbles(conversation, said), conversation), older)


def bubbles(conversation: Conversation, said: list[Message]) -> list[Bubble]:
    """What the template needs to know of each message."""
    here = {message.external_id: message for message in said if message.external_id}
    missing = {message.reply_to for message in said} - here.keys() - {""}
    elsewhere = Message.objects.filter(
        account=conversation.account_id, external_id__in=missing
    )
    known = {message.external_id: message for message in elsewhere} if missing else {}
    known |= here
    return [
        Bubble(
            message,
            label="" if message.kind in UNLABELLED else message.kind.replace("_", " "),
            ticks=TICKS.get(message.status, "") if message.direction == "out" else "",
            quoted=known.get(message.reply_to),
            is_quoted_here=message.reply_to in here,
            referral=referral_of(message.payload.get("referral")),
            lines=lines_of(message),
            files=[(file, place_of_file(file)) for file in message.attachments.all()],
        )
        for message in said
    ]


def by_day(
    said: list[Bubble], conversation: Conversation
) -> list[tuple[datetime, list[Bubble]]]:
    """The bubbles under the days of the workspace's own clock."""
    zone = ZoneInfo(conversation.workspace.timezone)
    days: dict[Any, tuple[datetime, list[Bubble]]] = {}
    for bubble in said:
        at = bubble.message.provider_at
        key = at.astimezone(zone).date()
        days.setdefault(key, (at, []))[1].append(bubble)
    return list(days.values())


def link(url: Any) -> str:
    """The address if a browser may be sent there; "" for javascript: and the like."""
    text = url if isinstance(url, str) else ""
    return text if text.lower().startswith(("https://", "http://")) else ""


def place_of_file(file: Attachment) -> str:
    """Where a click on it leads: to our copy, or to the page that a link is; "" where
    there is nothing yet, since the provider's own links need tokens and expire."""
    if file.is_stored:
        return reverse("admin:inbox_attachment_file", args=[file.pk])
    return link(file.url) if file.state == "link" else ""


def referral_of(referral: Any) -> dict[str, str]:
    """The ad or link that led here, in words; empty when there is none."""
    if not isinstance(referral, dict):
        return {}
    words = ("headline", "title", "ref", "ad_id", "source_id", "source")
    named = [str(referral[word]) for word in words if referral.get(word)]
    is_ad = any(referral.get(word) for word in ("ad_id", "ctwa_clid")) or (
        str(referral.get("source_type", referral.get("source", ""))).lower()
        in ("ad", "ads")
    )
    return {
        "kind": "ad" if is_ad else "link",
        "title": named[0] if named else "",
        "body": str(referral.get("body") or ""),
        "id": str(referral.get("ad_id") or referral.get("source_id") or ""),
        "url": link(referral.get("source_url")),
    }


def lines_of(message: Message) -> list[str]:
    """What a message says beside its text and files, by its kind."""
    reader = READERS.get(message.kind)
    lines = reader(message.payload)[:MOST_LINES] if reader else []
    return [line[:LONGEST_LINE] for line in lines if line.strip()]


def rows(value: Any) -> list[dict]:
    """The objects in what should be a list of objects."""
    found = value if isinstance(value, list) else []
    return [item for item in found if isinstance(item, dict)]


def _place(payload: dict) -> list[str]:
    spot = [payload.get("latitude"), payload.get("longitude")]
    return [] if None in spot else [f"{spot[0]}, {spot[1]}"]


def _cards(payload: dict) -> list[str]:
    lines = []
    for card in rows(payload.get("contacts")):
        name = card.get("name") if isinstance(card.get("name"), dict) else {}
        reached = [item.get("phone") for item in rows(card.get("phones"))]
        reached += [item.get("email") for item in rows(card.get("emails"))]
        words = [name.get("formatted_name"), *reached]
        lines.append(" · ".join(str(word) for word in words if word))
    return lines


def _choice(payload: dict) -> list[str]:
    answers = payload.get("response")
    pairs = answers.items() if isinstance(answers, dict) else ()
    said = [f"{key}: {value}" for key, value in pairs if key != "flow_token"]
    return [str(payload.get("description") or ""), *said]


def _basket(payload: dict) -> list[str]:
    return [
        f"{item.get('quantity', 1)} × {item.get('product_retailer_id', '?')}"
        f" at {item.get('item_price', '?')} {item.get('currency', '')}"
        for item in rows(payload.get("product_items"))
    ]


READERS: dict[str, Callable[[dict], list[str]]] = {
    "location": _place,
    "contacts": _cards,
    "interactive": _choice,
    "order": _basket,
    "unsupported": lambda payload: [str(payload.get("type") or "")],
}
