"""The rows of analytics: settings, working time, rollups."""

from analytics.models.calendar import Holiday, ReportSettings, WorkingSpan
from analytics.models.conversions import ConversionEvent, ConversionSettings
from analytics.models.rollups import (
    DayCount,
    DaySpread,
    Dirt,
    Filled,
    MonthCount,
    MonthSpread,
)

__all__ = [
    "ConversionEvent",
    "ConversionSettings",
    "DayCount",
    "DaySpread",
    "Dirt",
    "Filled",
    "Holiday",
    "MonthCount",
    "MonthSpread",
    "ReportSettings",
    "WorkingSpan",
]
