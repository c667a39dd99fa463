"""The project itself as an app, and its back office as Django's admin site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class FlexoraaConfig(AppConfig):
    name = "flexoraa"
    verbose_name = "Flexoraa"

    def ready(self) -> None:
        from flexoraa import checks  # noqa: F401  (registers them)


class BackOfficeConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "flexoraa.back_office.BackOffice"
