"""Clocks that are wrong: a worker's own, and for the control what leases go by."""

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.db import connection
from django.db.backends.signals import connection_created

SCHEMA = """
    CREATE SCHEMA IF NOT EXISTS skewed;
    CREATE OR REPLACE FUNCTION skewed.statement_timestamp() RETURNS timestamptz
        LANGUAGE sql STABLE AS $$ SELECT pg_catalog.statement_timestamp()
        + make_interval(secs => current_setting('flexoraa.skew')::float) $$;
    CREATE OR REPLACE FUNCTION skewed.now() RETURNS timestamptz
        LANGUAGE sql STABLE AS $$ SELECT pg_catalog.now()
        + make_interval(secs => current_setting('flexoraa.skew')::float) $$;
"""


def shift(seconds: float) -> None:
    """This process believes from now on that it is so much later."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    time_machine.travel(moment, tick=True).start()


def prepare(*, keep: bool = False) -> None:
    """Make what `own_clock` needs; once for the database. Ends the connection, unless
    it is to be kept."""
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
    if not keep:
        connection.close()


def own_clock(seconds: float) -> None:
    """The control: leases and pauses go by this process' clock instead of the
    database's. It must double."""

    def tell(connection: Any, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET flexoraa.skew = '{seconds}'")
            cursor.execute("SET search_path = skewed, public, pg_catalog")

    connection_created.connect(tell, weak=False)
