"""The door of the live stream: server-sent events of a workspace, over ASGI.

    GET /events/workspaces/{slug}    with the cookie or key that the API takes

`event: ready` comes first; `{"resumed": false}` says that what is shown must be
fetched anew. Then `event: message.created`, `data: {"ids": [...]}` and the like: what
changed, never its content. `Last-Event-ID` goes on where a stream was cut off.
"""

import asyncio
import contextlib
import random
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any, TypeVar
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import Error, close_old_connections, connection, connections
from psycopg import AsyncConnection

from flexoraa.lib import stream
from flexoraa.lib.hub import Client, Hub, encode
from flexoraa.lib.stream import Event, Position
from teams.seating import Seat, seat_of, still_seated

APPLICATION_NAME = "flexoraa-events"  # of the listening session
PREFIX = "/events/workspaces/"
CHECK_SECONDS = 2.0  # between looks whether everybody may still listen
WHO_LISTENS = ("membership.", "key.", "support.")  # events about that (teams/telling)
MOST_STREAMS = 20  # of one user in one process: tabs and devices
MOST_MISSED = 500  # events that are told again; after more, all is fetched anew
THREADS = 2  # with a database connection each, for who may listen and what they missed
RETRY_MS = (1_000, 4_000)  # browsers come back after a random time in between
FAREWELL_SECONDS = 1.0  # for a peer that is being let go to hear so

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
T = TypeVar("T")

JSON: Headers = [(b"content-type", b"application/json")]
STREAM: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Refused(Exception):
    """The answer is no stream."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self.body = status, body


class Streams:
    """The ASGI application."""

    def __init__(self) -> None:
        self._hub: Hub | None = None
        self._seats: dict[Client, Seat] = {}
        self._tasks: list[asyncio.Task[Any]] = []
        self._pool = ThreadPoolExecutor(THREADS, "streams")
        self._check_now = asyncio.Event()
        self._ends_well = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            try:
                await self._answer(scope, receive, send)
            except Refused as refused:
                await _respond(send, scope, refused.status, refused.body)

    def start(self) -> Hub:
        """Begin to read, at start-up or else with the first request."""
        if self._hub is None:
            self._hub = Hub(connect, self._heard)
            self._tasks = [
                asyncio.create_task(self._hub.run()),
                asyncio.create_task(self._check_for_ever()),
            ]
        return self._hub

    async def stop(self) -> None:
        """End every stream; browsers come back, to another process or a new one."""
        self._close_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._hub, self._tasks = None, []
        together = threading.Barrier(THREADS)  # so that each thread gets its turn
        for _ in range(THREADS):
            self._pool.submit(_disconnect, together)
        await asyncio.to_thread(self._pool.shutdown)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.start()
            else:
                await self.stop()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        hub, path = self.start(), scope["path"]
        if path in ("/livez", "/readyz"):
            is_well = path == "/livez" or hub.is_listening
            word = b"ok" if is_well else b"down"
            body = b'{"status": "%s", "streams": %d}' % (word, len(self._seats))
            await _respond(send, scope, 200 if is_well else 503, body)
            return
        if not path.startswith(PREFIX):
            raise problem(404, "not_found", "There is nothing here.")
        if scope["method"] != "GET":
            raise problem(405, "method_not_allowed", "Streams are read with GET.")
        seat = await self._ask(admit, scope)
        if Counter(held.user_id for held in self._seats.values())[seat.user_id] >= (
            MOST_STREAMS
        ):
            raise problem(429, "too_many_streams", "Close some of your other windows.")
        await self._serve(hub, seat, scope, receive, send)

    async def _serve(
        self, hub: Hub, seat: Seat, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            client, position = await hub.join(seat.workspace_id)
        except TimeoutError as error:
            raise unavailable() from error
        self._seats[client] = seat
        self._end_with_process()
        leaving = asyncio.create_task(_close_when_left(receive, client))
        try:
            opening = await self._opening(seat, scope, position)
            await send(_start(scope, 200, STREAM))
            await send(_chunk(opening))
            await client.serve(
                lambda chunk: send(_chunk(chunk)),
                lambda: b": ping\nid: %s\n\n" % str(hub.position).encode(),
            )
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await send({"type": "http.response.body", "body": b""})
        finally:
            leaving.cancel()
            del self._seats[client]
            hub.leave(client)

    async def _opening(self, seat: Seat, scope: Scope, position: Position) -> bytes:
        """The first words: whether what was missed follows, and that."""
        told: list[Event] | None = None
        if seen := Position.read(_header(scope, b"last-event-id")):
            told = await self._ask(
                stream.missed, seat.workspace_id, seen, position, MOST_MISSED
            )
        ready = b'retry: %d\nevent: ready\ndata: {"resumed": %s}\n\n' % (
            random.randint(*RETRY_MS),  # noqa: S311 (no secret)
            b"false" if told is None else b"true",
        )
        return ready + encode(told or [], position)

    async def _ask(self, question: Callable[..., T], *args: Any) -> T:
        """Put a question to the database, on a thread that has a connection to it."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, _asked, question, args)
        except Error as error:
            raise unavailable() from error

    def _end_with_process(self) -> None:
        """On SIGTERM the server waits for its open requests, and streams never end by
        themselves; what the server itself does on that signal goes on."""
        if self._ends_well or threading.current_thread() is not threading.main_thread():
            return
        self._ends_well = True
        loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

        def end(number: int, frame: Any) -> None:
            loop.call_soon_threadsafe(self._close_all)
            if callable(before):
                before(number, frame)

        signal.signal(signal.SIGTERM, end)

    def _close_all(self) -> None:
        for client in list(self._seats):
            client.close()

    def _heard(self, event: Event) -> None:
        if event.kind.startswith(WHO_LISTENS):
            self._check_now.set()

    async def _check_for_ever(self) -> None:
        """Now and then, and at once when who may listen changes: close the streams of
        those who may no longer listen."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SECONDS):
                    await self._check_now.wait()
            self._check_now.clear()
            with contextlib.suppress(Refused):  # nobody can be asked; later again
                await self._check()

    async def _check(self) -> None:
        if seats := dict(self._seats):
            kept = await self._ask(still_seated, seats.values())
            for client, seat in seats.items():
                if seat not in kept:
                    client.close()


def admit(scope: Scope) -> Seat:
    """The seat of who asks; raises Refused."""
    request: Any = ASGIRequest(scope, BytesIO())
    request.id = uuid.uuid4().hex
    try:
        request.get_host()
    except DisallowedHost as error:
        raise problem(400, "disallowed_host", "This host is not served.") from error
    found = seat_of(request, scope["path"].removeprefix(PREFIX))
    if not isinstance(found, Seat):
        raise Refused(found.status_code, found.content)
    return found


async def connect() -> AsyncConnection[Any]:
    """A connection of its own to Django's database, to listen on."""
    params = connection.get_connection_params()
    for ours in ("context", "cursor_factory", "prepare_threshold"):
        params.pop(ours, None)
    params |= {"application_name": APPLICATION_NAME, "prepare_threshold": None}
    return await AsyncConnection.connect(**params, autocommit=True)


