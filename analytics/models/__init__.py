"""The rows of analytics: settings, working time, rollups, frozen reports."""

from analytics.models.calendar import Holiday, ReportSettings, WorkingSpan
from analytics.models.rollups import DayCount, Dirt, Filled, Snapshot

__all__ = [
    "DayCount",
    "Dirt",
    "Filled",
    "Holiday",
    "ReportSettings",
    "Snapshot",
    "WorkingSpan",
]
