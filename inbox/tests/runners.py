"""The worker's runners as processes: run_worker, and Celery over either broker."""

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import redis
from kombu import Connection

from flexoraa.lib import work
from inbox.tests import live

RABBIT = "amqp://guest:guest@127.0.0.1:5672//"
REDIS = "redis://127.0.0.1:6379/13"
BROKERS = {"run_worker": "", "celery-redis": REDIS, "celery-rabbitmq": RABBIT}
QUIET = "--without-gossip --without-mingle --without-heartbeat --loglevel error"


@dataclass
class Runner:
    """A running worker and what is needed to disturb it."""

    environment: dict[str, str]
    processes: list[subprocess.Popen] = field(default_factory=list)

    def start(self, *command: str) -> subprocess.Popen:
        process = live.start(*command, **self.environment)
        self.processes.append(process)
        return process

    def start_worker(self) -> subprocess.Popen:
        """Celery's worker with two processes, or run_worker."""
        if not self.environment["CELERY_BROKER_URL"]:
            return self.start("manage.py", "run_worker", "--threads", "2")
        options = f"-m celery -A flexoraa worker --concurrency 2 {QUIET}"
        return self.start(*options.split())


@contextlib.contextmanager
def running(broker: str, *, beat: bool = True, **environment: str) -> Iterator[Runner]:
    """A worker, and with a broker its beat, on the database of the test."""
    queue = f"flexoraa-test-{os.getpid()}"
    made = {"CELERY_BROKER_URL": broker, "CELERY_QUEUE": queue}
    runner = Runner({**environment, **made})
    try:
        runner.start_worker()
        if broker and beat:
            runner.start(*"-m celery -A flexoraa beat --loglevel error".split())
        if beat or not broker:  # else nothing makes it open a session
            live.wait_until(work.running, 60)
        yield runner
    finally:
        for process in runner.processes:
            live.kill(process)
        if broker.startswith("amqp"):
            with Connection(broker) as connection:
                connection.default_channel.queue_delete(queue)


@contextlib.contextmanager
def redis_of_our_own(folder: os.PathLike) -> Iterator[tuple[str, redis.Redis]]:
    """A Redis that may be wiped and killed: its URL and a client."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.fail("redis-server is not installed: nothing to wipe.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [binary, "--port", str(port), "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    client = redis.Redis(port=port)
    try:
        live.wait_until(lambda: _answers(client), 10)
        yield f"redis://127.0.0.1:{port}/0", client
    finally:
        client.close()
        process.terminate()
        process.wait(10)


def _answers(client: redis.Redis) -> bool:
    with contextlib.suppress(redis.RedisError):
        return bool(client.ping())
    return False
