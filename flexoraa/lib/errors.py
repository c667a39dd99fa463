"""Errors as problem details: one handler turns whatever was raised into one shape."""

from typing import Any

from django.db import DataError, OperationalError
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions, status
from rest_framework.response import Response


class Conflict(exceptions.APIException):
    """The row is not in a state that allows this."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"
    default_detail = "This is no longer possible in its present state."


class Unavailable(exceptions.APIException):
    """The database cannot be reached; asking again later may help."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = "The service is busy or restarting. Try again in a moment."


class ProblemFormatter(ExceptionFormatter):
    """`{"type", "errors": [{"code", "detail", "attr"}], "request_id"}`."""

    def format_error_response(self, error_response: ErrorResponse) -> Any:
        problem = super().format_error_response(error_response)
        problem["request_id"] = getattr(self.context["request"], "id", "")
        problem |= getattr(self.exc, "extra", {})  # what can be done instead
        return problem


class ProblemHandler(ExceptionHandler):
    """Database refusals of what was sent are the sender's errors, not ours."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, DataError | UnicodeError | RecursionError):
            return exceptions.ParseError("A value cannot be stored: check its size.")
        if isinstance(exc, OperationalError):
            return Unavailable()
        return super().convert_known_exceptions(exc)


def handle(exc: Exception, context: Any) -> Response | None:
    """DRF's exception handler."""
    return ProblemHandler(exc, context).run()
