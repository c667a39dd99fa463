"""Inviting people into a workspace, and what becomes of it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Lower
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from rest_framework import exceptions, status

from flexoraa.lib.errors import Conflict
from teams import mailing, roles
from teams.models import Counter, Invitation, Membership, User, Workspace
from teams.models.invitations import digest

DAY = timedelta(days=1)


class Invalid(exceptions.APIException):
    """Unknown, used, revoked, expired: nobody is told which."""

    status_code = status.HTTP_404_NOT_FOUND
    default_code = "invitation_invalid"
    default_detail = (
        "This invitation is not valid: it was used, withdrawn, replaced by a newer "
        "one, or has expired. Ask who invited you to send it again."
    )


class OtherAddress(exceptions.APIException):
    """Only who can read mail to the address may come in."""

    status_code = status.HTTP_403_FORBIDDEN
    default_code = "other_address"
    default_detail = (
        "This invitation was sent to another address: sign in with that one, and "
        "verify it."
    )


class Outcome(NamedTuple):
    """What became of one address: `invited`, `already_member` or `already_invited`."""

    email: str
    outcome: str
    invitation: Invitation | None


def invite(
    workspace: Workspace, wanted: Mapping[str, str], *, actor: Membership
) -> list[Outcome]:
    """Invite all addresses, each with its role, that are neither members nor invited
    already.

    All or none: raises PermissionDenied for a role above the actor's own, Conflict
    `limit_reached` when seats do not suffice for members and open invitations
    together, and `too_many_invitations` past the day's most.
    """
    for role in wanted.values():
        check_grant(actor, role)
    emails = list(wanted)
    with transaction.atomic():
        workspace = Workspace.objects.locked().get(pk=workspace.pk)
        members = set(_members(workspace, emails))
        open_ones = Invitation.objects.for_workspace(workspace).open()
        waiting = {found.email.lower(): found for found in open_ones}
        found = {email: _known(email, members, waiting) for email in emails}
        new = [email for email, known in found.items() if known is None]
        _check_room(workspace, new, waiting)
        for email in new:
            invitation = waiting.get(email) or Invitation(
                workspace=workspace, email=email
            )
            invitation.role, invitation.invited_by = wanted[email], actor.user
            _send(invitation)
            found[email] = Outcome(email, "invited", invitation)
    return [found[email] for email in emails]


def check_grant(actor: Membership, role: str) -> None:
    """Raise PermissionDenied unless the actor's role is at least this one."""
    if not roles.may_give(actor.role, role):
        raise exceptions.PermissionDenied(
            f"An {actor.role} cannot make anybody {role}: that is above their own role."
        )


def _members(workspace: Workspace, emails: Sequence[str]) -> list[str]:
    people = workspace.members.annotate(address=Lower("email"))
    return list(people.filter(address__in=emails).values_list("address", flat=True))


def _known(
    email: str, members: set[str], waiting: dict[str, Invitation]
) -> Outcome | None:
    """Why an address is not invited now; an expired invitation is made new."""
    if email in members:
        return Outcome(email, "already_member", None)
    if email in waiting and waiting[email].state == "pending":
        return Outcome(email, "already_invited", waiting[email])
    return None


def _check_room(
    workspace: Workspace, new: Sequence[str], waiting: dict[str, Invitation]
) -> None:
    """Members and whoever may still come share the seats; the lock is held."""
    if not new:
        return
    pending = sum(found.state == "pending" for found in waiting.values())
    used = workspace.memberships.count() + pending
    workspace.check_limit("seats", used, adding=len(new))
    _count_today(workspace, len(new))


def _count_today(workspace: Workspace, amount: int) -> None:
    most = settings.INVITATIONS_A_DAY
    if Counter.objects.hit(f"invitations:{workspace.pk}", DAY, amount) > most:
        raise Conflict(
            f"At most {most} invitations go out in a day: try again tomorrow.",
            code="too_many_invitations",
        )


def _send(invitation: Invitation) -> None:
    """A new link to the address; the token is in the mail and nowhere else."""
    token = invitation.renew()
    base = settings.FRONTEND_URL or settings.PUBLIC_URL.rstrip("/")
    context = {
        "invitation": invitation,
        "workspace": invitation.workspace,
        "inviter": str(invitation.invited_by),
        "link": base + reverse("open_invitation", args=[token]),
    }
    invitation.mail = mailing.post(
        invitation.email,
        f"{context['inviter']} invites you to {invitation.workspace.name}",
        render_to_string("teams/mail/invitation.txt", context),
        render_to_string("teams/mail/invitation.html", context),
    )
    invitation.save()


def resend(invitation: Invitation, *, actor: Membership) -> Invitation:
    """Mail it again with a new token, for seven more days. Raises Conflict `closed`
    when it was accepted or revoked."""
    with transaction.atomic():
        workspace = Workspace.objects.locked().get(pk=invitation.workspace_id)
        invitation = _locked_open(invitation)
        check_grant(actor, invitation.role)
        _count_today(workspace, 1)
        invitation.invited_by = actor.user
        _send(invitation)
    return invitation


def revoke(invitation: Invitation) -> Invitation:
    """Its link opens nothing any more. Raises Conflict `closed` when it was accepted
    or revoked before."""
    with transaction.atomic():
        Workspace.objects.locked().get(pk=invitation.workspace_id)
        invitation = _locked_open(invitation)
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
    return invitation


def _locked_open(invitation: Invitation) -> Invitation:
    rows = Invitation.objects.select_related("workspace", "invited_by", "mail")
    locked = rows.select_for_update(of=("self",)).get(pk=invitation.pk)
    if locked.accepted_at or locked.revoked_at:
        raise Conflict(
            f"This invitation is {locked.state}: invite the address anew.",
            code="closed",
        )
    return locked


def find(token: str) -> Invitation | None:
    """The invitation that this token opens now. One query, whatever the answer."""
    rows = Invitation.objects.pending().select_related("workspace", "invited_by")
    return rows.filter(token_hash=digest(token)).first()


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether the user has shown that mail to its address reaches them."""
    mine = EmailAddress.objects.filter(user=user, verified=True)
    return mine.filter(email__iexact=invitation.email).exists()


def accept(token: str, user: User) -> Membership:
    """Make the user a member. Raises Invalid, OtherAddress, or Conflict
    `limit_reached` when the seats went to others meanwhile."""
    found = find(token)
    if found is None:
        raise Invalid
    with transaction.atomic():
        workspace = Workspace.objects.locked().get(pk=found.workspace_id)
        pending = Invitation.objects.pending().filter(token_hash=digest(token))
        invitation = pending.select_for_update().first()
        if invitation is None:  # somebody was faster
            raise Invalid
        if not is_for(invitation, user):
            raise OtherAddress
        membership = workspace.memberships.filter(user=user).first()
        if membership is None:
            workspace.check_limit("seats", workspace.memberships.count())
            membership = workspace.memberships.create(user=user, role=invitation.role)
        invitation.accepted_at, invitation.accepted_by = timezone.now(), user
        invitation.save(update_fields=["accepted_at", "accepted_by"])
    return membership
