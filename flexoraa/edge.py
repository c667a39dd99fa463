"""What every answer carries, and who may ask from another origin."""

import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import structlog
from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from flexoraa.lib import logs

GetResponse = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger("flexoraa.requests")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(self)",
    # of what no page is made from; pages have a policy with a nonce from django-csp
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def hsts() -> str:
    """What tells browsers that it stays TLS; "" when it may not."""
    seconds = settings.SECURE_HSTS_SECONDS
    return f"max-age={seconds}; includeSubDomains; preload" if seconds else ""


class Headers:
    """The outermost middleware: answers of every kind, webhooks' and errors' too, carry
    these headers unless a view has said better."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.hsts = hsts()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if self.hsts and request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", self.hsts)
        return response


class EventHeaders:
    """The same for the events process, an ASGI application without Django's middleware:
    around it, so that its refusals have them too; and CORS_ORIGINS for who listens."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def tell(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", [])
                known = {name.lower() for name, _ in given}
                more = [pair for pair in _common(scope) if pair[0] not in known]
                message = {**message, "headers": [*given, *more]}
            await send(message)

        await self.application(
            scope, receive, tell if scope["type"] == "http" else send
        )


def _common(scope: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer of the events process, as ASGI has them."""
    request = ASGIRequest(scope, BytesIO())
    found = dict(HEADERS)
    if request.is_secure() and (told := hsts()):
        found["Strict-Transport-Security"] = told
    origin = request.headers.get("Origin", "")
    if origin in settings.CORS_ORIGINS:
        found["Access-Control-Allow-Origin"] = origin
        found["Access-Control-Allow-Credentials"] = "true"
    return [
        (name.lower().encode(), value.encode("latin-1"))
        for name, value in found.items()
    ]


class Policies:
    """Loosens the policy where a page of others needs it, and nowhere else: unfold's
    admin runs Alpine, which evaluates what attributes say; Swagger UI styles itself."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(settings.ADMIN_PREFIX):
            more = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}
            response._csp_update = getattr(response, "_csp_update", None) or more
        elif request.path_info == settings.DOCS_PATH:
            response._csp_update = {"style-src": [UNSAFE_INLINE]}
        return response


class CrossOrigin:
    """Closed, unless CORS_ORIGINS names a page's origin to the letter.

    Only the API and the event stream are opened, with the session's cookie: never "*",
    never "null". The same origin also has to be in CSRF_TRUSTED_ORIGINS to write.
    """

    PREFIXES = ("/api/", "/events/", "/_allauth/")
    METHODS = "GET, POST, PUT, PATCH, DELETE"
    NAMES = "content-type, x-csrftoken, idempotency-key, if-match, last-event-id"
    SHOWN = "etag, x-request-id, idempotent-replayed, retry-after"

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        allowed = settings.CORS_ORIGINS
        if not allowed or not request.path_info.startswith(self.PREFIXES):
            return self.get_response(request)
        origin = request.headers.get("Origin", "")
        is_allowed = origin in allowed
        is_question = (
            request.method == "OPTIONS"
            and "Access-Control-Request-Method" in request.headers
        )
        if is_allowed and is_question:
            response = HttpResponse(status=204)
            response["Access-Control-Allow-Methods"] = self.METHODS
            response["Access-Control-Allow-Headers"] = self.NAMES
            response["Access-Control-Max-Age"] = "600"
        else:
            response = self.get_response(request)
        patch_vary_headers(response, ["Origin"])
        if is_allowed:
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Allow-Credentials"] = "true"
            response["Access-Control-Expose-Headers"] = self.SHOWN
        return response


class RequestLog:
    """One line a request: which route (not which address: some have tokens in them),
    how it ended, how long it took, whose it was. Every line meanwhile has its ids."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        logs.unbind_all()
        logs.bind(request_id=request.id)
        started = time.monotonic()
        response = self.get_response(request)
        match = request.resolver_match
        actor = getattr(request, "actor", None)
        log.info(
            "request",
            method=request.method,
            route=match.route if match else "",
            status=response.status_code,
            ms=round((time.monotonic() - started) * 1000, 1),
            user=actor.user_id if actor else None,
            door=actor.door if actor else None,
        )
        logs.unbind_all()
        return response
