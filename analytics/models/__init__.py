"""The rows of analytics: settings, working time, rollups."""

from analytics.models.calendar import Holiday, ReportSettings, WorkingSpan
from analytics.models.conversions import ConversionEvent, ConversionSettings
from analytics.models.rollups import DayCount, Dirt, Filled

__all__ = [
    "ConversionEvent",
    "ConversionSettings",
    "DayCount",
    "Dirt",
    "Filled",
    "Holiday",
    "ReportSettings",
    "WorkingSpan",
]
