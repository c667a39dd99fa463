"""T26: no address that a stranger names leads to where it must not."""

import io
import socket
import threading
import time

import pytest

from flexoraa.lib import fetching
from flexoraa.lib.fetching import Allowed, TooLarge, Unreachable, Unsafe, fetch
from flexoraa.sandbox.server import Answer, Server

PRIVATE = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0x7f000001",
    "0x7f.0.0.1",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0",
    "0.0.0.0",
    "localhost",
    "127.0.0.1.",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::169.254.169.254]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "192.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
]


class Canary:
    """Counts who connects to any local address on this port."""

    def __init__(self) -> None:
        self.count = 0
        self._socket = socket.create_server(
            ("::", 0), family=socket.AF_INET6, dualstack_ipv6=True
        )
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                link, _ = self._socket.accept()
            except OSError:
                return
            self.count += 1
            link.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def canary():
    bird = Canary()
    yield bird
    bird.close()


@pytest.fixture
def serve():
    """serve(answer) -> the origin of a server that answers like that."""
    servers = []

    def start(handle) -> str:
        server = Server(handle, "127.0.0.1", 0)
        server.start()
        servers.append(server)
        return server.url

    yield start
    for server in servers:
        server.stop()


def get(url: str, allowed: Allowed, **kwargs) -> tuple[fetching.Fetched, bytes]:
    into = io.BytesIO()
    found = fetch(url, into, allowed=allowed, **{"max_bytes": 1000, **kwargs})
    return found, into.getvalue()


@pytest.fixture
def any_port(monkeypatch, canary):
    """As if https were on the canary's port: what is let through is counted there."""
    real = fetching._Pinned

    def to_canary(host, port, address, is_tls):
        return real(host, canary.port, address, is_tls)

    monkeypatch.setattr(fetching, "_Pinned", to_canary)


@pytest.mark.parametrize("host", PRIVATE)
def test_no_spelling_of_a_private_address_is_connected_to(canary, any_port, host):
    with pytest.raises((Unsafe, Unreachable)):
        get(f"https://{host}/latest/meta-data", Allowed())
    time.sleep(0.01)
    assert canary.count == 0


def test_without_the_check_the_canary_sings(canary, any_port, monkeypatch):
    """The control: the guard is what keeps them out, not the test's set-up."""
    monkeypatch.setattr(fetching, "is_public", lambda address: True)
    with pytest.raises(Unreachable):
        get("https://127.0.0.1/", Allowed())
    deadline = time.monotonic() + 5
    while not canary.count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert canary.count == 1


def test_a_name_that_changes_its_meaning_leads_nowhere(canary, any_port, monkeypatch):
    """Rebinding: public when it is checked, private when it is connected to."""
    answers = iter([["203.0.114.7"], ["127.0.0.1"], ["127.0.0.1"]])
    asked, called = [], []
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, **kwargs: (
            asked.append(host),
            [(2, 1, 6, "", (address, port)) for address in next(answers)],
        )[1],
    )

    def refuse(address, timeout):
        called.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(Unreachable):
        get("https://rebinding.example/", Allowed())
    assert asked == ["rebinding.example"]
    assert called == ["203.0.114.7"]
    assert canary.count == 0


def test_one_private_address_among_public_ones_is_enough(canary, any_port, monkeypatch):
    both = [(2, 1, 6, "", (a, 443)) for a in ("203.0.114.7", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: both)
    with pytest.raises(Unsafe):
        get("https://mixed.example/", Allowed())
    assert canary.count == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://lookaside.fbsbx.com/a",
        "ftp://lookaside.fbsbx.com/a",
        "file:///etc/passwd",
        "gopher://lookaside.fbsbx.com/a",
        "//lookaside.fbsbx.com/a",
        "https:///a",
        "https://evil.example/a",
        "https://lookaside.fbsbx.com.evil.example/a",
        "https://evilfbsbx.com/a",
        "https://lookaside.fbsbx.com@evil.example/a",
        "https://user:word@lookaside.fbsbx.com/a",
        "https://lookaside.fbsbx.com:8443/a",
        "https://lookaside.fbsbx.com:x/a",
        "https://[::1/a",
        "https://evil.example\\@lookaside.fbsbx.com/a",
        "javascript:alert(1)",
        "",
    ],
)
def test_only_https_to_expected_hosts(url, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kw: pytest.fail("asked"))
    with pytest.raises(Unsafe):
        get(url, Allowed(("fbsbx.com",)))


