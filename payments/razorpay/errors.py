"""What a call to Razorpay can end in, with the HTTP status that the SDK drops."""

from typing import Any

import requests

from flexoraa.lib import http


class RazorpayError(Exception):
    """A call failed. `is_ambiguous` when it may have had its effect all the same:
    then nothing is sent again before somebody looked what is there."""

    is_ambiguous = False

    def __init__(self, description: str, *, status: int = 0, **details: str) -> None:
        super().__init__(description)
        self.description = description
        self.status = status
        self.code = details.get("code", "")
        self.field = details.get("field", "")
        self.reason = details.get("reason", "")

    def __str__(self) -> str:
        where = f"HTTP {self.status}" if self.status else "no answer"
        return f"{self.description or type(self).__name__} ({where})"


class NotConfigured(RazorpayError):
    """RAZORPAY_KEY_ID or RAZORPAY_KEY_SECRET is missing; nothing was sent."""


class Unreachable(RazorpayError):
    """No connection could be made: definitely not sent."""


class Unanswered(RazorpayError):
    """Sent, and then a time-out, a broken connection, a 5xx or no JSON."""

    is_ambiguous = True


class Unauthorized(RazorpayError):
    """The keys are wrong or may not do this (401, 403)."""


class RateLimited(RazorpayError):
    """429: refused for now; Razorpay says neither the rate nor when to come back
    (razorpay.com, "Understand Razorpay APIs")."""


class Refused(RazorpayError):
    """Another 4xx: Razorpay read it and will not do it."""


def of_exception(error: requests.RequestException) -> RazorpayError:
    """Whether the request can have left before the connection failed."""
    kind = Unreachable if http.was_not_sent(error) else Unanswered
    return kind(f"Razorpay did not answer: {http.words(error)}")


def of_response(response: requests.Response) -> RazorpayError | None:
    """The error in an answer, by its status; None when it is a JSON success.

    The body's `error.code` cannot be told by: a wrong key, a throttled call and a
    refused cancel all say BAD_REQUEST_ERROR.
    """
    status = response.status_code
    try:
        body: Any = response.json() if response.content else {}
    except requests.JSONDecodeError:
        kind = _kind(status) if status >= 300 else Unanswered
        return kind("Razorpay answered with something else than JSON", status=status)
    if 200 <= status < 300:
        return None
    found = body.get("error") if isinstance(body, dict) else None
    found = found if isinstance(found, dict) else {}
    description = str(found.get("description") or "")
    details = {
        name: str(found[name])
        for name in ("code", "field", "reason")
        if found.get(name)
    }
    return _kind(status)(description, status=status, **details)


def _kind(status: int) -> type[RazorpayError]:
    if status in (401, 403):
        return Unauthorized
    if status == 429:
        return RateLimited
    return Refused if 400 <= status < 500 else Unanswered
