"""What people must know about a workspace's billing, from what payments wrote on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from teams.models import Workspace
from teams.roles import Action

WARN_BEFORE = timedelta(days=3)  # of the end of a trial
PRESSING = ("trial", "grace", "read_only")  # states of Workspace.limits that may say so


@dataclass(frozen=True, slots=True)
class BillingNotice:
    """One line for a banner. `level` is `info`, `warn` or `bad`; `link` leads to the
    billing page and is empty for those who may not see it."""

    level: str
    text: str
    link: str = ""


def notice_for(workspace: Workspace, *, may_pay: bool) -> BillingNotice | None:
    """What is to be said now; None while all is well."""
    limits = workspace.limits
    until = _moment(limits.get("until"))
    day = f"{until:%d %B %Y}".lstrip("0") if until else ""
    reason = limits.get("reason") or "The payment for this period has not come in."
    match limits.get("state"):
        case "trial" if until and until - timezone.now() < WARN_BEFORE:
            level, text = "info", f"The trial ends on {day}: choose a plan until then."
        case "grace":
            level, text = "warn", f"{reason} Everything works until {day}."
        case "read_only":
            level = "bad"
            text = (
                f"{reason} Until then everything can be read, and what customers write "
                "is still stored."
            )
        case _:
            return None
    link = reverse(settings.BILLING_PAGE, args=[workspace.slug]) if may_pay else ""
    return BillingNotice(level, text, link)


def notices_of(user: Any) -> list[tuple[Workspace, BillingNotice]]:
    """Of each workspace that the user is a member of; one query."""
    if not user.is_authenticated:
        return []
    mine = user.memberships.filter(workspace__limits__state__in=PRESSING)
    found = [
        (
            member.workspace,
            notice_for(member.workspace, may_pay=member.may(Action.MANAGE_BILLING)),
        )
        for member in mine.select_related("workspace").order_by("workspace__name")
    ]
    return [(workspace, notice) for workspace, notice in found if notice]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