def test_a_redirect_to_a_private_address_is_not_followed(canary, serve):
    for place in (
        f"http://127.0.0.1:{canary.port}/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest",
        "file:///etc/passwd",
    ):
        url = serve(lambda _, to=place: Answer(302, headers={"Location": to}))
        with pytest.raises(Unsafe):
            get(url, Allowed((), (url,)))
    assert canary.count == 0


def test_redirects_have_an_end(serve):
    url = serve(lambda request: Answer(302, headers={"Location": request.path + "x"}))
    with pytest.raises(Unsafe, match="leads from one to the next"):
        get(f"{url}/", Allowed((), (url,)))


def test_a_token_goes_to_named_hosts_only(serve):
    seen = []

    def other(request):
        seen.append(request.headers.get("Authorization"))
        return Answer(200, b"file", "text/plain")

    there = serve(other)
    here = serve(lambda _: Answer(302, headers={"Location": there}))
    told = {"Authorization": "Bearer secret"}
    _, body = get(here, Allowed((), (here, there)), headers=told)
    assert body == b"file"
    assert seen == ["Bearer secret"]  # an origin of ours
    assert fetching.is_below("lookaside.fbsbx.com", ["lookaside.fbsbx.com"])
    assert not fetching.is_below("evil-lookaside.fbsbx.com", ["lookaside.fbsbx.com"])


def test_a_file_comes_whole(serve):
    url = serve(lambda _: Answer(200, b"x" * 1000, "image/png"))
    found, body = get(f"{url}/a?b=c", Allowed((), (url,)))
    assert (found.status, found.size, body) == (200, 1000, b"x" * 1000)
    assert found.content_type == "image/png"


def test_other_answers_write_nothing(serve):
    url = serve(lambda _: Answer(404, b"no such file", "text/plain"))
    found, body = get(url, Allowed((), (url,)))
    assert (found.status, body) == (404, b"")


def raw(*pieces: bytes, pause: float = 0.0):
    """A server that says exactly this, piece by piece; its origin."""
    server = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        link, _ = server.accept()
        with link:
            link.recv(65536)
            try:
                for piece in pieces:
                    link.sendall(piece)
                    time.sleep(pause)
            except OSError:
                return

    threading.Thread(target=talk, daemon=True).start()
    return server, f"http://127.0.0.1:{server.getsockname()[1]}"


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        ([OK, b"Content-Length: 10000000000\r\n\r\n", b"x" * 100], TooLarge),
        ([OK, b"\r\n", *[b"x" * 400] * 10], TooLarge),
        ([OK, b"Content-Length: 500\r\n\r\n", b"x" * 100], Unreachable),
        ([OK, b"Content-Encoding: gzip\r\n\r\n", b"\x1f\x8b"], Unsafe),
        ([b"SSH-2.0-OpenSSH\r\n"], Unreachable),
        ([b""], Unreachable),
        ([OK, b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"], Unreachable),
    ],
)
def test_bodies_that_lie_or_never_end(pieces, error):
    server, url = raw(*pieces)
    with server, pytest.raises(error):
        get(url, Allowed((), (url,)))


@pytest.mark.parametrize("head", [b"", OK + b"\r\n"])
def test_a_byte_at_a_time_is_cut_off(head):
    """Neither the head nor the body may take for ever, however alive they look."""
    drops = [b"H"] * 100 if not head else [b"x"] * 100
    server, url = raw(head, *drops, pause=0.1)
    started = time.monotonic()
    with server, pytest.raises(Unreachable):
        get(url, Allowed((), (url,)), seconds=0.5)
    assert time.monotonic() - started < 3


def test_tls_is_checked_against_the_name(serve, monkeypatch):
    server, url = raw(b"no tls here")
    port = int(url.rsplit(":", 1)[1])
    monkeypatch.setattr(fetching, "is_public", lambda address: True)
    real = fetching._Pinned
    monkeypatch.setattr(
        fetching, "_Pinned", lambda h, p, a, tls: real(h, port, "127.0.0.1", tls)
    )
    with server, pytest.raises(Unreachable):
        get("https://localhost/", Allowed())
