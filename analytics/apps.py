"""Numbers over everything that the other apps keep; nobody imports this one."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = "Analytics"
