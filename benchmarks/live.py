"""From a webhook's 200 to the eyes of who listens: the live stream at 100 a second."""

import http.client
import json
import statistics
import threading
import time
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import override_settings

from benchmarks import load, places, stream
from inbox.models import Message
from teams.models import Membership
from teams.sessions import SessionStore

RATE = 100
SECONDS = 15
LISTENERS = 20  # fewer than one user may have
PATIENCE = 10.0  # seconds after the last webhook for the last event


def measure(rounds: int) -> Iterator[str]:
    """p50 and p99 of the time between the door's answer and the event, in ms."""
    stream.connect_accounts()
    wire = [
        stream.post(body) for body in stream.whatsapp_bodies(RATE * SECONDS, "live")
    ]
    with (
        places.server("flexoraa.wsgi:application") as door,
        places.events() as events,
        places.worker(),
    ):
        ears = [Ear(events) for _ in range(LISTENERS)]
        load.steady(door, wire[:RATE], RATE, 1)
        time.sleep(1)
        for ear in ears:
            ear.heard.clear()
        answered = answers(door, wire[RATE:])
        until = time.monotonic() + PATIENCE
        while len(ears[0].heard) < len(answered) and time.monotonic() < until:
            time.sleep(0.1)
    yield from figures(answered, ears)


def answers(port: int, wire: list[bytes]) -> list[float]:
    """Post at the rate; when each 200 came."""
    started, found = time.perf_counter(), []
    with load.socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(load.socket.IPPROTO_TCP, load.socket.TCP_NODELAY, 1)
        for number, request in enumerate(wire):
            if (pause := started + number / RATE - time.perf_counter()) > 0:
                time.sleep(pause)
            link.sendall(request)
            load.whole_answer(link)
            found.append(time.perf_counter())
    return found


def figures(answered: list[float], ears: list["Ear"]) -> Iterator[str]:
    """The delays of every message at every listener. An event may come before the
    door's answer is read here; that counts as no delay."""
    order = Message.objects.filter(external_id__contains="live").order_by("provider_at")
    ids = [str(key) for key in order.values_list("public_id", flat=True)][RATE:]
    delays, missing = [], 0
    for ear in ears:
        for key, at in zip(ids, answered, strict=True):
            if key in ear.heard:
                delays.append(max(0.0, ear.heard[key] - at) * 1000)
            else:
                missing += 1
    marks = statistics.quantiles(delays, n=100)
    yield (
        f"live: {len(answered)} messages at {RATE}/s to {len(ears)} listeners: "
        f"p50 {marks[49]:.0f} ms (goal 100), p99 {marks[98]:.0f} ms (goal 1000), "
        f"max {max(delays):.0f} ms; {missing} missing"
    )


class Ear:
    """A listener: when it heard of each message."""

    def __init__(self, port: int) -> None:
        self.heard: dict[str, float] = {}
        member = Membership.objects.select_related("user", "workspace").first()
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session(member.user)}"}
        link.request(
            "GET", f"/events/workspaces/{member.workspace.slug}", None, headers
        )
        self._answer = link.getresponse()
        assert self._answer.status == 200, self._answer.read()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        kind = ""
        while line := self._answer.readline():
            if line.startswith(b"event: "):
                kind = line[7:].strip().decode()
            elif kind == "message.created" and line.startswith(b"data: "):
                now = time.perf_counter()
                for key in json.loads(line[6:])["ids"]:
                    self.heard[key] = now


def session(user) -> str:
    """The key of a session in which the user is signed in."""
    # the servers sign with another key than this process
    with override_settings(SECRET_KEY=places.PRODUCTION["SECRET_KEY"]):
        return _session(user)


def _session(user) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return store.session_key
