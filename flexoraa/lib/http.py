"""Calls to other people's servers: pooled connections, time-outs, and what may be
concluded from a call that failed."""

import os
import ssl
import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson
import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from flexoraa.lib import clean

CONNECT_SECONDS = 3.05  # a little above the first retransmission of a SYN
READ_SECONDS = 20.0
IDLE_SECONDS = 30.0  # servers close connections that nobody used for longer
JSON = {"Content-Type": "application/json"}

_local = threading.local()


class CallFailed(Exception):
    """There is no answer. The text says why, in words that may be shown."""


class NotSent(CallFailed):
    """Nobody can have acted on it: no name, no connection, or no trust in the other
    side, before a byte of the request was written. It may be sent again."""


class Ambiguous(CallFailed):
    """It may have been acted on: it was written, at least in part, and then came no
    answer that can be read. Only who knows what it does may send it again."""


class Answer(NamedTuple):
    """What a server said, whatever the status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as clean JSON; None when it is none."""
        try:
            return clean.loads(self.body)
        except clean.Unreadable:
            return None


def call(
    method: str,
    url: str,
    *,
    json: Any = None,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    data: Mapping[str, Any] | None = None,
    files: Mapping[str, Any] | None = None,
    read_seconds: float = READ_SECONDS,
) -> Answer:
    """Make one call and read the whole answer. Connections are kept, one set for each
    thread, and used again for as long as they are fresh.

    Redirects are answers, not followed: a token goes where it was sent and nowhere
    else. Raises NotSent or Ambiguous.
    """
    body: Any = data
    told = dict(headers or {})
    if json is not None:
        body, told = orjson.dumps(json), {**JSON, **told}
    try:
        response = session().request(
            method,
            url,
            params=params,
            data=body,
            files=files,
            headers=told,
            timeout=(CONNECT_SECONDS, read_seconds),
            allow_redirects=False,
            proxies=_proxies(urlsplit(url).netloc),
        )
    except requests.RequestException as error:
        raise (NotSent if was_not_sent(error) else Ambiguous)(words(error)) from error
    return Answer(response.status_code, response.headers, response.content)


def session() -> requests.Session:
    """This thread's session; a new one after a fork or a long pause."""
    now, pid = time.monotonic(), os.getpid()
    found = getattr(_local, "session", None)
    if found is None or _local.pid != pid or now - _local.used > IDLE_SECONDS:
        found = _local.session = requests.Session()
        found.trust_env = False  # else .netrc is looked for at each call
        adapter = HTTPAdapter(pool_connections=8, pool_maxsize=8, max_retries=0)
        found.mount("https://", adapter)
        found.mount("http://", adapter)
        _local.pid = pid
    _local.used = now
    return found


def was_not_sent(error: BaseException) -> bool:
    """Whether it is sure that nothing of the request was written.

    The reason is at the bottom of what urllib3 and requests wrapped around it. A
    certificate is looked at before the first byte; other TLS errors come at any time.
    """
    cause: BaseException | None = error
    seen: list[BaseException] = []
    while cause is not None and cause not in seen:
        if isinstance(
            cause,
            NewConnectionError | ConnectTimeoutError | ssl.SSLCertVerificationError,
        ):
            return True
        seen.append(cause)
        reason = getattr(cause, "reason", None)
        inner = next((a for a in cause.args if isinstance(a, BaseException)), None)
        cause = reason if isinstance(reason, BaseException) else inner
    return False


def words(error: requests.RequestException) -> str:
    """What went wrong, without addresses: those may hold tokens."""
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "no trusted connection"
    if was_not_sent(error):
        return "no connection"
    return "the connection broke off"


@cache
def _proxies(netloc: str) -> dict[str, str]:
    """The proxies that the environment names for a host; looked up once."""
    return get_environ_proxies(f"https://{netloc}")
