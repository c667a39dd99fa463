"""The webhook door: authenticate, store, answer. It names no provider."""

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from flexoraa.lib.refusals import Refusals
from flexoraa.lib.work import Bell
from inbox.adapters import ADAPTERS
from inbox.models import WebhookDelivery

MAX_BODY = 4 * 1024 * 1024  # WhatsApp's largest is 3 MB
bell = Bell("inbox_webhooks")
refusals = Refusals("inbox_refusedwebhook")


def webhook(request: HttpRequest, channel: str) -> HttpResponse:
    """One channel's webhook; 200 to a POST means that the bytes are on disk.

    A function, since Django's class-based views are reference cycles: each would hold
    its request with a body of megabytes until the garbage collector comes by.
    """
    if request.method == "POST":
        return receive(request, channel)
    if request.method == "GET":
        return shake_hands(request, channel)
    return HttpResponseNotAllowed(["GET", "POST"])


def shake_hands(request: HttpRequest, channel: str) -> HttpResponse:
    """The subscription handshake."""
    challenge = ADAPTERS[channel].challenge(request.GET)
    if challenge is None:
        refusals.count(channel, "handshake")
        return plain("wrong verify token", 403)
    return plain(challenge, 200)


def receive(request: HttpRequest, channel: str) -> HttpResponse:
    """Raw bytes in, one row, 200; nothing is parsed before the commit."""
    if content_length(request) > MAX_BODY:
        refusals.count(channel, "too large")
        return plain("body too large", 413)
    adapter, body = ADAPTERS[channel], request.read(MAX_BODY + 1)
    if not adapter.is_authentic(request.headers, body):
        refusals.count(channel, "signature")
        return plain("invalid signature", 401)
    kept = {name: request.headers.get(name, "") for name in adapter.kept_headers}
    try:
        store(channel, body, kept, adapter.fairness_key(body))
    except (DatabaseError, InterfaceError):
        return plain("not stored, send it again", 503)
    return plain("EVENT_RECEIVED", 200)


def store(channel: str, body: bytes, headers: dict[str, str], key: bytes) -> None:
    """Commit the delivery, with a second try on a new connection: a connection that
    was idle during a restart of the database only shows it now. If the first try did
    commit, the body is there twice and its messages once."""
    try:
        WebhookDelivery.accept(channel, body, headers, key)
    except (DatabaseError, InterfaceError):
        connection.close()
        WebhookDelivery.accept(channel, body, headers, key)
    bell.ring()


def content_length(request: HttpRequest) -> int:
    """What the client says it sends; the server reads no more than that."""
    try:
        return int(request.headers.get("Content-Length") or 0)
    except ValueError:
        return 0


def plain(text: str, status: int) -> HttpResponse:
    """A constant text: what is wrong with a signature is nobody's business."""
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
