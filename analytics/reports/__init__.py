"""The reports: from counts to lines that a page or the API shows."""

from collections.abc import Callable

from analytics.reports import conversion, inbox, roi, team
from analytics.reports.base import Report

REPORTS: dict[str, Callable[..., Report]] = {
    "roi": roi.report,
    "conversion": conversion.report,
    "team": team.report,
    "inbox": inbox.report,
}
