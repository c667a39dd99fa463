"""What a bulk operation sets, as SQL: for the plan, for applying it, for undoing it.

A change of a lead is two JSON objects, before and after, with the fields that differ.
Each field here knows how to write and to take back its part of them; a value that
somebody has changed since is never taken back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from leads.models.leads import MOST_TAGS

COLUMNS = {
    "stage": ("stage_id", "bigint"),
    "owner": ("owner_id", "bigint"),
    "campaign": ("campaign_id", "bigint"),
    "source": ("source", "text"),
    "value_paise": ("value_paise", "bigint"),
    "currency": ("currency", "text"),
    "consent": ("consent", "text"),
    "lost_reason": ("lost_reason", "text"),
    "name": ("name", "text"),
    "phone": ("phone", "text"),
    "email": ("email", "text"),
    "company": ("company", "text"),
    "external_id": ("external_id", "text"),
}


@dataclass(frozen=True, slots=True)
class Changes:
    """What to set: columns by name (rows by primary key), tags, custom fields (None
    clears one), and owners by place for an assignment.

    `fill_owner_only` leaves leads that have an owner with them.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)
    owners: tuple[int, ...] = ()
    fill_owner_only: bool = False

    @property
    def fields(self) -> list[str]:
        """The names of what may change."""
        names = list(self.values)
        names += ["owner"] if self.owners and "owner" not in names else []
        names += ["tags"] if self.add_tags or self.remove_tags else []
        return names + (["custom"] if self.custom else [])


