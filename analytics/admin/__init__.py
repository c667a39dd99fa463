"""The back office of analytics: dashboards, and what reports go by."""

from analytics.admin import settings

__all__ = ["settings"]
