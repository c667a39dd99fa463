"""The header Idempotency-Key: an action that a client may repeat without harm."""

import functools
import hashlib
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from flexoraa.lib.errors import Conflict
from teams.models import IdempotencyKey

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
Action = Callable[..., Response]


class KeyReused(exceptions.APIException):
    """The same key came with something else."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "key_reused"
    default_detail = (
        "This Idempotency-Key was used for another request: make a new key for each."
    )


class StillRunning(Conflict):
    """The first request with this key has not been answered yet."""

    default_code = "still_running"
    default_detail = "The first request with this key is still running: ask again soon."


def idempotent(*, atomic: bool = True, required: bool = True) -> Callable:
    """For an action of a viewset: one effect for each Idempotency-Key of a user.

    The answer is kept for 48 hours, by the transaction that holds the effect, and
    given again with `Idempotent-Replayed: true`. The same key with another method,
    path or body is 422; while the first still runs, 409. A request that was refused
    (4xx) or failed leaves its key free.

    `atomic=False` is for actions that call the outside: they commit by themselves, and
    a crash right before their answer is kept leaves it to their own unique keys that
    the repetition does nothing.
    """

    def decorate(action: Action) -> Action:
        @functools.wraps(action)
        def once(view: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            key = _key_of(request, required=required)
            if not key:
                return action(view, request, *args, **kwargs)
            row = IdempotencyKey.objects.claim(
                workspace=getattr(view, "workspace", None),
                user=request.user,
                key=key,
                fingerprint=_fingerprint(request),
            )
            if not row.is_mine:
                return _again(row, request)
            try:
                return _run(view, row, atomic, action, request, *args, **kwargs)
            except BaseException:
                row.release()
                raise

        return extend_schema(
            parameters=[
                OpenApiParameter(
                    HEADER,
                    OpenApiTypes.STR,
                    OpenApiParameter.HEADER,
                    required=required,
                    description="Any text of up to 255 characters, new for each thing "
                    "to do, the same when it is tried again. Kept for 48 hours.",
                )
            ]
        )(once)

    return decorate


def _key_of(request: Any, *, required: bool) -> str:
    key = request.headers.get(HEADER, "")
    if not key and required:
        raise exceptions.ValidationError(
            {HEADER: ["Send this header: any text, new for each thing to do."]},
            code="required",
        )
    if len(key) > 255 or not key.isprintable():
        raise exceptions.ValidationError(
            {HEADER: ["Up to 255 printable characters."]}, code="invalid"
        )
    return key


def _fingerprint(request: Any) -> bytes:
    """What was asked: method, path with query, body."""
    asked = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if not request.content_type.startswith("multipart/"):
        asked.update(request.body)
        return asked.digest()
    for name, values in sorted(request.data.lists()):
        for value in values:
            asked.update(f"\n{name}=".encode(errors="replace"))
            if hasattr(value, "chunks"):
                for chunk in value.chunks():
                    asked.update(chunk)
                value.seek(0)
            else:
                asked.update(value.encode(errors="replace"))
    return asked.digest()


def _again(row: IdempotencyKey, request: Any) -> HttpResponse:
    """The answer to somebody who comes second."""
    if bytes(row.fingerprint) != _fingerprint(request):
        raise KeyReused
    if row.status is None:
        raise StillRunning
    return HttpResponse(
        row.body,
        status=row.status,
        content_type="application/json",
        headers={REPLAYED: "true"},
    )


def _run(
    view: Any,
    row: IdempotencyKey,
    atomic: bool,
    action: Action,
    *args: Any,
    **kwargs: Any,
) -> Response:
    if not atomic:
        response = action(view, *args, **kwargs)
        _keep(row, response)
        return response
    with transaction.atomic():
        response = action(view, *args, **kwargs)
        if not _keep(row, response):
            raise StillRunning
    return response


def _keep(row: IdempotencyKey, response: Response) -> bool:
    if response.status_code >= status.HTTP_400_BAD_REQUEST:
        row.release()
        return True
    body = JSONRenderer().render(response.data).decode()
    return row.finish(response.status_code, body)
