"""Invitations in the back office: who was asked, what became of it, ask again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.exceptions import APIException
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from teams import invitations
from teams.back_office import ReadOnly, ago
from teams.models import Invitation, Membership
from teams.roles import Action

COLOURS = {
    "pending": "info",
    "accepted": "success",
    "expired": "warning",
    "revoked": "danger",
}


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    """The link is in the mail alone: to send it again makes the older one worthless."""

    asks = {"view": Action.MANAGE_TEAM, "invite": Action.MANAGE_TEAM}
    list_display = ("email", "workspace", "role", "state", "sent", "invited_by")
    list_filter = ("role", ("workspace", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("workspace", "invited_by")
    search_fields = ("email__istartswith",)
    ordering = ("-id",)
    actions = ("send_again", "revoke")
    fields = (
        "email",
        "workspace",
        "role",
        "invited_by",
        "created_at",
        "sent_at",
        "expires_at",
        "accepted_at",
        "accepted_by",
        "revoked_at",
    )
    hint = "Nobody has been invited yet. Owners and admins invite through the app."

    def has_invite_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "invite", obj)

    @display(description="State", label=COLOURS)
    def state(self, invitation: Invitation) -> tuple[str, str]:
        word = state_of(invitation)
        return word, word.title()

    @display(description="Sent", ordering="sent_at")
    def sent(self, invitation: Invitation) -> str:
        return ago(invitation.sent_at)

    @admin.action(description="Send again with a new link", permissions=["invite"])
    def send_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        """The older links are worthless afterwards."""
        done = 0
        for invitation in queryset.open().select_related("workspace"):
            actor = actor_in(request, invitation.workspace_id)
            try:
                if actor is None:
                    continue
                invitations.resend(invitation, actor=actor)
                done += 1
            except APIException as refusal:
                messages.error(request, f"{invitation.email}: {refusal.detail}")
        messages.info(request, f"Sent again: {done}.")

    @admin.action(description="Revoke", permissions=["invite"])
    def revoke(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Nobody can accept them any more."""
        done = 0
        for invitation in queryset.open():
            try:
                invitations.revoke(invitation)
                done += 1
            except APIException as refusal:
                messages.error(request, f"{invitation.email}: {refusal.detail}")
        messages.info(request, f"Revoked: {done}.")


def state_of(invitation: Invitation) -> str:
    """What became of it, in one word."""
    if invitation.accepted_at:
        return "accepted"
    if invitation.revoked_at:
        return "revoked"
    return "pending" if invitation.expires_at > timezone.now() else "expired"


def actor_in(request: HttpRequest, workspace_id: int) -> Membership | None:
    """Who asks, as a member of the workspace; None for who is none."""
    mine = request.user.memberships.select_related("workspace", "user")
    return mine.filter(workspace=workspace_id).first()
