"""The second runner of the worker: Celery, for many machines.

    celery -A flexoraa worker --concurrency 4
    celery -A flexoraa beat

It runs the same drains and chores as `manage.py run_worker` (settings.WORK). The tables
are the queue and a message says no more than "look": it is acknowledged before the
work, never retried, and forgotten when it is old. A wiped broker loses nothing; what
came in meanwhile is found at the next tick.
"""

import logging
import os
import time
from collections.abc import Callable
from typing import Any

from celery import Celery, signals
from django.conf import settings
from django.db import close_old_connections, connection
from django.utils.module_loading import import_string

from flexoraa.lib import work

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flexoraa.settings")
log = logging.getLogger(__name__)

TICK_SECONDS = 1.0  # between looks without a message, as of run_worker
DRAIN_SECONDS = 5.0  # that one task goes on while there is more to do
SILENCE_SECONDS = 5.0  # without kicks after the broker was not there

# Whoever kicks has better things to do than wait for a broker
IMPATIENT = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
FOR_REDIS = {"socket_connect_timeout": 1, "socket_timeout": 5}

app = Celery("flexoraa")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=1,
    broker_transport_options=IMPATIENT
    | (FOR_REDIS if settings.CELERY_BROKER_URL.startswith("redis") else {}),
    task_default_queue=settings.CELERY_QUEUE,
    task_ignore_result=True,
    task_acks_late=False,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    # Celery closes the database's connection after each task, unless told how many
    # tasks one may serve: 3.4 times as many tasks a second
    CELERY_DB_REUSE_MAX=1000,
    beat_scheduler="celery.beat:Scheduler",  # in memory: a tick has no past
    beat_max_loop_interval=TICK_SECONDS,
    beat_schedule={
        "tick": {
            "task": "flexoraa.tick",
            "schedule": TICK_SECONDS,
            "options": {"expires": TICK_SECONDS, "ignore_result": True},
        }
    },
)


def queues() -> list[str]:
    """The paths of all drains; here each is a task of its own, so that none waits."""
    return [*settings.WORK["drains"], *dict.fromkeys(settings.WORK["apart"])]


@app.task(name="flexoraa.tick")
def tick() -> None:
    """Do the chores, then look into every queue."""
    close_old_connections()
    work.do_chores([import_string(path) for path in settings.WORK["chores"]])
    for path in queues():
        drain.apply_async([path], expires=TICK_SECONDS)


@app.task(name="flexoraa.drain")
def drain(path: str) -> int:
    """Drain one queue; go on in a new task when that takes long, so that the others
    and a stop have their turn. How much was done."""
    function, total = import_string(path), 0
    until = time.monotonic() + DRAIN_SECONDS
    while True:
        close_old_connections()
        done = function()
        total += done
        if not done:
            return total
        if time.monotonic() > until:
            for finisher in settings.WORK["finishers"]:
                import_string(finisher)()  # the next task runs in any process
            drain.delay(path)
            return total


class Kicks:
    """Asks workers to look, unless the broker was away a moment ago."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._silent_until = 0.0

    def __call__(self, queue: str) -> None:
        """A message for every drain; never raises."""
        if self._clock() < self._silent_until:
            return
        try:
            for path in queues():
                drain.apply_async([path], expires=TICK_SECONDS * 10)
        except Exception as error:  # of whatever broker it is
            self._silent_until = self._clock() + SILENCE_SECONDS
            log.warning(
                "The broker is away, workers will look by themselves: %r", error
            )


kick = Kicks()


@signals.worker_process_init.connect
def count_me_in(**_: Any) -> None:
    """Sessions of workers carry a name that readiness counts."""
    connection.settings_dict["OPTIONS"]["application_name"] = work.APPLICATION_NAME
