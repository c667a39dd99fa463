"""The project itself as an app, and its back office as Django's admin site."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.db.backends.signals import connection_created

from flexoraa.lib import work


class FlexoraaConfig(AppConfig):
    name = "flexoraa"
    verbose_name = "Flexoraa"

    def ready(self) -> None:
        """Checks; plain plans; and with a broker, bells ring there, too."""
        from flexoraa import checks  # noqa: F401  (registers them)

        connection_created.connect(run_at_once)
        if settings.CELERY_BROKER_URL:
            from flexoraa.celery import kick  # Celery is an extra

            work.Bell.also = kick


def run_at_once(connection: Any, **kwargs: Any) -> None:
    """No compiling of queries before they run: for a report it took PostgreSQL two and
    a half seconds where the query itself takes fifty milliseconds. Said on the
    connection, because a pooler refuses it as a parameter of the start."""
    with connection.cursor() as cursor:
        cursor.execute("SET jit = off")


class BackOfficeConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "flexoraa.back_office.BackOffice"
