"""Where benchmarks happen: a database of their own and servers on free ports."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flexoraa.sandbox.processes import free_port

ROOT = Path(__file__).resolve().parent.parent
NAME = "flexoraa_bench"


@contextmanager
def database() -> Iterator[None]:
    """A fresh, migrated database on the project's server; dropped afterwards."""
    os.environ.update(DEBUG="true", SANDBOX="true", LOG_LEVEL="ERROR")
    os.environ["DJANGO_SETTINGS_MODULE"] = "flexoraa.settings"
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    settings.DEBUG = False  # or Django would remember every query
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {NAME}")
    connection.close()
    connection.settings_dict["NAME"] = NAME
    try:
        call_command("migrate", verbosity=0)
        yield
    finally:
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def environment() -> dict[str, str]:
    """For a process that shall use the benchmark's database."""
    from django.db import connection

    made = connection.settings_dict
    port = f":{made['PORT']}" if made["PORT"] else ""
    login = f"{made['USER']}:{made['PASSWORD']}".rstrip(":")
    # a socket's directory goes into the path
    host = f"{port}/{made['HOST']}" if made["HOST"][0] == "/" else made["HOST"] + port
    url = f"postgres://{login}@{host}/{NAME}"
    return os.environ | {"DATABASE_URL": url, **PRODUCTION}


PRODUCTION = {
    "DEBUG": "false",
    "SANDBOX": "false",
    "SECRET_KEY": "only-for-benchmarks-but-long-enough-to-please-the-checks-0123456789",
    "FIELD_KEYS": "ZGV2ZWxvcG1lbnQtb25seS1maWVsZC1rZXktMzJieXQ=",
    "ALLOWED_HOSTS": "127.0.0.1",
    "META_APP_SECRETS": "sandbox-app-secret",
    "META_VERIFY_TOKEN": "sandbox-verify-token",
}


@contextmanager
def server(application: str) -> Iterator[int]:
    """granian serving a WSGI application with two workers, as in production; its
    port."""
    port = free_port("127.0.0.1")
    command = (
        "-m granian --interface wsgi --workers 2 --blocking-threads 4 "
        f"--port {port} --log-level error {application}"
    )
    with running([sys.executable, *command.split()]):
        wait_for_port(port)
        yield port


@contextmanager
def events() -> Iterator[int]:
    """The events process, as in production; its port."""
    port = free_port("127.0.0.1")
    command = (
        "-m granian --interface asgi --workers 1 --backpressure 8000 "
        f"--port {port} --log-level error flexoraa.asgi:application"
    )
    with running([sys.executable, *command.split()]):
        wait_for_port(port)
        yield port


@contextmanager
def worker(threads: int = 2) -> Iterator[None]:
    """A worker process on the benchmark's database."""
    command = [sys.executable, "manage.py", "run_worker", "--threads", str(threads)]
    with running(command):
        yield


@contextmanager
def running(
    command: list[str],
    variables: dict[str, str] | None = None,
    stdout: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen]:
    """A process in the project's folder, stopped at the end."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=variables or environment(), stdout=stdout
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def wait_for_port(port: int, seconds: float = 30) -> None:
    """Until somebody accepts connections there."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(1)  # the other workers of the server
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
