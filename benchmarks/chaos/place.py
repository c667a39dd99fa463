"""Where it happens: a PostgreSQL of its own, which may be mistreated."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flexoraa.lib import localpg


@contextmanager
def prepared() -> Iterator[Path]:
    """A fresh, migrated database that this process uses, and those that it starts."""
    root = Path(tempfile.mkdtemp(prefix="flexoraa-chaos-"))
    os.environ.update(
        DATABASE_URL=localpg.url(root, "chaos"),
        DJANGO_SETTINGS_MODULE="flexoraa.settings",
        DEBUG="true",
        SANDBOX="true",
        READ_DOT_ENV="false",
        META_APP_SECRETS="sandbox-app-secret",
    )
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    settings.DEBUG = False  # or Django would remember every query
    connection.close()
    connection.settings_dict.update(
        settings_of(os.environ["DATABASE_URL"])  # a second storm has another place
    )
    try:
        call_command("migrate", verbosity=0)
        yield root
    finally:
        connection.close()
        localpg.stop(root)
        shutil.rmtree(root, ignore_errors=True)


def settings_of(url: str) -> dict[str, str]:
    """Which server and database a URL names, as Django's settings say it."""
    import environ

    made = environ.Env.db_url_config(url)
    return {name: made[name] for name in ("NAME", "USER", "HOST", "PORT")}