def problem(status: int, code: str, detail: str) -> Refused:
    """A refusal in the API's words (flexoraa.lib.errors)."""
    errors = [{"code": code, "detail": detail, "attr": None}]
    kind = "client_error" if status < 500 else "server_error"
    found = {"type": kind, "errors": errors, "request_id": uuid.uuid4().hex}
    return Refused(status, orjson.dumps(found))


def unavailable() -> Refused:
    """The database cannot be reached."""
    return problem(503, "unavailable", "The service is restarting. Try again soon.")


def _asked(question: Callable[..., T], args: tuple[Any, ...]) -> T:
    close_old_connections()
    try:
        return question(*args)
    finally:
        close_old_connections()


def _disconnect(together: threading.Barrier) -> None:
    together.wait()
    connections.close_all()


async def _close_when_left(receive: Receive, client: Client) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    client.close()


def _header(scope: Scope, name: bytes) -> str:
    return next(
        (value.decode("latin-1") for key, value in scope["headers"] if key == name), ""
    )


def _start(scope: Scope, status: int, headers: Headers) -> dict[str, Any]:
    common = [(b"x-content-type-options", b"nosniff"), (b"vary", b"Cookie, Origin")]
    return {
        "type": "http.response.start",
        "status": status,
        "headers": headers + common + _for_other_ports(scope),
    }


def _for_other_ports(scope: Scope) -> Headers:
    """`make run` has no proxy in front: its web process sends browsers here, to
    another port of the same host, which is another origin."""
    origin = _header(scope, b"origin")
    host = urlsplit(f"//{_header(scope, b'host')}").hostname
    if not settings.EVENTS_PORT or urlsplit(origin).hostname != host:
        return []
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
    ]


def _chunk(body: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": True}


async def _respond(send: Send, scope: Scope, status: int, body: bytes) -> None:
    await send(_start(scope, status, JSON))
    await send({"type": "http.response.body", "body": body})
