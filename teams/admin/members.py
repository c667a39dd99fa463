"""Members in the back office: roles given, people removed, both after a look at what
will happen, and what a member sees and may do."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from rest_framework.exceptions import APIException
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from teams import departures, members, seeing
from teams.admin.invitations import actor_in
from teams.admin.support import words_of
from teams.back_office import ReadOnly
from teams.models import Membership, User
from teams.roles import Action, Role

MOST = 200  # at a time
ROLES = {"owner": "danger", "admin": "warning", "sdr": "info", "member": "default"}
NOT_ONE = "You are no member of this workspace: its owners give roles in it."


class Outcome(NamedTuple):
    """What will become, or became, of one member."""

    member: Membership
    change: str
    refused: str = ""
    work: str = ""


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    """One person's place in one workspace."""

    asks = {"view": Action.READ, "team": Action.MANAGE_TEAM}
    list_display = ("person", "address", "workspace", "role_label", "last_login")
    list_filter = ("role", ("workspace", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("user", "workspace")
    search_fields = ("user__email__istartswith", "user__name__istartswith")
    search_help_text = "The beginning of a name or an e-mail address"
    ordering = ("workspace__name", "user__email", "id")
    actions = ("give_role", "remove")
    change_form_template = "admin/teams/seen_as.html"
    hint = "Nobody is a member of anything yet."

    def has_team_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "team", obj)

    @display(description="Person", ordering="user__name")
    def person(self, membership: Membership) -> str:
        return str(membership.user)

    @display(description="E-mail address", ordering="user__email")
    def address(self, membership: Membership) -> str:
        return membership.user.email

    @display(description="Role", label=ROLES, ordering="role")
    def role_label(self, membership: Membership) -> tuple[str, str]:
        return membership.role, membership.get_role_display()

    @display(description="Last login", ordering="user__last_login", empty_value="never")
    def last_login(self, membership: Membership) -> Any:
        return membership.user.last_login

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.seen_as)
        mine = path("<int:pk>/seen-as/", view, name="teams_membership_seen_as")
        return [mine, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        """What this member sees and may do: a page to look at."""
        found = self.get_object(request, object_id)
        if found is None:
            return super().change_view(request, object_id, **kwargs)
        return self.seen_as(request, found.pk)

    def seen_as(self, request: HttpRequest, pk: int) -> HttpResponse:
        """With ?role= as it would be with another role."""
        membership = self.get_or_404(request, pk)
        role = request.GET.get("role", "")
        role = role if role in Role.values else membership.role
        context = {
            **self.admin_site.each_context(request),
            "title": f"{membership.user} in {membership.workspace}",
            "opts": self.opts,
            "membership": membership,
            "role": Role(role),
            "roles": Role.choices,
            "seen": seeing.seen_by(membership, role),
            "actions": seeing.actions_of(role),
        }
        return TemplateResponse(request, self.change_form_template, context)

    @admin.action(description="Give another role", permissions=["team"])
    def give_role(
        self, request: HttpRequest, queryset: QuerySet
    ) -> HttpResponse | None:
        """First which role and what it does to each, then does it."""
        role = request.POST.get("role", Role.SDR)
        role = role if role in Role.values else Role.SDR

        def change(membership: Membership, actor: Membership) -> None:
            members.change_role(membership, role, actor=actor)

        def said(membership: Membership) -> str:
            return f"{membership.get_role_display()} → {Role(role).label}"

        return self._in_two_steps(
            request,
            queryset,
            change,
            said,
            action="give_role",
            title="Give another role",
            role=role,
            roles=Role.choices,
        )

    @admin.action(description="Remove from the workspace", permissions=["team"])
    def remove(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """First whose open work goes where, then does it."""
        heir = User.objects.filter(pk=_number(request.POST.get("heir"))).first()

        def change(membership: Membership, actor: Membership) -> None:
            members.remove(membership, actor=actor, heir=heir)

        def said(membership: Membership) -> str:
            return f"{membership.get_role_display()} → removed"

        places = queryset.values("workspace")
        staying = User.objects.filter(memberships__workspace__in=places)
        staying = staying.exclude(pk__in=queryset.values("user")).distinct()
        return self._in_two_steps(
            request,
            queryset,
            change,
            said,
            action="remove",
            title="Remove from the workspace",
            heirs=staying.filter(is_active=True).order_by("email")[:MOST],
            heir=heir,
        )

    def _in_two_steps(
        self,
        request: HttpRequest,
        queryset: QuerySet,
        change: Callable[[Membership, Membership], None],
        said: Callable[[Membership], str],
        **context: Any,
    ) -> HttpResponse | None:
        """The page shows what the rules say of each row: by doing it, and undoing it.
        Somebody may change something between the two: the rules are asked anew."""
        chosen = list(queryset.select_related("user", "workspace")[:MOST])
        is_meant = request.POST.get("confirmed") == "yes"
        outcomes = self._carried_out(request, chosen, change, said, is_meant)
        if is_meant:
            done = [found for found in outcomes if not found.refused]
            for found in outcomes:
                if found.refused:
                    messages.error(request, f"{found.member.user}: {found.refused}")
            messages.success(request, f"Done: {len(done)} of {len(outcomes)}.")
            return None
        page = {
            **self.admin_site.each_context(request),
            **context,
            "opts": self.opts,
            "outcomes": outcomes,
            "allowed": sum(not found.refused for found in outcomes),
            "selected": request.POST.getlist("_selected_action"),
            "select_across": request.POST.get("select_across", "0"),
            "is_cut": len(chosen) == MOST,
        }
        return TemplateResponse(request, "admin/teams/members_action.html", page)

    def _carried_out(
        self,
        request: HttpRequest,
        chosen: list[Membership],
        change: Callable[[Membership, Membership], None],
        said: Callable[[Membership], str],
        is_meant: bool,
    ) -> list[Outcome]:
        """Row by row under one transaction, so that the last of two owners is told;
        rolled back unless it is meant."""
        outcomes = []
        with transaction.atomic():
            for membership in chosen:
                words, work = said(membership), open_work_of(membership)
                refusal = self._refusal(request, membership, change)
                outcomes.append(Outcome(membership, words, refusal, work))
                if not (refusal or not is_meant):
                    self.log_change(request, membership, words)
            if not is_meant:
                transaction.set_rollback(True)
        return outcomes

    def _refusal(
        self,
        request: HttpRequest,
        membership: Membership,
        change: Callable[[Membership, Membership], None],
    ) -> str:
        """ "" when it was done."""
        actor = actor_in(request, membership.workspace_id)
        if actor is None:
            return NOT_ONE
        again = Membership.objects.select_related("user", "workspace")
        try:
            with transaction.atomic():
                change(again.get(pk=membership.pk), actor)
        except APIException as refusal:
            return words_of(refusal.detail)
        return ""


def open_work_of(membership: Membership) -> str:
    """ "3 conversations, 10 leads"; "" when there is none."""
    user = membership.user
    found = departures.open_work(membership.workspace, [user])[user.pk]
    return ", ".join(f"{count} {name}" for name, count in found.items() if count)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0
