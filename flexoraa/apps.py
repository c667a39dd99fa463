"""The project itself as an app, for its commands, checks and templates."""

from django.apps import AppConfig


class FlexoraaConfig(AppConfig):
    name = "flexoraa"
    verbose_name = "Flexoraa"
