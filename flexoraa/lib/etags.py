"""Entity tags: a hash of what a detail read answers; If-Match against lost writes."""

import hashlib
from typing import Any

import orjson
from django.utils.http import parse_etags
from rest_framework import exceptions, status
from rest_framework.response import Response


class PreconditionFailed(exceptions.APIException):
    """The row changed since the sender read it."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "precondition_failed"
    default_detail = "This has changed since you read it: read it again."


def tag_of(answer: Any) -> str:
    """The strong ETag of an answer: any change of it gives another one."""
    body = orjson.dumps(answer, default=str, option=orjson.OPT_SORT_KEYS)
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


class Tagged:
    """Goes before ReadsRows in a viewset, whose detail answers then carry an ETag."""

    request: Any
    get_object: Any
    representation: Any

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return self.tagged(self.get_object())

    def tagged(self, instance: Any) -> Response:
        """The row as the answer, with its ETag."""
        answer = self.representation(instance.pk)
        return Response(answer, headers={"ETag": self.tag(answer)})

    def tag(self, answer: Any) -> str:
        """The ETag of an answer; rows that count their versions have a shorter one."""
        return tag_of(answer)

    def check_if_match(self, instance: Any) -> None:
        """Refuse a change that was made for an older state of this (locked) row."""
        header = self.request.headers.get("If-Match")
        if header is None:
            return
        wanted = parse_etags(header)
        if wanted != ["*"] and self.tag(self.representation(instance.pk)) not in wanted:
            raise PreconditionFailed
