"""The back office: who may enter it, and what its first page shows."""

from collections.abc import Iterable
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.contrib.contenttypes.views import shortcut
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from teams.back_office import ScopedAdmin, reach_of
from teams.billing_notices import notices_of


class PlatformOnly:
    """Goes before an admin of another package, which knows nothing of workspaces."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return reach_of(request).is_everywhere

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._is_platform(request) and super().has_add_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_platform(request) and super().has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_platform(request) and super().has_change_permission(
            request, obj
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_platform(request) and super().has_delete_permission(
            request, obj
        )

    def _is_platform(self, request: HttpRequest) -> bool:
        return reach_of(request).is_everywhere


def has_second_factor(user: Any) -> bool:
    """Whether the user has one where it is asked for. Setting it up ends all other
    sessions, so whoever has one has shown it in this session."""
    return not settings.STAFF_SECOND_FACTOR or is_mfa_enabled(user)


class BackOffice(UnfoldAdminSite):
    """For platform staff, who see all, and for staff of workspaces, who see theirs."""

    index_template = "admin/dashboard.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Superusers, and staff who are members somewhere: a membership that ends
        counts from the next request."""
        reach = reach_of(request)
        may_enter = reach.is_everywhere or bool(reach.roles)
        return may_enter and has_second_factor(request.user)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With what the asker's workspaces must know about their billing."""
        context = super().each_context(request)
        return context | {"billing_notices": notices_of(request.user)}

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one way to sign in, with its limits and second factor. Staff who
        have none yet are led to set one up; who may not enter is told so."""
        user = request.user
        if not user.is_authenticated:
            return redirect_to_login(self._next(request))
        if user.is_staff and not has_second_factor(user):
            messages.warning(request, "The back office needs a second factor.")
            return redirect("mfa_activate_totp")
        if not self.has_permission(request):
            raise PermissionDenied
        return redirect(self._next(request))

    @staticmethod
    def _next(request: HttpRequest) -> str:
        """Where the asker wanted to go, if that is a page of ours."""
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        is_ours = url_has_allowed_host_and_scheme(
            wanted, {request.get_host()}, require_https=request.is_secure()
        )
        return wanted if is_ours else reverse("admin:index")

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type | None = None,
        **options: Any,
    ) -> None:
        """What is not scoped is for platform staff alone."""
        found = admin_class or ModelAdmin
        if not issubclass(found, ScopedAdmin):
            found = type(found.__name__, (PlatformOnly, found), {})
        super().register(model_or_iterable, found, **options)

    def get_urls(self) -> list:
        """Without Django's redirect to a row's own page: none of ours has one, and it
        finds any row by a number."""
        return [
            pattern
            for pattern in super().get_urls()
            if getattr(pattern.callback, "__wrapped__", None) is not shortcut
        ]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The cards that apps contribute, then the list of models."""
        return super().index(
            request, {**(extra_context or {}), "cards": self.cards(request)}
        )

    def cards(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The whole installation's for platform staff; others see their workspaces'."""
        reach = reach_of(request)
        if reach.is_everywhere:
            found = [import_string(path)() for path in settings.DASHBOARD]
        else:
            found = [
                import_string(path)(frozenset(reach.roles))
                for path in settings.TEAM_DASHBOARD
            ]
        return [card for cards in found for card in cards]
