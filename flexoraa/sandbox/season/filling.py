"""Many rows of one workspace in one statement, of a model named as a string."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.apps import apps

from flexoraa.lib import sets
from flexoraa.lib.ids import uuid7


def insert(
    model: str,
    workspace: Any,
    rows: Iterable[Mapping[str, Any]],
    returning: Sequence[str] = (),
) -> list[tuple]:
    """Insert them, with ids to show where the table has them; what RETURNING gives, in
    the order of the rows."""
    found = apps.get_model(model)
    is_shown = any(field.name == "public_id" for field in found._meta.fields)
    filled = [
        {
            "workspace_id": workspace.pk,
            **({"public_id": uuid7()} if is_shown else {}),
            **row,
        }
        for row in rows
    ]
    return sets.insert(found, filled, returning=returning)
