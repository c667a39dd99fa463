"""A small HTTP client that costs the machine as little as possible."""

import selectors
import socket
import statistics
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """What came back: answers by first line, and how long each took in seconds."""

    answers: dict[bytes, int]
    seconds: float
    delays: list[float]

    @property
    def rate(self) -> float:
        """Answers with status 200 per second."""
        good = sum(n for line, n in self.answers.items() if b" 200 " in line)
        return good / self.seconds

    def percentile(self, share: float) -> float:
        """The delay in milliseconds that this share of the requests stayed under."""
        return statistics.quantiles(self.delays, n=1000)[int(share * 1000) - 1] * 1000


def request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a POST on a connection that stays open."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def flood(port: int, wire: list[bytes], connections: int, seconds: float) -> Result:
    """Keep so many connections busy; the requests are sent in turn."""
    selector, turn = selectors.DefaultSelector(), 0
    answers: dict[bytes, int] = {}
    delays: list[float] = []
    sent: dict[socket.socket, float] = {}
    started = time.perf_counter()
    for _ in range(connections):
        link = socket.create_connection(("127.0.0.1", port))
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(link, selectors.EVENT_READ)
        sent[link] = time.perf_counter()
        link.sendall(wire[turn % len(wire)])
        turn += 1
    while (now := time.perf_counter()) < started + seconds:
        for key, _ in selector.select(0.1):
            link = key.fileobj
            answer = link.recv(65536)
            now = time.perf_counter()
            line = answer.split(b"\r\n", 1)[0]
            answers[line] = answers.get(line, 0) + 1
            delays.append(now - sent[link])
            sent[link] = now
            link.sendall(wire[turn % len(wire)])
            turn += 1
    for link in sent:
        link.close()
    return Result(answers, now - started, delays)


def whole_answer(link: socket.socket) -> bytes:
    """Up to the end of the body, which the door keeps short."""
    answer = link.recv(65536)
    while not answer.endswith((b"EVENT_RECEIVED", b"again", b"signature", b"large")):
        answer += link.recv(65536)
    return answer


def steady(port: int, wire: list[bytes], rate: float, seconds: float) -> Result:
    """So many requests a second, each timed from when it was due."""
    answers: dict[bytes, int] = {}
    delays: list[float] = []
    link = socket.create_connection(("127.0.0.1", port))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    started = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = started + number / rate
        if (pause := due - time.perf_counter()) > 0:
            time.sleep(pause)
        link.sendall(wire[number % len(wire)])
        line = whole_answer(link).split(b"\r\n", 1)[0]
        answers[line] = answers.get(line, 0) + 1
        delays.append(time.perf_counter() - due)
    link.close()
    return Result(answers, time.perf_counter() - started, delays)
