"""The OpenAPI document, where it cannot be read from the code."""

from typing import Any

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin


class OurSessionScheme(SessionScheme):
    """Our session authentication is Django's cookie like any other."""

    target_class = "flexoraa.lib.api.SessionAuthentication"


class ErrorSerializer(serializers.Serializer):
    """One thing that is wrong; `attr` is the field or parameter."""

    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


# what flexoraa.lib.errors makes of whatever was raised
PROBLEM = inline_serializer(
    "Problem",
    {
        "type": serializers.CharField(),
        "errors": ErrorSerializer(many=True),
        "request_id": serializers.CharField(),
    },
)


class Schema(AutoSchema):
    """Whatever is no success is a problem."""

    def _is_list_view(self, serializer: Any = None) -> bool:
        """A report is one object, although its viewset calls reading it `list`."""
        view: Any = self.view
        pages = getattr(view, "pagination_class", None)
        is_one = pages is None and not isinstance(view, ListModelMixin)
        return super()._is_list_view(serializer) and not is_one

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        problem = self._get_response_for_code(PROBLEM, "default")
        return {**bodies, "default": problem | {"description": "A problem"}}
