"""Who is behind what is written: told to the database with each writing statement.

Triggers read it there (teams/audit.py), so that rows written by a queryset, a bulk
statement or a raw one are all put down to somebody.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import orjson
from django.db import connection

SETTING = "flexoraa.acting"  # of the transaction; JSON {door, user, request_id}
WRITES = ("insert", "update", "delete", "with", "merge")


class Actor:
    """By which door, at which request, and who: a user's primary key, once known."""

    user_id: int | None

    def __init__(
        self, door: str, *, user_id: int | None = None, request_id: str = ""
    ) -> None:
        self.door = door
        self.user_id = user_id
        self.request_id = request_id


_now: ContextVar[Actor | None] = ContextVar("acting", default=None)


@contextlib.contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """What is written inside is the actor's, on this thread's connection. May be
    nested: the inner one counts, then the outer one again."""
    outer = _now.get()
    token = _now.set(actor)
    try:
        if outer is not None:
            yield actor
        else:
            with connection.execute_wrapper(_tell):
                yield actor
    finally:
        _now.reset(token)


def _tell(
    execute: Callable, sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Say who it is in front of a statement that writes, in the same round trip."""
    actor = _now.get()
    if actor is None or not sql.lstrip()[:6].lower().startswith(WRITES):
        return execute(sql, params, many, context)
    who = orjson.dumps(
        {"door": actor.door, "user": actor.user_id, "request_id": actor.request_id}
    ).decode()
    if many:
        cursor = context["cursor"].cursor
        cursor.execute(f"SELECT set_config('{SETTING}', %s, true)", [who])
        return execute(sql, params, many, context)
    if params is None:
        sql = sql.replace("%", "%%")
    given: Any = (who, *(params or ()))
    told = "%s"
    if isinstance(params, dict):
        given, told = {**params, SETTING: who}, f"%({SETTING})s"
    cursor = execute(
        f"SELECT set_config('{SETTING}', {told}, true); {sql}", given, many, context
    )
    while cursor is not None and cursor.nextset():  # to the statement's own result
        pass
    return cursor
