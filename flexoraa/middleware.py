"""What happens to a request before Django's own middleware sees it."""

import re
import uuid
from collections.abc import Callable

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject

from flexoraa.lib import clean
from flexoraa.lib.acting import Actor, acting

GetResponse = Callable[[HttpRequest], HttpResponse]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class WebhooksFirst:
    """Webhooks go straight to their view: no session, CSRF, language or static files.

    Providers call them by the hundred per second and none of that is for them; the
    door measures within a tenth of a bare view (`make bench`).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(settings.WEBHOOK_PREFIX):
            return self.get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        response = match.func(request, *match.args, **match.kwargs)
        response["X-Content-Type-Options"] = "nosniff"
        return response


class RequestIds:
    """Each request has an id, the proxy's when it sent a sane one; answers carry it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        response = self.get_response(request)
        response["X-Request-ID"] = request.id
        return response


DOORS = (
    ("/api/", "api"),
    ("/admin/", "back office"),
    ("/_allauth/", "sign-in"),
    ("/account/", "sign-in"),
)


class RequestActor(Actor):
    """Who sent a request, as soon as anybody has looked who it is."""

    def __init__(self, request: HttpRequest) -> None:
        path = request.path_info
        self.door = next((name for at, name in DOORS if path.startswith(at)), "web")
        self.request_id = request.id
        self._request = request

    @property
    def user_id(self) -> int | None:
        """Asks nobody: to find out who it is can itself write to the session."""
        user = self._request.__dict__.get("user")
        if type(user) is SimpleLazyObject:
            user = getattr(self._request, "_cached_user", None)
        return user.pk if user is not None else None


class Acting:
    """What a request writes is put down to who sent it (flexoraa/lib/acting.py)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = RequestActor(request)
        with acting(request.actor):
            return self.get_response(request)


class CleanBodies:
    """JSON for sign-in is read by allauth, which knows nothing of our parser: the same
    rules, once more. What is no clean JSON is 400."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/_allauth/") and request.body:
            try:
                request._body = orjson.dumps(clean.loads(request.body))
            except clean.Unreadable as error:
                problem = {"code": "parse_error", "message": f"The body is {error}"}
                return JsonResponse({"status": 400, "errors": [problem]}, status=400)
        return self.get_response(request)
