"""The stream's application on an event loop of its own, and clients that listen."""

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.test import Client as Browser

from teams.streams import Streams

PATIENCE = 10.0


class Told(NamedTuple):
    """One server-sent event."""

    kind: str
    data: Any
    id: str


class Listening:
    """One request to the application: its status, headers and what it is told."""

    def __init__(self, stage: "Stage", scope: dict) -> None:
        self.status, self.headers, self.body = 0, {}, b""
        self.last_id, self.pings = "", 0
        self._stage, self._told, self._rest = stage, queue.Queue(), b""
        self._started, self._ended = threading.Event(), threading.Event()
        self._gone = stage.call(self._event())
        self.stuck = stage.call(self._event())  # set: the peer reads nothing more
        self._future = asyncio.run_coroutine_threadsafe(self._run(scope), stage.loop)

    async def _event(self) -> asyncio.Event:
        return asyncio.Event()

    async def _run(self, scope: dict) -> None:
        try:
            await self._stage.application(scope, self._receive, self._send)
        finally:
            self._started.set()
            self._ended.set()

    async def _receive(self) -> dict:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict) -> None:
        if self.stuck.is_set():
            await asyncio.Event().wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            return
        self.body += message["body"]
        *blocks, self._rest = (self._rest + message["body"]).split(b"\n\n")
        for block in blocks:
            self._take(block.decode())
        self._started.set()

    def _take(self, block: str) -> None:
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line)
        self.last_id = fields.get("id", self.last_id)
        self.pings += block.startswith(": ping")
        if "data" in fields:
            told = orjson.loads(fields["data"])
            self._told.put(Told(fields.get("event", ""), told, self.last_id))

    def next(self, seconds: float = PATIENCE) -> Told:
        """The next event; fails the test when none comes."""
        return self._told.get(timeout=seconds)

    def ids(self, count: int) -> list[str]:
        """The ids in the next events, until there are so many."""
        found: list[str] = []
        while len(found) < count:
            found += self.next().data["ids"]
        return found

    def is_quiet(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for a while."""
        with contextlib.suppress(queue.Empty):
            self._told.get(timeout=seconds)
            return False
        return True

    def opened(self) -> "Listening":
        """Once the answer has begun."""
        assert self._started.wait(PATIENCE)
        return self

    def is_closed(self, seconds: float = PATIENCE) -> bool:
        """Whether the server ends it within so many seconds."""
        return self._ended.wait(seconds)

    def leave(self) -> None:
        """The peer goes away."""
        self._stage.loop.call_soon_threadsafe(self._gone.set)
        assert self.is_closed()


class Stage:
    """Runs the application; `listen` opens a stream."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.application = Streams()
        self._life: queue.Queue[str] = queue.Queue()

    def call(self, coroutine: Any) -> Any:
        """Run this on the loop; its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE)

    def listen(
        self, slug: str, browser: Browser | None = None, **kwargs: Any
    ) -> Listening:
        """GET the stream of a workspace, or what `path` says."""
        headers = {"host": "testserver", **kwargs.pop("headers", {})}
        if browser and (cookie := browser.cookies.get(settings.SESSION_COOKIE_NAME)):
            headers["cookie"] = f"{settings.SESSION_COOKIE_NAME}={cookie.value}"
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/events/workspaces/{slug}",
            "query_string": b"",
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            **kwargs,
        }
        return Listening(self, scope).opened()

    async def _end(self) -> None:
        await self.application.stop()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:  # stuck ones
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def close(self) -> None:
        """Stop as the server would."""
        self.call(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """The application, running."""
    made = Stage()
    try:
        yield made
    finally:
        made.close()


def wait_until(condition: Any, seconds: float = PATIENCE) -> None:
    """Poll until it holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"did not happen within {seconds} s"
        time.sleep(0.02)
