"""Real processes for tests: granian and workers on a database, killed when asked."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import requests
from django.db import connection

from conftest import sign
from inbox.adapters.meta import SIGNATURE

ROOT = Path(__file__).resolve().parent.parent.parent


def database_url_of_test() -> str:
    """The URL of the database that this test uses."""
    made = connection.settings_dict
    login = made["USER"] + (f":{made['PASSWORD']}" if made["PASSWORD"] else "")
    port = f":{made['PORT']}" if made["PORT"] else ""
    if made["HOST"].startswith("/"):  # a socket's directory goes into the path
        return f"postgres://{login}@{port}/{made['HOST']}/{made['NAME']}"
    return f"postgres://{login}@{made['HOST']}{port}/{made['NAME']}"


def start(
    *command: str, database_url: str = "", **environment: str
) -> subprocess.Popen:
    """A process of ours, in a session of its own so that all of it can be killed."""
    database = {"DATABASE_URL": database_url or database_url_of_test()}
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | database | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill(process: subprocess.Popen) -> None:
    """kill -9, with all children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait(10)


@contextlib.contextmanager
def web(
    workers: int = 1, database_url: str = "", port: int = 0, **environment: str
) -> Iterator[str]:
    """The web process; its URL."""
    with serving(workers, database_url, port, **environment) as (url, _):
        yield url


@contextlib.contextmanager
def serving(
    workers: int = 1, database_url: str = "", port: int = 0, **environment: str
) -> Iterator[tuple[str, subprocess.Popen]]:
    """The web process: its URL, and the process itself. Port 0 is any that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        port = probe.getsockname()[1]
    command = (
        f"-m granian --interface wsgi --workers {workers} --blocking-threads 4 "
        f"--port {port} --workers-kill-timeout 5s --log-level error "
        "flexoraa.wsgi:application"
    )
    process = start(*command.split(), database_url=database_url, **environment)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: is_up(f"{url}/livez"), 30)
        yield url, process
    finally:
        kill(process)


@contextlib.contextmanager
def worker(database_url: str = "") -> Iterator[subprocess.Popen]:
    """A worker process."""
    process = start("manage.py", "run_worker", database_url=database_url)
    try:
        yield process
    finally:
        kill(process)


def is_up(url: str) -> bool:
    """Whether anybody answers there."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def post(
    url: str, channel: str, body: bytes, session: requests.Session, seconds: float = 10
) -> int:
    """Sign and post these bytes; the status, 0 when no answer came."""
    try:
        return session.post(
            f"{url}/webhooks/{channel}",
            body,
            headers={SIGNATURE: sign(body), "Content-Type": "application/json"},
            timeout=seconds,
        ).status_code
    except requests.RequestException:
        return 0


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    """Poll until it holds; fails the test when it does not in time."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"did not happen within {seconds} s"
        time.sleep(0.05)
