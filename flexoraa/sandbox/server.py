"""A small HTTP server on threads that can also answer badly, on purpose.

Stand-ins for platforms are functions from a Request to an Answer. What goes wrong after
a platform has accepted a call is part of the answer: its `ending`.
"""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MAX_BODY = 120 * 1024 * 1024  # WhatsApp's documents reach 100 MB
Handle = Callable[["Request"], "Answer"]


class Ending(StrEnum):
    """What becomes of an answer on its way."""

    WHOLE = "answer"  # it arrives
    RESET = "reset"  # the connection is reset instead
    SILENCE = "timeout"  # nothing comes for `seconds`, then the connection closes
    CUT = "cut"  # the head and half of the body come, then the connection closes


@dataclass(frozen=True)
class Part:
    """One part of a multipart form."""

    name: str
    body: bytes
    filename: str = ""
    content_type: str = ""


@dataclass(frozen=True)
class Request:
    """One call: `path` without the query; of a repeated parameter the last counts."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]  # by name as HTTP writes it: Content-Type
    body: bytes = b""

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "")

    def parts(self) -> list[Part]:
        """The parts of a multipart body; none when it is something else."""
        head = Message()
        head["Content-Type"] = self.content_type
        boundary = head.get_param("boundary")
        if head.get_content_maintype() != "multipart" or not boundary:
            return []
        pieces = (b"\r\n" + self.body).split(b"\r\n--" + str(boundary).encode())
        return [_part(piece) for piece in pieces[1:-1]]

    def parameters(self) -> dict[str, Any]:
        """The query and what a JSON object, form or multipart body holds, as one.

        Raises ValueError when the body says that it is JSON and is not an object.
        """
        kind = self.content_type.split(";")[0].strip().lower()
        found: dict[str, Any] = dict(self.query)
        if kind == "multipart/form-data":
            for part in self.parts():
                if not part.filename:
                    found[part.name] = part.body.decode("utf-8", "replace")
        elif kind == "application/x-www-form-urlencoded":
            found |= parse_qsl(self.body.decode("utf-8", "replace"))
        elif self.body:
            document = json.loads(self.body)
            if not isinstance(document, dict):
                raise ValueError("the body is not a JSON object")
            found |= document
        return found


@dataclass
class Answer:
    """What goes back; with `stream` it has no end and is sent piece by piece."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    ending: Ending = Ending.WHOLE
    seconds: float = 0.0  # to wait before, or to be silent
    stream: Iterator[bytes] | None = None

    @classmethod
    def json(cls, document: Any, status: int = 200, **more: Any) -> "Answer":
        """A JSON document."""
        return cls(status, json.dumps(document).encode(), **more)


class Server:
    """Serves one function on a port of this machine until it is stopped."""

    def __init__(self, handle: Handle, host: str = "127.0.0.1", port: int = 0) -> None:
        self.stopping = threading.Event()
        self._http = _Threads((host, port), handle, self.stopping)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}
        )
        self.url = "http://{}:{}".format(*self._http.server_address[:2])

    def start(self) -> None:
        """Accept connections; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and wait for the threads."""
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.hang_up()
        self._http.server_close()


class _Threads(ThreadingHTTPServer):
    """A thread for each connection, all of which can be ended."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], handle: Handle, stopping: threading.Event
    ) -> None:
        self.handle_call = handle
        self.stopping = stopping
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End what clients keep open."""
        with self._lock:
            for link in self._open:
                with contextlib.suppress(OSError):
                    link.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no news."""


class _Handler(BaseHTTPRequestHandler):
    """Reads a call, has it handled, and sends the answer or what becomes of it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet
    timeout = 300
    server: _Threads

    def _handle(self) -> None:
        split = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            self._send(Answer(413))
            return
        request = Request(
            self.command,
            split.path,
            dict(parse_qsl(split.query, keep_blank_values=True)),
            {name.title(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        self._send(self.server.handle_call(request))

    do_GET = do_POST = do_DELETE = do_PATCH = do_PUT = _handle

    def _send(self, answer: Answer) -> None:
        self.server.stopping.wait(answer.seconds)
        if answer.ending in (Ending.RESET, Ending.SILENCE):
            self._hang_up(with_reset=answer.ending == Ending.RESET)
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.stream is not None:
            self._send_stream(answer.stream)
            return
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.ending == Ending.CUT:
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self.wfile.flush()
            self._hang_up(with_reset=False)
            return
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _send_stream(self, stream: Iterator[bytes]) -> None:
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for piece in stream:
            if self.server.stopping.is_set():
                break
            self.wfile.write(piece)
            self.wfile.flush()

    def _hang_up(self, *, with_reset: bool) -> None:
        if with_reset:  # closing discards what is unsent and sends RST
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        else:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def version_string(self) -> str:
        return "proxygen-bolt"

    def log_message(self, format: str, *args: Any) -> None:
        """The ledger is the log."""


def _part(piece: bytes) -> Part:
    """A piece between two boundaries: head, empty line, body."""
    head, _, body = piece.partition(b"\r\n\r\n")
    fields = Message()
    for line in head.decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip():
            fields[name.strip()] = value.strip()

    def of_disposition(name: str) -> str:
        value = fields.get_param(name, "", "Content-Disposition")
        return value[2] if isinstance(value, tuple) else str(value)

    return Part(
        of_disposition("name"),
        body,
        of_disposition("filename"),
        fields.get("Content-Type", ""),
    )
