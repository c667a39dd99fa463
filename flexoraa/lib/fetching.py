"""Files from addresses that strangers name, without being led anywhere by them.

The name is looked up once, every address that it has is checked, and the connection
goes to the very address that was checked, so a name that means something else a moment
later leads nowhere. Only https to hosts that are expected; redirects take the same
way; tokens go to named hosts only; size and time are limited as a whole.
"""

import contextlib
import http.client
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from functools import cache
from typing import BinaryIO, NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

import certifi

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 10.0  # that a server may take for its next bytes
TOTAL_SECONDS = 120.0
MOST_REDIRECTS = 3
REDIRECTS = frozenset((301, 302, 303, 307, 308))
CHUNK = 64 * 1024

# Global by the registries' word, and yet ways to addresses that are not: NAT64, 6to4,
# Teredo carry an IPv4 address inside
TUNNELS = [
    ipaddress.ip_network(net)
    for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
]


class Unsafe(Exception):
    """The address leads where it must not, or what came is more than was agreed."""


class TooLarge(Unsafe):
    """There is more of it than was agreed."""


class Unreachable(Exception):
    """No answer, a broken one, or one that took too long; it may come another time."""


class Allowed(NamedTuple):
    """Where a fetch may go. `hosts` are names and what is below them, none for any;
    `trusted` are origins such as "http://127.0.0.1:8080" that need no check at all
    (a sandbox of ours)."""

    hosts: Collection[str] = ()
    trusted: Collection[str] = ()

    def check(self, url: str) -> SplitResult:
        """The parsed address. Raises Unsafe."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise Unsafe("The address cannot be read.") from error
        if origin_of(parts) in self.trusted:
            return parts
        if parts.scheme != "https" or not host:
            raise Unsafe("Only https addresses are fetched.")
        if parts.username or parts.password or parts.port not in (None, 443):
            raise Unsafe("The address names a user or a port.")
        if self.hosts and not is_below(host, self.hosts):
            raise Unsafe(f"{host[:100]} is not a host that files come from.")
        return parts


class Fetched(NamedTuple):
    """What a server said; the body went to the file."""

    status: int
    content_type: str
    size: int


def fetch(
    url: str,
    into: BinaryIO,
    *,
    allowed: Allowed,
    max_bytes: int,
    headers: Mapping[str, str] | None = None,
    private: Collection[str] = (),
    seconds: float = TOTAL_SECONDS,
) -> Fetched:
    """GET a file; answers other than 200 write nothing.

    `headers` (a token) go only to `private` hosts and to trusted origins. Raises
    Unsafe, TooLarge or Unreachable.
    """
    deadline = time.monotonic() + seconds
    for _ in range(MOST_REDIRECTS + 1):
        parts = allowed.check(url)
        is_trusted = origin_of(parts) in allowed.trusted
        is_private = is_trusted or is_below(parts.hostname or "", private)
        told = dict(headers or {}) if is_private else {}
        answer = _get(parts, is_trusted, told, into, max_bytes, deadline)
        if isinstance(answer, Fetched):
            return answer
        url = urljoin(url, answer)
    raise Unsafe("The address leads from one to the next.")


def origin_of(parts: SplitResult) -> str:
    """Scheme, host and port as one word."""
    return f"{parts.scheme}://{parts.netloc}".lower()


def is_below(host: str, names: Collection[str]) -> bool:
    """Whether the host is one of these, or below one."""
    host = host.lower().rstrip(".")
    return any(host == name or host.endswith(f".{name}") for name in names)


def is_public(text: str) -> bool:
    """Whether an address is one of the open internet, in every reading of it."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public(str(address.ipv4_mapped))
        if any(address in net for net in TUNNELS):
            return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
    )


def resolve(host: str, port: int) -> list[str]:
    """The addresses that a name has. Raises Unreachable."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("The name of the server is not known.") from error
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def _get(
    parts: SplitResult,
    is_trusted: bool,
    headers: Mapping[str, str],
    into: BinaryIO,
    max_bytes: int,
    deadline: float,
) -> Fetched | str:
    """One request: what came, or where it is instead."""
    host, port = parts.hostname or "", parts.port or 443
    addresses = resolve(host, port)
    if not is_trusted and not all(map(is_public, addresses)):
        raise Unsafe("The server's address is not a public one.")
    link = _Pinned(host, port, addresses[0], parts.scheme == "https")
    link.timeout = min(CONNECT_SECONDS, max(0.1, deadline - time.monotonic()))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    watch = threading.Timer(max(0.1, deadline - time.monotonic()), link.cut)
    watch.start()
    try:
        link.request("GET", path, headers={"Accept-Encoding": "identity", **headers})
        with link.getresponse() as answer:
            return _read(answer, into, max_bytes, deadline)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"The server gave no whole answer: {error!r:.100}") from error
    finally:
        watch.cancel()
        link.close()


def _read(
    answer: http.client.HTTPResponse, into: BinaryIO, max_bytes: int, deadline: float
) -> Fetched | str:
    kind = answer.headers.get("Content-Type", "")
    if answer.status in REDIRECTS and (place := answer.headers.get("Location")):
        return place
    if answer.status != http.client.OK:
        return Fetched(answer.status, kind, 0)
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise Unsafe("The server packed the file, unasked.")
    if (answer.length or 0) > max_bytes:
        raise TooLarge(f"The file is larger than {max_bytes} bytes.")
    size, expected = 0, answer.length
    while chunk := answer.read1(CHUNK):
        size += len(chunk)
        if size > max_bytes:
            raise TooLarge(f"The file is larger than {max_bytes} bytes.")
        if time.monotonic() > deadline:
            raise Unreachable("The file came too slowly.")
        into.write(chunk)
    if expected is not None and size < expected:
        raise Unreachable("The file broke off.")
    return Fetched(answer.status, kind, size)


class _Pinned(http.client.HTTPConnection):
    """A connection for a name, to an address that was looked at before."""

    def __init__(self, host: str, port: int, address: str, is_tls: bool) -> None:
        super().__init__(host, port)
        self._address, self._is_tls = address, is_tls
        self.default_port = 443 if is_tls else 80

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._is_tls:
            self.sock = _trust().wrap_socket(self.sock, server_hostname=self.host)
        self.sock.settimeout(SILENCE_SECONDS)

    def cut(self) -> None:
        """Time is up: whatever waits on the socket ends."""
        with contextlib.suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


@cache
def _trust() -> ssl.SSLContext:
    """Of the authorities that requests trusts, too."""
    return ssl.create_default_context(
        cafile=os.environ.get("SSL_CERT_FILE") or certifi.where()
    )
