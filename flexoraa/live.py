"""Where the web process sends those who ask it for the live stream."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse


def elsewhere(request: HttpRequest) -> HttpResponse:
    """To the events process on the same host, if it is there for lack of a proxy.

    EventSource follows; cookies belong to a host and not to a port, so they go along
    (with `withCredentials`).
    """
    if not settings.EVENTS_PORT:
        detail = "The proxy in front must send /events/ to the events process."
        errors = [{"code": "not_routed", "detail": detail, "attr": None}]
        problem = {"type": "server_error", "errors": errors, "request_id": request.id}
        return JsonResponse(problem, status=502)
    host = re.sub(r":\d+$", "", request.get_host())
    url = f"{request.scheme}://{host}:{settings.EVENTS_PORT}{request.get_full_path()}"
    return HttpResponseRedirect(url, status=307)
