"""The list of conversations: what was asked for, page by page, as rows to draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from inbox import adapters, searching, windows
from inbox.admin.chat import Place, place_of
from inbox.admin.console.desk import Seat
from inbox.models import Contact, Conversation, ConversationLabel, Label

PAGE = 40
MOST = 99  # a count beyond it is "99+"
VIEWS = ("mine", "unassigned", "all")
STATUSES = ("open", "pending", "snoozed", "resolved", "any")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the list shall show; what is not understood is left out."""

    view: str = "all"
    status: str = "open"
    channel: str = ""
    label: str = ""
    unread: bool = False
    closing: bool = False
    waiting: bool = False
    term: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> "Wish":
        """From the query of an address."""
        channels = {name for name, _ in adapters.choices()}
        return cls(
            view=_one_of(asked.get("view"), VIEWS, "all"),
            status=_one_of(asked.get("status"), STATUSES, "open"),
            channel=_one_of(asked.get("channel"), channels, ""),
            label=_uuid(asked.get("label", "")),
            unread=asked.get("unread") == "1",
            closing=asked.get("closing") == "1",
            waiting=asked.get("waiting") == "1",
            term=asked.get("q", "").strip()[:100],
        )

    def query(self, **more: str) -> str:
        """As the query of an address again."""
        flags = ("unread", "closing", "waiting")
        told = {name: "1" for name in flags if getattr(self, name)}
        told |= {"view": self.view, "status": self.status, "channel": self.channel}
        told |= {"label": self.label, "q": self.term, **more}
        return urlencode({name: value for name, value in told.items() if value})


@dataclass(slots=True)
class Row:
    """One conversation as the list draws it."""

    conversation: Conversation
    person: Contact
    labels: Sequence[Label]
    window: windows.Window


@dataclass(slots=True)
class Page:
    """Rows, and the query of those below; "" at the end."""

    rows: list[Row]
    more: str


def page_of(seat: Seat, wish: Wish, before: str = "") -> Page:
    """The page of the list after this place."""
    column, is_ascending = _order(wish)
    found = _asked_for(seat, wish)
    if place := place_of(before):
        found = found.filter(_beyond(place, column, is_ascending))
    sign = "" if is_ascending else "-"
    found = found.order_by(f"{sign}{column}", f"{sign}id")
    rows = list(with_labels(found)[: PAGE + 1])
    more = ""
    if len(rows) > PAGE:
        last = rows[PAGE - 1]
        more = wish.query(before=f"{getattr(last, column).isoformat()}~{last.pk}")
    return Page([row_of(row) for row in rows[:PAGE]], more)


def rows_named(seat: Seat, wish: Wish, ids: Sequence[str]) -> list[Row]:
    """Those of the named conversations that the list shows now."""
    wanted = [key for text in ids[:PAGE] if (key := _uuid(text))]
    found = _asked_for(seat, wish).filter(public_id__in=wanted)
    column, is_ascending = _order(wish)
    sign = "" if is_ascending else "-"
    return [row_of(row) for row in with_labels(found.order_by(f"{sign}{column}"))]


def counts(seat: Seat) -> dict[str, str]:
    """How many are open, for each view; not counted past 99."""
    return {view: _count(_asked_for(seat, Wish(view=view))) for view in VIEWS}


def with_labels(rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """With their labels at hand."""
    labelled = ConversationLabel.objects.select_related("label").order_by("label__name")
    return rows.prefetch_related(Prefetch("labelled", labelled))


def row_of(conversation: Conversation) -> Row:
    """What the template needs to know of a conversation from `with_labels`."""
    contact = conversation.contact
    return Row(
        conversation,
        person=contact.merged_into or contact,
        labels=[row.label for row in conversation.labelled.all()],
        window=windows.judge(
            conversation.account, conversation.last_inbound_at, timezone.now()
        ),
    )


def _asked_for(seat: Seat, wish: Wish) -> QuerySet[Conversation]:
    found = seat.conversations
    if wish.view == "mine":
        found = found.filter(assignee=seat.user)
    elif wish.view == "unassigned":
        found = found.filter(assignee=None)
    if wish.status != "any":
        found = found.filter(status=wish.status)
    if wish.channel:
        found = found.filter(channel=wish.channel)
    if wish.label:
        labelled = ConversationLabel.objects.filter(
            label__public_id=wish.label, label__workspace=seat.workspace
        )
        found = found.filter(pk__in=labelled.values("conversation"))
    if wish.unread:
        found = found.filter(unread_count__gt=0)
    if wish.waiting:
        found = found.filter(waiting_since__isnull=False)
    if wish.closing:
        found = windows.listed(found, "closing")
    if wish.term:
        found = searching.conversations(found, seat.workspace, wish.term)
    return found


def _order(wish: Wish) -> tuple[str, bool]:
    """The column of the list's order, and whether it ascends."""
    if wish.waiting:
        return "waiting_since", True
    return ("last_inbound_at", True) if wish.closing else ("last_message_at", False)


def _beyond(place: Place, column: str, is_ascending: bool) -> Q:
    at, pk = place
    side = "gt" if is_ascending else "lt"
    return Q(**{f"{column}__{side}e": at}) & (
        Q(**{f"{column}__{side}": at}) | Q(**{f"pk__{side}": pk})
    )


def _count(rows: QuerySet[Conversation]) -> str:
    count = rows.order_by().values("pk")[: MOST + 1].count()
    return f"{MOST}+" if count > MOST else str(count)


def _one_of(value: str | None, allowed: Any, otherwise: str) -> str:
    return value if value in allowed else otherwise


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
