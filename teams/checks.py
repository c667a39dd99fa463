"""Start-up checks: the wall between workspaces in the database has no hole."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.db import models

from teams.tenant_keys import TenantKey, key_of, relations


@register("models")
def relations_stay_in_their_workspace(**options: Any) -> list[CheckMessage]:
    """Each relation between rows of workspaces has its composite key."""
    return [message for model, field in relations() for message in faults(model, field)]


def faults(
    model: type[models.Model], field: models.ForeignKey
) -> Iterator[CheckMessage]:
    """What a relation lacks."""
    table = model._meta.db_table
    key = key_of(model, field.name)
    if key is None:
        line = f'TenantKey("{field.name}", name="{table}_{field.name}_whose")'
        yield Error(
            f"{model._meta.label}.{field.name} may point into another workspace.",
            hint=f"Add {line} to its constraints (teams/tenant_keys.py).",
            obj=model,
            id="teams.E010",
        )
    key = key or TenantKey(field.name, name="")
    if key.field != field.name:
        return  # part of another relation's key, which is looked at in its turn
    parent = field.related_model
    if not any(
        isinstance(constraint, models.UniqueConstraint)
        and constraint.fields == key.parent_fields()
        and constraint.condition is None
        for constraint in parent._meta.constraints
    ):
        names = ", ".join(f'"{name}"' for name in key.parent_fields())
        line = f'fields=[{names}], name="{parent._meta.db_table}_whose"'
        yield Error(
            f"{parent._meta.label} has no key for {model._meta.label}.{field.name}.",
            hint=f"Add models.UniqueConstraint({line}) to its constraints.",
            obj=parent,
            id="teams.E011",
        )
