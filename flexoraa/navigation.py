"""The back office's sidebar."""

from django.http import HttpRequest


def sidebar(request: HttpRequest) -> list:
    return []
