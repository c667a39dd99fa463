"""The reports over HTTP: as JSON, as CSV, and the rows behind each number."""

from itertools import chain
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.http import Http404, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.mixins import CreateModelMixin, DestroyModelMixin, ListModelMixin
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from analytics import asking, listing, presenting
from analytics.api.serializers import (
    CountedSerializer,
    HolidaySerializer,
    ReportSerializer,
    ReportSettingsSerializer,
    RowsSerializer,
)
from analytics.models import Holiday, ReportSettings
from analytics.reports.base import Asked, Report
from flexoraa.lib.spreadsheets import download
from teams.api.scoping import WorkspaceScoped
from teams.models import Membership, Workspace
from teams.roles import Action

PAGE, MOST = 50, 100
PERIOD = [
    OpenApiParameter(
        "from", str, description="First local day; 30 days when left out."
    ),
    OpenApiParameter("to", str, description="The first local day after the period."),
]
OPTIONS = {
    name: [OpenApiParameter(key, str, enum=values) for key, values in choices.items()]
    for name, choices in asking.CHOICES.items()
}
FILTERS = {
    name: [OpenApiParameter(key, str, description=f"Only this {key}.") for key in keys]
    for name, keys in asking.FILTERS.items()
}
READS = dict.fromkeys(["list", "file", "rows", "rows_file"], Action.READ)
ROWS = [
    OpenApiParameter("line", str, required=True, description="The line's `key`."),
    OpenApiParameter("figure", str, required=True, description="The figure's name."),
    OpenApiParameter("cursor", str, description="From `next` of another page."),
    OpenApiParameter("limit", int, description="Rows on a page."),
]


class ReportView(GenericViewSet):
    """One report: itself, its file, its rows, and its rows' file.

    Goes behind WorkspaceScoped.
    """

    report: ClassVar[str]
    membership: Membership
    workspace: Workspace
    serializer_class = ReportSerializer
    filter_backends = ()
    again = ("rows_file",)

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not asking.may_read(self.report, self.membership):
            raise exceptions.PermissionDenied

    def list(self, request: Any, **kwargs: Any) -> Response:
        """The report, each figure with a link to what it counted."""
        asked, report = self.ask()
        url = request.build_absolute_uri()
        return Response(presenting.as_json(report, asked, url))

    @action(detail=False)
    def file(self, request: Any, **kwargs: Any) -> StreamingHttpResponse:
        """The report as CSV."""
        _, report = self.ask()
        return download(presenting.as_table(report), f"{self.report}.csv")

    @action(detail=False)
    def rows(self, request: Any, **kwargs: Any) -> Response:
        """What one figure counted, the latest first."""
        asked, source = self.find()
        start = digits(request.query_params.get("cursor", ""), 0, 10**7)
        limit = max(digits(request.query_params.get("limit", ""), PAGE, MOST), 1)
        found = listing.rows(source, asked.settings, asked.period, start, limit + 1)
        following = None
        if len(found) > limit:
            query = {**request.query_params.dict(), "cursor": start + limit}
            following = f"{request.build_absolute_uri(request.path)}?{urlencode(query)}"
        results = CountedSerializer([one._asdict() for one in found[:limit]], many=True)
        count = listing.count(source, asked.settings, asked.period)
        return Response({"count": count, "next": following, "results": results.data})

    @action(detail=False)
    def rows_file(self, request: Any, **kwargs: Any) -> StreamingHttpResponse:
        """All that one figure counted, as CSV."""
        asked, source = self.find()
        head = ["day", "measure", "n", "value", "kind", "id", "label"]
        found = listing.all_rows(source, asked.settings, asked.period)
        return download(chain([head], found), f"{self.report}-rows.csv")

    def ask(self) -> tuple[Asked, Report]:
        """The report for what the query asks, as far as this member may see it."""
        try:
            asked = asking.ask(
                self.workspace, self.report, self.request.query_params.dict()
            )
        except asking.BadQuestion as error:
            raise exceptions.ValidationError({error.parameter: [str(error)]}) from error
        return asked, asking.answer(self.report, asked, self.membership)

    def find(self) -> tuple[Asked, Any]:
        """The source of the figure that the query names."""
        asked, report = self.ask()
        query = self.request.query_params
        if missing := [name for name in ("line", "figure") if not query.get(name)]:
            hint = "Follow the `rows` link of a figure."
            raise exceptions.ValidationError(dict.fromkeys(missing, [hint]))
        line = asking.find_line(report, query["line"])
        name = query["figure"]
        figures = [one for one in line.figures if one.name == name] if line else []
        if not figures or figures[0].source is None:
            raise Http404
        return asked, figures[0].source


def described(name: str) -> Any:
    """A report's parameters and answers in the schema."""
    parameters = [*PERIOD, *OPTIONS[name], *FILTERS[name]]
    answers = {
        "list": ([], ReportSerializer),
        "file": ([], {(200, "text/csv"): str}),
        "rows": (ROWS, RowsSerializer),
        "rows_file": (ROWS[:2], {(200, "text/csv"): str}),
    }
    return extend_schema_view(
        **{
            method: extend_schema(
                operation_id=f"analytics_{name}_{method}",
                parameters=[*parameters, *extra],
                responses=response,
            )
            for method, (extra, response) in answers.items()
        }
    )


@described("roi")
class RoiView(WorkspaceScoped, ReportView):
    """Campaign ROI."""

    report = "roi"
    actions: ClassVar = READS
    pagination_class = None


@described("conversion")
class ConversionView(WorkspaceScoped, ReportView):
    """The lead conversion funnel."""

    report = "conversion"
    actions: ClassVar = READS
    pagination_class = None


@described("team")
class TeamView(WorkspaceScoped, ReportView):
    """The SDR leaderboard; SDRs see themselves, and others as the workspace allows."""

    report = "team"
    actions: ClassVar = READS
    pagination_class = None


@described("inbox")
class InboxView(WorkspaceScoped, ReportView):
    """Volumes, response and resolution times, delivery."""

    report = "inbox"
    actions: ClassVar = READS
    pagination_class = None


class ReportSettingsView(WorkspaceScoped, GenericViewSet):
    """What the reports go by: one for the workspace."""

    queryset = ReportSettings.objects.all()
    serializer_class = ReportSettingsSerializer
    pagination_class = None
    actions: ClassVar = {
        "list": Action.READ,
        "partial_update": Action.MANAGE_WORKSPACE,
    }

    @extend_schema(
        operation_id="analytics_settings", responses=ReportSettingsSerializer
    )
    def list(self, request: Any, **kwargs: Any) -> Response:
        """The settings, or what holds without any."""
        return Response(self.get_serializer(ReportSettings.of(self.workspace)).data)

    @extend_schema(operation_id="analytics_settings_update")
    def partial_update(self, request: Any, **kwargs: Any) -> Response:
        """Change some; numbers that depend on them are counted anew."""
        current = ReportSettings.of(self.workspace)
        serializer = self.get_serializer(current, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)


class HolidayViewSet(
    WorkspaceScoped,
    ListModelMixin,
    CreateModelMixin,
    DestroyModelMixin,
    GenericViewSet,
):
    """Days on which nobody works."""

    queryset = Holiday.objects.all()
    serializer_class = HolidaySerializer
    ordering = "day"
    actions: ClassVar = {
        "list": Action.READ,
        "create": Action.MANAGE_WORKSPACE,
        "destroy": Action.MANAGE_WORKSPACE,
    }


def digits(given: str, usual: int, most: int) -> int:
    """A small number from a query; what is none is the usual one."""
    if not given.isascii() or not given.isdigit():
        return usual
    return min(int(given[:9]), most)
