"""One reader of the live stream's log for a whole process, many clients behind it.

A hub listens on one connection of its own, reads what is new when the bell rings (and
now and then without it, should bells be lost), and hands it to bounded queues. A
client that does not keep up is let go; it comes back with the position it got to.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import orjson
from psycopg import AsyncConnection, Error

from flexoraa.lib import stream
from flexoraa.lib.stream import Event, Position

log = logging.getLogger(__name__)
LOOK_SECONDS = 2.0  # between looks without a bell
GATHER_SECONDS = 0.01  # after a bell, so that a burst of commits is one look
QUEUE_LENGTH = 100  # batches that a client may be behind
PING_SECONDS = 25.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # seconds between attempts to connect

Connect = Callable[[], Awaitable[AsyncConnection[Any]]]


class Client:
    """One open stream: what is still to be sent, ready to go on the wire."""

    def __init__(self, workspace_id: int) -> None:
        self.workspace_id = workspace_id
        self.closing = asyncio.Event()
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE_LENGTH)
        self._waiting: asyncio.Task[Any] | None = None

    def offer(self, chunk: bytes) -> None:
        """Queue it, or let the client go if it is too far behind."""
        try:
            self._queue.put_nowait(chunk)
        except asyncio.QueueFull:
            self.close()

    def close(self) -> None:
        """End the stream, even while it waits for a slow peer; call it any time."""
        self.closing.set()
        if self._waiting:
            self._waiting.cancel()

    async def serve(
        self, send: Callable[[bytes], Awaitable[None]], ping: Callable[[], bytes]
    ) -> None:
        """Send what comes until the stream is closed; pings when nothing comes."""
        self._waiting = asyncio.current_task()
        try:
            while not self.closing.is_set():
                try:
                    async with asyncio.timeout(PING_SECONDS):
                        chunk = await self._queue.get()
                except TimeoutError:
                    chunk = ping()
                await send(chunk)
        except asyncio.CancelledError:
            if not self.closing.is_set():
                raise
        finally:
            self._waiting = None


class Hub:
    """Runs in one task; `join` and `leave` are for the same event loop."""

    def __init__(self, connect: Connect, heard: Callable[[Event], None]) -> None:
        self.position: Position | None = None
        self.is_listening = False
        self._connect = connect
        self._heard = heard
        self._clients: dict[int, set[Client]] = defaultdict(set)
        self._started = asyncio.Event()

    async def run(self) -> None:
        """Read for ever; a lost database is connected to again and nothing missed."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with await self._connect() as connection:
                    await connection.execute(f"LISTEN {stream.CHANNEL}")
                    while True:
                        await self._read(connection)
                        self.is_listening, pause = True, FIRST_PAUSE
                        await _bell(connection)
            except (Error, OSError) as error:
                log.warning("The live stream goes on after %r", error)
            self.is_listening = False
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def join(self, workspace_id: int) -> tuple[Client, Position]:
        """A client that gets all that happens after the position.

        Raises TimeoutError when the database cannot be read.
        """
        async with asyncio.timeout(LONGEST_PAUSE * 2):
            await self._started.wait()
        assert self.position is not None  # noqa: S101 (set before _started)
        client = Client(workspace_id)
        self._clients[workspace_id].add(client)
        return client, self.position

    def leave(self, client: Client) -> None:
        """Forget the client."""
        mates = self._clients[client.workspace_id]
        mates.discard(client)
        if not mates:
            del self._clients[client.workspace_id]

    def clients(self) -> list[Client]:
        """All that are connected."""
        return [client for mates in self._clients.values() for client in mates]

    async def _read(self, connection: AsyncConnection[Any]) -> None:
        """Hand out what the last snapshot did not show yet."""
        seen = self.position
        if seen is None:
            query, params = "SELECT pg_current_snapshot()::text, null, null, null", {}
        else:
            query, params = stream.NEWS, {"seen": seen.snapshot}
        rows = await (await connection.execute(query, params)).fetchall()
        self.position = Position(int(time.time()), rows[0][0])
        self._started.set()
        if seen and not self.position.is_after(seen):
            log.warning("The database was set back; all streams start anew.")
            for client in self.clients():
                client.close()
        self._hand_out(Event(*row[1:]) for row in rows if row[1] is not None)

    def _hand_out(self, events: Iterable[Event]) -> None:
        batches: dict[int, list[Event]] = defaultdict(list)
        for event in events:
            batches[event.workspace_id].append(event)
            self._heard(event)
        for workspace_id, batch in batches.items():
            if mates := self._clients.get(workspace_id):
                chunk = encode(batch, self.position)
                for client in list(mates):
                    client.offer(chunk)


async def _bell(connection: AsyncConnection[Any]) -> None:
    """Wait for a bell, or for the time to look without one."""
    async for _ in connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
        await asyncio.sleep(GATHER_SECONDS)


def encode(events: Iterable[Event], position: Position | None) -> bytes:
    """Events as server-sent ones. Only the last of a batch carries the position: who
    is cut off before it is told the whole batch again."""
    told = b"\n\n".join(
        b"event: %s\ndata: %s" % (kind.encode(), orjson.dumps({"ids": ids}))
        for _, kind, ids in events
    )
    return told + b"\nid: %s\n\n" % str(position).encode()