class Sql:
    """A piece of SQL with its parameters, put together from left to right."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.params: list[Any] = []

    def add(self, text: str, *params: Any) -> None:
        self.parts.append(text)
        self.params += params

    def joined(self, glue: str = " || ") -> str:
        return glue.join(self.parts) or "'{}'::jsonb"


def sides(changes: Changes) -> tuple[Sql, Sql]:
    """Before and after of the row `l`, as jsonb; equal fields are in neither.

    `l.place` counts the leads that get an owner from `changes.owners`.
    """
    before, after = Sql(), Sql()
    for name, value in changes.values.items():
        column, kind = COLUMNS[name]
        differs = f"CASE WHEN l.{column} IS DISTINCT FROM %s::{kind} THEN"
        old = f"jsonb_build_object('{name}', l.{column})"
        if name == "stage":  # what the database derives from it comes back with it
            old = (
                "jsonb_build_object('stage', l.stage_id, 'closed_at', l.closed_at, "
                "'lost_reason', l.lost_reason)"
            )
        before.add(f"{differs} {old} ELSE '{{}}' END", value)
        after.add(
            f"{differs} jsonb_build_object('{name}', %s::{kind}) ELSE '{{}}' END",
            value,
            value,
        )
    if changes.owners:
        _owner_sides(changes, before, after)
    if changes.add_tags or changes.remove_tags:
        _tag_sides(changes, before, after)
    if changes.custom:
        _custom_sides(changes, before, after)
    return before, after


def _owner_sides(changes: Changes, before: Sql, after: Sql) -> None:
    owner = "(%s::bigint[])[l.place]"
    differs = f"CASE WHEN {owner} <> coalesce(l.owner_id, 0) THEN"
    owners = list(changes.owners)
    before.add(
        f"{differs} jsonb_build_object('owner', l.owner_id) ELSE '{{}}' END", owners
    )
    after.add(
        f"{differs} jsonb_build_object('owner', {owner}) ELSE '{{}}' END",
        owners,
        owners,
    )


def _tag_sides(changes: Changes, before: Sql, after: Sql) -> None:
    add, remove = list(changes.add_tags), list(changes.remove_tags)
    differs = "CASE WHEN NOT l.tags @> %s::varchar[] OR l.tags && %s::varchar[] THEN"
    before.add(
        f"{differs} jsonb_build_object('tags', l.tags) ELSE '{{}}' END", add, remove
    )
    after.add(
        f"{differs} jsonb_build_object('tags', jsonb_build_object("
        "'add', ARRAY(SELECT t FROM unnest(%s::varchar[]) t WHERE t <> ALL(l.tags)), "
        "'remove', ARRAY(SELECT t FROM unnest(%s::varchar[]) t WHERE t = ANY(l.tags))"
        ")) ELSE '{}' END",
        add,
        remove,
        add,
        remove,
    )


def _custom_sides(changes: Changes, before: Sql, after: Sql) -> None:
    given = orjson.dumps(dict(changes.custom)).decode()
    chosen = (
        "coalesce((SELECT jsonb_build_object('custom', jsonb_object_agg(g.key, {})) "
        "FROM jsonb_each(%s::jsonb) g "
        "WHERE coalesce(l.custom -> g.key, 'null') <> g.value "
        "HAVING count(*) > 0), '{{}}')"
    )
    before.add(chosen.format("coalesce(l.custom -> g.key, 'null')"), given)
    after.add(chosen.format("g.value"), given)


TOO_MANY_TAGS = (
    "cardinality(l.tags) + jsonb_array_length(c.after #> '{tags,add}') "
    f"- jsonb_array_length(c.after #> '{{tags,remove}}') > {MOST_TAGS}"
)

TAGS_AFTER = (
    "ARRAY(SELECT t FROM unnest(l.tags) t "
    "WHERE NOT coalesce(c.after #> '{{tags,{remove}}}', '[]') ? t) || "
    "ARRAY(SELECT t::varchar FROM jsonb_array_elements_text("
    "coalesce(c.after #> '{{tags,{add}}}', '[]')) t WHERE t <> ALL(l.tags))"
)


def assignments(fields: Iterable[str]) -> str:
    """The SET clause that writes the changes `c` to the leads `l`."""
    found = []
    for name in fields:
        if name == "tags":
            found.append(f"tags = {TAGS_AFTER.format(remove='remove', add='add')}")
        elif name == "custom":
            found.append(
                "custom = jsonb_strip_nulls(l.custom || "
                "coalesce(c.after -> 'custom', '{}'))"
            )
        else:
            column, kind = COLUMNS[name]
            found.append(
                f"{column} = CASE WHEN c.after ? '{name}' "
                f"THEN (c.after ->> '{name}')::{kind} ELSE l.{column} END"
            )
    return ", ".join(found)


def _stands(name: str) -> str:
    """Whether the lead still has what the operation wrote there."""
    column, kind = COLUMNS[name]
    return (
        f"c.after ? '{name}' AND "
        f"l.{column} IS NOT DISTINCT FROM (c.after ->> '{name}')::{kind}"
    )


CUSTOM_STANDING = (
    "(SELECT coalesce(jsonb_object_agg(a.key, c.before #> ARRAY['custom', a.key]), "
    "'{}') FROM jsonb_each(coalesce(c.after -> 'custom', '{}')) a "
    "WHERE coalesce(l.custom -> a.key, 'null') = a.value)"
)


def restorations(fields: Iterable[str]) -> str:
    """The SET clause that takes the changes back where they still stand."""
    found = []
    names = list(fields)
    for name in names:
        if name == "tags":
            found.append(f"tags = {TAGS_AFTER.format(remove='add', add='remove')}")
        elif name == "custom":
            found.append(f"custom = jsonb_strip_nulls(l.custom || {CUSTOM_STANDING})")
        elif name == "lost_reason" and "stage" in names:
            continue  # the stage brings its own back
        else:
            column, kind = COLUMNS[name]
            found.append(_restored(column, kind, name, name))
    if "stage" in names:
        found.append(_restored("closed_at", "timestamptz", "closed_at", "stage"))
        found.append(_restored("lost_reason", "text", "lost_reason", "stage"))
    return ", ".join(found)


def _restored(column: str, kind: str, key: str, judge: str) -> str:
    return (
        f"{column} = CASE WHEN {_stands(judge)} "
        f"THEN (c.before ->> '{key}')::{kind} ELSE l.{column} END"
    )


def conflicts(fields: Iterable[str]) -> str:
    """A jsonb array with the names of what somebody has changed since."""
    found = []
    for name in fields:
        if name == "custom":
            found.append(
                "coalesce((SELECT jsonb_agg('custom.' || a.key) FROM "
                "jsonb_each(coalesce(c.after -> 'custom', '{}')) a "
                "WHERE coalesce(l.custom -> a.key, 'null') <> a.value), '[]')"
            )
        elif name != "tags":  # a tag that went or came back needs no undoing
            found.append(
                f"CASE WHEN c.after ? '{name}' AND NOT ({_stands(name)}) "
                f"THEN '[\"{name}\"]'::jsonb ELSE '[]' END"
            )
    return " || ".join(found) or "'[]'::jsonb"
