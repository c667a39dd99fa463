"""Until when a person may be answered, by which rule, and where else they can be.

Each message of a person opens the window of the name that they wrote under, for as
long as the channel's adapter says, by the provider's clock. Past it an account with
Meta's Human Agent permission may go on for some days, and WhatsApp takes templates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from flexoraa.lib import sets
from flexoraa.lib.errors import Conflict
from inbox.adapters import ADAPTERS
from inbox.adapters.sending import HUMAN_AGENT
from inbox.models import ChannelAccount, Contact, Conversation

CLOSING = timedelta(hours=4)
DAY = timedelta(hours=24)  # what lists go by; every channel's window so far


class Rule(StrEnum):
    """What allows, or forbids, to write freely."""

    REPLY = "reply"  # the person wrote a short while ago
    HUMAN_AGENT = "human_agent"  # a person may still answer, no machine
    TEMPLATE = "template"  # closed: approved templates only
    CLOSED = "closed"  # until the person writes
    ALWAYS = "always"  # the channel has no such rule


@dataclass(frozen=True, slots=True)
class Window:
    """`open_until` is when it closes, or closed; None when nothing was ever written.
    `allowed` holds what can be sent now: message, template, note."""

    rule: Rule
    open_until: datetime | None
    allowed: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether anything may be written."""
        return "message" in self.allowed

    @property
    def tag(self) -> str:
        """What a message must carry to be let through."""
        return HUMAN_AGENT if self.rule is Rule.HUMAN_AGENT else ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another conversation of the same person whose window is open."""

    conversation: Conversation
    window: Window


class WindowClosed(Conflict):
    """Nobody may write freely here any more; `extra` says what is possible instead."""

    default_code = "window_closed"

    def __init__(self, window: Window, label: str) -> None:
        instead = "send a template" if "template" in window.allowed else ""
        words = " or ".join(filter(None, [instead, "wait until the person writes"]))
        super().__init__(f"The reply window on {label} has closed: {words}.")
        self.extra = {
            "allowed": window.allowed,
            "open_until": window.open_until,
            "rule": window.rule,
        }


def window_of(conversation: Conversation) -> Window:
    """The window of a conversation, now by the database's clock."""
    last, now = sets.fetch(LAST_INBOUND, {"id": conversation.pk})[0]
    return judge(conversation.account, last, now)


def judge(account: ChannelAccount, last: datetime | None, now: datetime) -> Window:
    """What applies on this account `now`, when the person last wrote at `last`."""
    adapter = ADAPTERS[account.channel]
    templates = ("template",) if adapter.has_templates else ()
    if adapter.window_hours is None:
        return Window(Rule.ALWAYS, None, ("message", *templates, "note"))
    if last is None:
        rule = Rule.TEMPLATE if templates else Rule.CLOSED
        return Window(rule, None, (*templates, "note"))
    until = last + timedelta(hours=adapter.window_hours)
    if now < until:
        return Window(Rule.REPLY, until, ("message", *templates, "note"))
    if account.human_agent and adapter.human_agent_days:
        longer = last + timedelta(days=adapter.human_agent_days)
        if now < longer:
            return Window(Rule.HUMAN_AGENT, longer, ("message", *templates, "note"))
        until = longer
    rule = Rule.TEMPLATE if templates else Rule.CLOSED
    return Window(rule, until, (*templates, "note"))


def elsewhere(conversation: Conversation) -> list[Elsewhere]:
    """The person's conversations on other accounts in which they may be answered."""
    others = (
        Conversation.objects.filter(workspace=conversation.workspace_id)
        .filter(contact__in=family(conversation.contact))
        .exclude(account=conversation.account_id)
        .exclude(last_inbound_at=None)
        .select_related("account", "workspace")
        .defer("account__token")
        .order_by("account", "-last_inbound_at")
        .distinct("account")
        .annotate(now=Now())
    )
    found = []
    for other in others:
        window = judge(other.account, other.last_inbound_at, other.now)
        if window.is_open and other.account.may_send:
            found.append(Elsewhere(other, window))
    return found


def family(contact: Contact) -> QuerySet[Contact]:
    """Everybody who is this person: the one who stands, and who was merged into it."""
    head = contact.merged_into_id or contact.pk
    return Contact.objects.filter(Q(pk=head) | Q(merged_into=head))


def listed(queryset: QuerySet, state: str) -> QuerySet:
    """Unresolved conversations by window: `open`, `closing` within four hours, or
    `closed`. The row's own last message is what counts here, which an index has."""
    rows = spoken(queryset)
    opened = Now() - DAY
    if state == "closed":
        return rows.filter(last_inbound_at__lte=opened)
    rows = rows.filter(last_inbound_at__gt=opened)
    if state == "closing":
        rows = rows.filter(last_inbound_at__lt=opened + CLOSING)
    return rows


def spoken(queryset: QuerySet) -> QuerySet:
    """Unresolved conversations in which the person wrote; an index has just these."""
    return queryset.exclude(status="resolved").filter(last_inbound_at__isnull=False)


def described(window: Window) -> Mapping[str, Any]:
    """The window as the API tells it."""
    return {
        "is_open": window.is_open,
        "open_until": window.open_until,
        "rule": window.rule.value,
        "allowed": list(window.allowed),
    }


LAST_INBOUND = """
    WITH mine AS (
        SELECT v.account_id, coalesce(c.merged_into_id, c.id) AS head
        FROM inbox_conversation v JOIN inbox_contact c ON c.id = v.contact_id
        WHERE v.id = %(id)s
    ), persons AS (
        SELECT c.id FROM inbox_contact c, mine
        WHERE c.id = mine.head OR c.merged_into_id = mine.head
    )
    SELECT coalesce(
        (SELECT max(i.last_inbound_at) FROM inbox_contactidentity i, mine
         WHERE i.account_id = mine.account_id
         AND i.contact_id IN (SELECT id FROM persons)),
        (SELECT max(v.last_inbound_at) FROM inbox_conversation v, mine
         WHERE v.account_id = mine.account_id
         AND v.contact_id IN (SELECT id FROM persons))
    ), statement_timestamp()
"""
