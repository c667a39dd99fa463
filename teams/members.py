"""Roles that change, members who go, ownership that passes on."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework import exceptions

from flexoraa.lib.errors import Conflict
from teams import departures, roles
from teams.invitations import check_grant
from teams.models import (
    ApiKey,
    Departure,
    Invitation,
    Membership,
    User,
    Workspace,
)
from teams.roles import Action, Role


class OpenWork(Conflict):
    """It has to be said where their open work goes."""

    default_code = "open_work"


def change_role(membership: Membership, role: str, *, actor: Membership) -> Membership:
    """Give a member another role. Raises PermissionDenied when the old or the new one
    is above the actor's own, Conflict `last_owner` when nobody would own the workspace.
    """
    with transaction.atomic():
        membership, actor = _locked(membership, actor)
        check_grant(actor, membership.role)
        check_grant(actor, role)
        _keep_an_owner(membership, role)
        membership.role = role
        membership.save(update_fields=["role"])
        _withdraw(membership, role)
    return membership


def transfer(membership: Membership, *, actor: Membership) -> Membership:
    """The actor's ownership passes on: the other is owner, the actor admin."""
    with transaction.atomic():
        membership, actor = _locked(membership, actor)
        if actor.role != Role.OWNER:
            raise exceptions.PermissionDenied("Only an owner can pass ownership on.")
        if actor.pk == membership.pk:
            raise Conflict("You own this workspace already: name somebody else.")
        membership.role, actor.role = Role.OWNER, Role.ADMIN
        membership.save(update_fields=["role"])
        actor.save(update_fields=["role"])
        _withdraw(actor, Role.ADMIN)
    return membership


def remove(
    membership: Membership,
    *,
    actor: Membership,
    heir: User | None = None,
    is_said: bool = True,
) -> Departure:
    """Take a member out; their open work goes to `heir`, or to nobody.

    Raises PermissionDenied for who is above the actor, Conflict `last_owner`, and
    OpenWork when there is some and it was not said (`is_said`) where it goes. Their
    API keys end here, sessions and streams find out at their next request.
    """
    with transaction.atomic():
        membership, actor = _locked(membership, actor)
        if membership.pk != actor.pk:
            check_grant(actor, membership.role)
        _keep_an_owner(membership, "")
        _check_heir(membership, heir)
        workspace, user = membership.workspace, membership.user
        if not is_said:
            _ask_where_it_goes(workspace, user)
        membership.delete()
        _withdraw(membership, "")
        ApiKey.objects.for_workspace(workspace).filter(made_by=user).delete()
        departure = Departure.objects.create(workspace=workspace, user=user, heir=heir)
        transaction.on_commit(departures.bell.ring)
    return departure


def _locked(membership: Membership, actor: Membership) -> tuple[Any, Any]:
    """Both as they are now, while nobody else changes who is in the workspace. An
    actor may have lost their role a moment ago, and a key has less than its maker."""
    Workspace.objects.locked().get(pk=membership.workspace_id)
    rows = Membership.objects.filter(workspace=membership.workspace_id)
    now = {row.pk: row for row in rows.select_related("workspace", "user")}
    if membership.pk not in now:
        raise exceptions.NotFound
    if actor.pk not in now:
        raise exceptions.PermissionDenied
    acting = now[actor.pk]
    if roles.rank(actor.role) > roles.rank(acting.role):
        acting = Membership(
            pk=acting.pk,
            workspace=acting.workspace,
            user=acting.user,
            role=actor.role,
            public_id=acting.public_id,
        )
    return now[membership.pk], acting


def _keep_an_owner(membership: Membership, role: str) -> None:
    """Raise Conflict if nobody who can sign in would own the workspace afterwards."""
    if membership.role != Role.OWNER or role == Role.OWNER:
        return
    owners = membership.workspace.memberships.filter(
        role=Role.OWNER, user__is_active=True
    )
    if not owners.exclude(pk=membership.pk).exists():
        raise Conflict(
            "This is the workspace's last owner: make somebody else owner first.",
            code="last_owner",
        )


def _check_heir(membership: Membership, heir: User | None) -> None:
    if heir is None:
        return
    theirs = membership.workspace.memberships.filter(user=heir, user__is_active=True)
    role = theirs.values_list("role", flat=True).first()
    if heir == membership.user or not roles.may(role or "", Action.WORK):
        raise exceptions.ValidationError(
            {"reassign_to": "Name a member who may work on conversations and leads."}
        )


def _ask_where_it_goes(workspace: Workspace, user: User) -> None:
    found = departures.open_work(workspace, [user])[user.pk]
    if any(found.values()):
        said = ", ".join(f"{count} {name}" for name, count in found.items() if count)
        raise OpenWork(
            f"They have {said} open: say with ?reassign_to= which member takes them "
            "over, or reassign_to=nobody."
        )


def _withdraw(membership: Membership, role: str) -> None:
    """What they may no longer give is no longer on offer in their name."""
    mine = Invitation.objects.for_workspace(membership.workspace).open()
    for invitation in mine.filter(invited_by=membership.user).select_for_update():
        may = roles.may(role, Action.MANAGE_TEAM)
        if not (may and roles.may_give(role, invitation.role)):
            invitation.revoked_at = timezone.now()
            invitation.save(update_fields=["revoked_at"])
