"""The billing report as pages of the back office, for platform staff."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics import billing
from analytics.charts import Chart, Series, rupees
from analytics.metrics import Number
from flexoraa.lib.spreadsheets import download
from teams.back_office import reach_of
from teams.models import Workspace

SPANS = (6, 12, 24)
TONES = {
    "new": "good",
    "reactivation": "good",
    "expansion": "accent",
    "contraction": "dim",
    "churn": "bad",
}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Tiles, the months as a chart and as a table."""
    found, count = _report(request)
    last = found[-1]
    return _render(
        request,
        "billing",
        title="Recurring revenue",
        months=[_row(month) for month in reversed(found)],
        kinds=billing.MOVEMENTS,
        charts=[_chart(found)],
        last=last,
        last_churn=_percent(last.logo_churn),
        grown=last.mrr_end - last.mrr_start,
        spans=SPANS,
        count=count,
        others=billing.excluded(),
        zone=billing.ZONE.key,
    )


@require_safe
def file(request: HttpRequest) -> StreamingHttpResponse:
    """The months as CSV."""
    found, _ = _report(request)
    return download(billing.table(found), "billing.csv")


@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """Whose changes one number of a month counted."""
    _check(request)
    kind = request.GET.get("kind", "")
    month = billing.month_named(request.GET.get("month", ""))
    if month is None or kind not in billing.MOVEMENTS:
        raise Http404
    moves = billing.listed(month.start, month.end, kind)
    places = Workspace.objects.in_bulk([move.workspace for move in moves])
    return _render(
        request,
        "billing_rows",
        title=f"{kind.title()} in {month.start:%B %Y}",
        moves=[(places[move.workspace], move) for move in moves],
        total=sum(move.paise for move in moves),
        zone=billing.ZONE.key,
    )


def _report(request: HttpRequest) -> tuple[list[billing.Month], int]:
    _check(request)
    asked = request.GET.get("months", "")
    count = int(asked) if asked in {str(span) for span in SPANS} else 12
    now = timezone.now()
    return billing.report(billing.months_ago(now, count - 1), count, now), count


def _check(request: HttpRequest) -> None:
    if not reach_of(request).is_everywhere:
        raise PermissionDenied


def _chart(found: list[billing.Month]) -> Chart:
    series = [
        Series(kind.title(), rupees([month.moved[kind] for month in found]), tone)
        for kind, tone in TONES.items()
    ]
    total = rupees([month.mrr_end for month in found])
    series.append(Series("At the end", total, "accent", is_line=True))
    return Chart(
        "billing",
        "Recurring revenue and how it moved",
        [f"{month.start:%b %Y}" for month in found],
        series,
        "money",
        is_stacked=True,
        says="Revenue a month without tax, by month.",
    )


def _row(month: billing.Month) -> dict[str, Any]:
    return {
        "it": month,
        "name": f"{month.start:%Y-%m}",
        "moved": [
            (kind, month.moved[kind], month.counts[kind]) for kind in billing.MOVEMENTS
        ],
        "rates": [
            _percent(number)
            for number in (month.logo_churn, month.gross_churn, month.net_churn)
        ],
    }


def _percent(number: Number) -> str:
    """One place; a dash where nobody was there at the start."""
    return "–" if number.value is None else f"{float(number.value) * 100:.1f} %"


def _render(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    context = admin.site.each_context(request) | context
    return render(request, f"admin/analytics/{template}.html", context)
