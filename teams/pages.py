"""Pages for people who have no application in front of us: first page, invitation."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from flexoraa.lib import crypto
from flexoraa.lib.errors import Conflict
from teams import invitations, signing_up, support
from teams.accounts import INVITATION
from teams.roles import ALLOWED, Action


class Home(LoginRequiredMixin, View):
    """Where sign-in leads: my workspaces, my role in each, and the ways on."""

    def get(self, request: HttpRequest) -> HttpResponse:
        places = request.user.memberships.select_related("workspace")
        places = list(places.order_by("workspace__name", "id"))
        places += support.places(request.user)
        for place in places:
            allowed = ALLOWED.get(place.role, frozenset())
            place.words = [
                action.label.lower() for action in Action if action in allowed
            ]
        return render(
            request,
            "teams/home.html",
            {
                "places": places,
                "frontend_url": settings.FRONTEND_URL,
                "may_enter_back_office": admin.site.has_permission(request)
                or request.user.is_staff,
            },
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """A first workspace for who has none."""
        name = request.POST.get("name", "").strip()[:120]
        if name and not request.user.memberships.exists():
            signing_up.found(request.user, name=name)
        return redirect("home")


@method_decorator(never_cache, name="dispatch")
class OpenInvitation(View):
    """The link in the mail. The token goes into the session and out of the address,
    so that it is in no history, referrer or log of what follows."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        request.session[INVITATION] = crypto.encrypt(token[:100])
        return redirect("invitation")


@method_decorator(never_cache, name="dispatch")
class Invitation(View):
    """The invitation that the link brought: look at it, accept it."""

    def get(self, request: HttpRequest, **context: Any) -> HttpResponse:
        invitation = invitations.find(_token(request))
        if invitation and request.user.is_authenticated:
            context["is_mine"] = invitations.is_for(invitation, request.user)
        context["invitation"] = invitation
        return render(request, "teams/invitation.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect("account_login")
        try:
            membership = invitations.accept(_token(request), request.user)
        except (invitations.Invalid, invitations.OtherAddress, Conflict) as error:
            return self.get(request, refusal=str(error.detail))
        del request.session[INVITATION]
        messages.success(request, f"Welcome to {membership.workspace.name}.")
        return redirect("home")


def _token(request: HttpRequest) -> str:
    """The token that the link brought, kept sealed between two pages."""
    try:
        return crypto.decrypt(request.session.get(INVITATION, ""))
    except crypto.Undecryptable:
        return ""
