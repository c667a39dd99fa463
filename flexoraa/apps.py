"""The project itself as an app, and its back office as Django's admin site."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig

from flexoraa.lib import work


class FlexoraaConfig(AppConfig):
    name = "flexoraa"
    verbose_name = "Flexoraa"

    def ready(self) -> None:
        """Checks; and with a broker, bells ring there, too."""
        from flexoraa import checks  # noqa: F401  (registers them)

        if settings.CELERY_BROKER_URL:
            from flexoraa.celery import kick  # Celery is an extra

            work.Bell.also = kick


class BackOfficeConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "flexoraa.back_office.BackOffice"
