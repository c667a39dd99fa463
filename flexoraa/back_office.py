"""The back office: who may enter it, and what its first page shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from unfold.sites import UnfoldAdminSite


class BackOffice(UnfoldAdminSite):
    """For platform staff alone, until its lists are scoped by workspace."""

    index_template = "admin/dashboard.html"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and user.is_staff and user.is_superuser

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The cards that apps contribute, then the list of models."""
        cards = [card for path in settings.DASHBOARD for card in import_string(path)()]
        return super().index(request, {**(extra_context or {}), "cards": cards})
