"""Requests made from the API's own schema: sample bodies, and which ids are in them."""

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any
from uuid import uuid4

from drf_spectacular.generators import SchemaGenerator

from flexoraa.tests.routes import ABSENT, Route
from teams.back_office.reach import is_tenant

WRITES = ("post", "put", "patch")
# words of the API for rows whose table is called otherwise
MEANT = {
    "assignee": "user",
    "author": "user",
    "owner": "user",
    "owners": "user",
    "members": "user",
    "reassign_to": "user",
    "reply_to": "message",
    "into": "contact",
    "others": "contact",
}


@cache
def schema() -> dict[str, Any]:
    """The OpenAPI document, with references resolved as they are met."""
    return SchemaGenerator().get_schema(request=None, public=True)


def operation(route: Route, method: str) -> dict[str, Any]:
    """What the document says of a route's method; {} when it is not in it."""
    import re

    path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.path)
    return schema()["paths"].get(path, {}).get(method, {})


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """The part itself, whatever it refers to."""
    while "$ref" in part or "allOf" in part or "oneOf" in part or "anyOf" in part:
        if "$ref" in part:
            part = schema()["components"]["schemas"][part["$ref"].split("/")[-1]]
        else:
            options = part.get("allOf") or part.get("oneOf") or part["anyOf"]
            part = options[0]
    return part


def request_schema(route: Route, method: str) -> dict[str, Any]:
    """The body that a method takes, as JSON."""
    content = operation(route, method).get("requestBody", {}).get("content", {})
    return resolved(content.get("application/json", {}).get("schema", {}))


def sample(part: dict[str, Any], ids: "Ids", name: str = "", depth: int = 0) -> Any:
    """A value that the schema allows, with ids where it has ids."""
    part = resolved(part)
    kind = part.get("type")
    kind = (
        next((k for k in kind if k != "null"), None) if isinstance(kind, list) else kind
    )
    if "enum" in part:
        return next((value for value in part["enum"] if value), None)
    if kind == "object" and depth < 4:
        properties = part.get("properties", {})
        return {
            key: sample(value, ids, key, depth + 1)
            for key, value in properties.items()
            if not resolved(value).get("readOnly") and not value.get("readOnly")
        }
    if kind == "array":
        return [sample(part.get("items", {}), ids, name, depth + 1)]
    if part.get("format") == "uuid":
        return ids.called(name)
    formats = {
        "date-time": "2026-12-24T12:00:00Z",
        "date": "2026-12-24",
        "email": f"{uuid4().hex[:8]}@example.com",
        "uri": "https://example.com/x",
    }
    plain = {"string": "sample", "integer": 1, "number": 1, "boolean": True}
    return formats.get(part.get("format", ""), plain.get(kind or "", {}))


class Ids:
    """Public ids of one world's rows, by the words that the API has for them."""

    def __init__(self, rows: Any, fallback: str = "", is_ours: bool = True) -> None:
        self.by_name = {
            model._meta.model_name: str(row.public_id)
            for model, row in rows.made.items()
            if hasattr(row, "public_id") and (is_ours or is_tenant(model))
        }
        self.fallback = fallback

    def called(self, name: str) -> str:
        """The id for a parameter or a property of this name."""
        word = MEANT.get(name, name)
        for candidate in (word, word.removesuffix("s"), word.removesuffix("_ids")):
            if candidate in self.by_name:
                return self.by_name[candidate]
        return self.by_name.get(self.fallback, ABSENT)

    def is_known(self, name: str) -> bool:
        return self.called(name) != ABSENT


class Absent(Ids):
    """Ids of nothing."""

    def __init__(self) -> None:
        self.by_name, self.fallback = {}, ""


def swapped(
    body: Any, part: dict[str, Any], ids: Ids, name: str = ""
) -> Iterator[tuple[str, Any]]:
    """(where, body) for each id in a body, it alone replaced by another world's."""
    part = resolved(part)
    if isinstance(body, dict):
        for key, value in body.items():
            inner = part.get("properties", {}).get(key, {})
            for where, changed in swapped(value, inner, ids, key):
                yield (
                    f"{key}.{where}".rstrip("."),
                    {**copy.deepcopy(body), key: changed},
                )
    elif isinstance(body, list):
        for item in body:
            for where, changed in swapped(item, part.get("items", {}), ids, name):
                yield where, [changed]
    elif part.get("format") == "uuid":
        yield "", ids.called(name)


def uuid_parameters(route: Route) -> list[str]:
    """Query parameters of a list that name rows."""
    found = operation(route, "get").get("parameters", [])
    return [
        parameter["name"]
        for parameter in found
        if parameter["in"] == "query"
        and (
            "uuid" in str(parameter.get("schema"))
            or MEANT.get(parameter["name"], "") == "user"
        )
    ]


def parameters(route: Route) -> list[tuple[str, list[str]]]:
    """Query parameters with the values that they list; free ones have none."""
    found = operation(route, "get").get("parameters", [])
    return [
        (parameter["name"], enum_of(parameter.get("schema", {})))
        for parameter in found
        if parameter["in"] == "query"
    ]


def enum_of(part: dict[str, Any]) -> list[str]:
    part = resolved(part)
    return list(part.get("enum") or resolved(part.get("items", {})).get("enum") or [])
