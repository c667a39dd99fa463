"""Platform staff in a customer's workspace: for a reason, for a while, and seen."""

from collections.abc import Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from rest_framework import exceptions

from flexoraa.lib.errors import Conflict
from teams import mailing
from teams.models import Membership, SupportVisit, User, Workspace
from teams.roles import SUPPORT, Role

MINUTES = (15, 60, 240, 480)  # how long a visit may be
SHORTEST_REASON = 10  # characters


def enter(
    workspace: Workspace, visitor: User, *, reason: str, minutes: int
) -> SupportVisit:
    """Let a superuser in for so many minutes; the owners are told by mail at once.

    Raises PermissionDenied for who is no platform staff, ValidationError for a reason
    that says nothing or another number of minutes, Conflict `already_in` for who is in
    the workspace already, as a member or a visitor.
    """
    reason = " ".join(reason.split())[:300]
    if not (visitor.is_active and visitor.is_superuser):
        raise exceptions.PermissionDenied("Only platform staff enter as support.")
    if len(reason) < SHORTEST_REASON:
        raise exceptions.ValidationError(
            {"reason": "Say why in a few words: the workspace's owners read it."}
        )
    if minutes not in MINUTES:
        raise exceptions.ValidationError({"minutes": f"One of {MINUTES}."})
    with transaction.atomic():
        workspace = Workspace.objects.locked().get(pk=workspace.pk)
        _check_not_in(workspace, visitor)
        now = timezone.now()
        visit = SupportVisit.objects.create(
            workspace=workspace,
            visitor=visitor,
            reason=reason,
            created_at=now,
            ends_at=now + timedelta(minutes=minutes),
        )
        _tell_owners(visit)
    return visit


def end(visit: SupportVisit, *, actor: User) -> SupportVisit:
    """The visitor is out from their next request, and their streams close. Raises
    Conflict `closed` when it had ended before."""
    with transaction.atomic():
        rows = SupportVisit.objects.select_related("workspace", "visitor")
        locked = rows.select_for_update(of=("self",), no_key=True).get(pk=visit.pk)
        if not locked.is_open:
            raise Conflict("This visit is over already.", code="closed")
        locked.ended_at, locked.ended_by = timezone.now(), actor
        locked.save(update_fields=["ended_at", "ended_by"])
    return locked


def places(user: User, slug: str | None = None) -> list[Membership]:
    """The user's places in workspaces that they visit, by the workspace's name."""
    if not user.is_superuser:
        return []
    visits = SupportVisit.objects.open().filter(visitor=user)
    if slug is not None:
        visits = visits.filter(workspace__slug=slug)
    visits = visits.select_related("workspace", "visitor")
    return [found.as_membership() for found in visits.order_by("workspace__name", "id")]


def seats(users: Iterable[int]) -> set[tuple[int, int, str]]:
    """(user, workspace, role) for each visit of these users that goes on."""
    visits = SupportVisit.objects.open().filter(visitor__in=users)
    return {(*pair, SUPPORT) for pair in visits.values_list("visitor", "workspace")}


def _check_not_in(workspace: Workspace, visitor: User) -> None:
    is_member = workspace.memberships.filter(user=visitor).exists()
    visits = SupportVisit.objects.for_workspace(workspace).open()
    if is_member or visits.filter(visitor=visitor).exists():
        raise Conflict(f"You are in {workspace} already.", code="already_in")


def _tell_owners(visit: SupportVisit) -> None:
    workspace = visit.workspace
    zone = ZoneInfo(workspace.timezone)
    context = {
        "visit": visit,
        "workspace": workspace,
        "visitor": visit.visitor,
        "until": f"{visit.ends_at.astimezone(zone):%H:%M on %d %B %Y} ({zone.key})",
        "link": settings.PUBLIC_URL.rstrip("/")
        + reverse("admin:teams_supportvisit_changelist"),
    }
    text = render_to_string("teams/mail/support.txt", context)
    owners = workspace.memberships.filter(role=Role.OWNER, user__is_active=True)
    for email in owners.order_by("id").values_list("user__email", flat=True):
        mailing.post(email, f"Support is in {workspace.name}", text)
