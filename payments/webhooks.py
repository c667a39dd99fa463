"""The door for Razorpay's webhooks: authenticate, store, answer."""

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from flexoraa.lib.refusals import Refusals
from flexoraa.lib.work import Bell
from payments.models import WebhookDelivery
from payments.razorpay.signatures import EVENT_ID, SIGNATURE, is_webhook

MAX_BODY = 1024 * 1024  # Razorpay's are a few kilobytes
ROUTE = "razorpay"
bell = Bell("payments_webhooks")
refusals = Refusals("payments_refusedwebhook")


def webhook(request: HttpRequest) -> HttpResponse:
    """Raw bytes in, one row, 200; nothing is parsed before the commit.

    Razorpay takes any 2xx within 5 seconds and tries again for a day; then it switches
    the webhook off (razorpay.com, "Best practices for webhooks").
    """
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if content_length(request) > MAX_BODY:
        refusals.count(ROUTE, "too large")
        return plain("body too large", 413)
    body = request.read(MAX_BODY + 1)
    signature = request.headers.get(SIGNATURE, "")
    if not is_webhook(body, signature, settings.RAZORPAY_WEBHOOK_SECRETS):
        refusals.count(ROUTE, "signature")
        return plain("invalid signature", 401)
    event_id = request.headers.get(EVENT_ID, "")[:100]
    try:
        store(body, {SIGNATURE: signature, EVENT_ID: event_id}, event_id)
    except (DatabaseError, InterfaceError):
        refusals.count(ROUTE, "not stored")
        return plain("not stored, send it again", 503)
    return plain("EVENT_RECEIVED", 200)


def store(body: bytes, headers: dict[str, str], event_id: str) -> None:
    """Commit the delivery, with a second try on a new connection."""
    key = event_id.encode("ascii", "replace").replace(b"\0", b"?")
    try:
        WebhookDelivery.accept(ROUTE, body, headers, key)
    except (DatabaseError, InterfaceError):
        connection.close()
        WebhookDelivery.accept(ROUTE, body, headers, key)
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
