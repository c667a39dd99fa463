"""Calls to other people's servers, and what a failed one means."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError

from flexoraa.lib import http


@contextmanager
def served(answer: Callable[[socket.socket, int], None]) -> Iterator[str]:
    """A server that treats each connection, by its number, as it is told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def accept() -> None:
            number = 0
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                number += 1
                with peer, suppress(OSError):
                    answer(peer, number)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"


def whole(body: bytes, head: str = "") -> Callable[[socket.socket, int], None]:
    def answer(peer: socket.socket, number: int) -> None:
        while peer.recv(65536):
            text = f"HTTP/1.1 200 OK\r\n{head}Content-Length: {len(body)}\r\n\r\n"
            peer.sendall(text.encode() + body)

    return answer


def test_an_answer_is_read_whole():
    with served(whole(b'{"a": 1}')) as url:
        answer = http.call("POST", url, json={"b": 2}, headers={"X": "y"})
    assert (answer.status, answer.json()) == (200, {"a": 1})
    assert http.Answer(200, {}, b"<html>").json() is None


def test_connections_are_used_again_until_they_are_old(monkeypatch):
    seen = []

    def answer(peer: socket.socket, number: int) -> None:
        while peer.recv(65536):
            seen.append(number)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with served(answer) as url:
        http.call("GET", url)
        http.call("GET", url)
        assert seen == [1, 1]
        first = http.session()
        monkeypatch.setattr(http, "IDLE_SECONDS", -1)
        assert http.session() is not first
        first.close()


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/x", "https://127.0.0.1:1/x", "http://no-such.invalid/x"],
)
def test_nobody_there_means_not_sent(url):
    with pytest.raises(http.NotSent, match="no connection"):
        http.call("POST", url, json={})


def test_a_connection_that_takes_too_long_is_not_sent():
    reason = ConnectTimeoutError("no answer to the first packet")
    error = requests.ConnectTimeout(MaxRetryError(None, "/x", reason))
    assert http.was_not_sent(error)
    assert http.words(error) == "no connection in time"
    assert not http.was_not_sent(requests.ReadTimeout("too late"))


def test_a_reset_is_ambiguous():
    with (
        served(lambda peer, number: peer.recv(65536) and None) as url,
        pytest.raises(http.Ambiguous, match="broke off"),
    ):
        http.call("POST", url, json={})


def test_silence_is_ambiguous():
    done = threading.Event()
    with served(lambda peer, number: done.wait(5) and None) as url:
        with pytest.raises(http.Ambiguous, match="no answer in time"):
            http.call("POST", url, json={}, read_seconds=0.1)
        done.set()


def test_half_an_answer_is_ambiguous():
    def half(peer: socket.socket, number: int) -> None:
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

    with served(half) as url, pytest.raises(http.Ambiguous):
        http.call("POST", url, json={})


def test_a_server_without_tls_is_no_trusted_connection():
    with served(whole(b"")) as url:
        with pytest.raises(http.CallFailed, match="no trusted connection"):
            http.call("POST", url.replace("http://", "https://"), json={})


def test_redirects_are_answers():
    with served(whole(b"", "Location: http://127.0.0.1:1/\r\n")) as url:
        assert http.call("GET", url).status == 200


def test_words_name_no_address():
    error = requests.ConnectionError("https://x/?access_token=secret")
    assert "secret" not in http.words(error)
    assert "secret" not in http.words(requests.exceptions.SSLError("secret"))
