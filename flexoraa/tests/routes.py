"""Every route of the project, with an address of it."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, get_resolver

ABSENT = "01900000-0000-7000-8000-000000000000"
SAMPLES = {"uuid": ABSENT, "int": "999999999", "slug": "acme", "str": "x", "path": "x"}


class Route(NamedTuple):
    """A line of the URLconf: its whole pattern and its view."""

    path: str
    view: Any


def walk(patterns: Any = None, prefix: str = "") -> Iterator[Route]:
    """Every line, those of included URLconfs too."""
    for item in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(item.pattern)
        if isinstance(item, URLPattern):
            yield Route(path, item.callback)
        else:
            yield from walk(item.url_patterns, path)


ROUTES = list(walk())


def sample_url(route: Route, **values: Any) -> str:
    """An address that the route takes; of rows that are not there, unless given."""

    def fill(match: re.Match[str]) -> str:
        kind, _, name = match[1].rpartition(":")
        return str(values.get(name, SAMPLES.get(kind or "str", "x")))

    path = re.sub(r"<([^>]+)>", fill, route.path)
    return "/" + re.sub(r"\(\?P?[^)]*\)|[\^$\\]", "", path)
