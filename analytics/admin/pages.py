"""The dashboards' addresses: a report as a page, its rows, and both as CSV."""

from collections.abc import Callable
from functools import wraps
from itertools import chain
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from analytics import asking, listing, presenting, wording
from analytics.admin import desk
from analytics.admin.rows import linked
from analytics.dashboards import pages
from analytics.dashboards.parts import links_below
from flexoraa.lib.spreadsheets import download
from teams.back_office import shown_again
from teams.recently import is_recent

ROOT = "admin/analytics"
PAGE = 50
HEAD = ["day", "measure", "n", "value", "kind", "id", "label"]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The numbers of the last workspace, or of the first by name."""
    found = list(desk.workspaces(request)[:200])
    last = request.session.get("reports_workspace")
    chosen = next((row for row in found if row.slug == last), None) or next(
        iter(found), None
    )
    for name, _ in desk.desk(request, chosen.slug).pages() if chosen else ():
        return redirect("reports:page", chosen.slug, name)
    return _render(request, "nowhere", title="Reports")


@require_safe
def page(request: HttpRequest, workspace: str, report: str) -> HttpResponse:
    """A report with tiles, charts and tables."""
    place = _open(request, workspace, report)
    if request.session.get("reports_workspace") != workspace:
        request.session["reports_workspace"] = workspace
    query = request.GET.dict()
    compare = query.get("compare") != "none"
    base = reverse("reports:page", args=[workspace, "x"]).removesuffix("x")
    if report == "overview":
        asked, problem = desk.ask(place, "roi", query)
        both = {"from": query.get("from", ""), "to": query.get("to", "")}
        all_asked = {n: desk.ask(place, n, both)[0] for n in asking.CHOICES}
        made = pages.overview(all_asked, links_below(base, all_asked), compare=compare)
        selects: list[dict[str, Any]] = []
    else:
        asked, problem = desk.ask(place, report, query)
        links = links_below(base, {report: asked})
        made = pages.page(report, asked, links, place.membership, compare=compare)
        selects = desk.choices(place, report, asked)
    shown = [chart for chart in made.charts if not chart.is_empty]
    return _render(
        request,
        "report",
        title=f"{wording.REPORTS[report]} · {place.workspace}",
        place=place,
        page=made,
        problem=problem,
        selects=selects,
        compare=compare,
        presets=desk.presets(asked),
        query=desk.query_of(asked),
        days=f"from={asked.period.start}&to={asked.period.end}",
        before=asked.period.before(),
        as_of=desk.local(place, made.as_of),
        workspaces=desk.workspaces(request)[:200],
        charts=shown,
        is_odd=len(shown) % 2 == 1,
    )


@require_safe
def file(request: HttpRequest, workspace: str, report: str) -> StreamingHttpResponse:
    """The report as CSV, the same as the API's."""
    place = _open(request, workspace, report)
    asked = _ask(place, report, request)
    answer = asking.answer(report, asked, place.membership)
    return download(presenting.as_table(answer), f"{report}.csv")


@require_safe
def rows(request: HttpRequest, workspace: str, report: str) -> HttpResponse:
    """What one number counted, a page at a time, each with a link to where it is."""
    place = _open(request, workspace, report)
    asked, line, figure = _find(place, report, request)
    given = request.GET.get("at", "")
    start = int(given[:7]) if given.isascii() and given.isdigit() else 0
    found = listing.rows(figure.source, asked.settings, asked.period, start, PAGE + 1)
    query = request.GET.copy()
    query.pop("at", None)
    return _render(
        request,
        "rows",
        title=f"{wording.word(figure.name).label}: {line.label}",
        place=place,
        report=report,
        word=wording.word(figure.name),
        line=line,
        shown=wording.shown(figure, place.workspace.currency),
        rows=linked(place, found[:PAGE]),
        count=listing.count(figure.source, asked.settings, asked.period),
        query=query.urlencode(),
        back=desk.query_of(asked),
        period=asked.period,
        start=start,
        older=start + PAGE if len(found) > PAGE else None,
        newer=max(start - PAGE, 0) if start else None,
    )


@require_safe
def rows_file(
    request: HttpRequest, workspace: str, report: str
) -> StreamingHttpResponse:
    """All of those rows as CSV."""
    place = _open(request, workspace, report)
    asked, _, figure = _find(place, report, request)
    found = listing.all_rows(figure.source, asked.settings, asked.period)
    return download(chain([HEAD], found), f"{report}-rows.csv")


def _open(request: HttpRequest, workspace: str, report: str) -> desk.Desk:
    """The asker's desk; Http404 outside their workspaces, and PermissionDenied for a
    report that their role may not see."""
    place = desk.desk(request, workspace)
    if report not in wording.REPORTS:
        raise Http404
    if not place.may(report):
        raise PermissionDenied
    return place


def _ask(place: desk.Desk, report: str, request: HttpRequest) -> Any:
    asked, problem = (
        (None, "none")
        if report == "overview"
        else desk.ask(place, report, request.GET.dict())
    )
    if problem:
        raise Http404
    return asked


def _find(place: desk.Desk, report: str, request: HttpRequest) -> tuple[Any, Any, Any]:
    """The line and figure that the address names; Http404 for one without rows."""
    asked = _ask(place, report, request)
    answer = asking.answer(report, asked, place.membership)
    line = asking.find_line(answer, request.GET.get("line", ""))
    name = request.GET.get("figure", "")
    figures = [one for one in line.figures if one.name == name] if line else []
    if not figures or figures[0].source is None:
        raise Http404
    return asked, line, figures[0]


def _render(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    context = admin.site.each_context(request) | context
    return render(request, f"{ROOT}/{template}.html", context)


def guarded(view: Callable[..., HttpResponse], *, again: bool = False) -> Any:
    """For who may enter the back office; never kept by a cache. With `again` for who
    has lately shown who they are."""

    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if again and not is_recent(request):
            return shown_again(request)
        return view(request, *args, **kwargs)

    return admin.site.admin_view(wraps(view)(never_cache(asked)))
