"""The back office of analytics: dashboards, and what reports go by."""

from analytics.admin import conversions, settings

__all__ = ["conversions", "settings"]
