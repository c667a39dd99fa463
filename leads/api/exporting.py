"""The list of leads as a file."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib import spreadsheets
from leads.api.filters import LeadFilter
from leads.exporting import lines_of
from leads.models import Lead
from teams.api.scoping import WorkspaceScoped
from teams.roles import Action


class ExportViewSet(WorkspaceScoped, GenericViewSet):
    """Leads as CSV under the filters of the list, streamed; without a page's limit."""

    queryset = Lead.objects.all()
    filterset_class = LeadFilter
    pagination_class = None
    actions = {"csv": Action.MANAGE_LEADS}
    again = ("csv",)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def csv(self, request: Any, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        leads = self.filter_queryset(self.get_queryset())
        return spreadsheets.download(
            lines_of(self.workspace, leads), f"leads-{self.workspace.slug}.csv"
        )
