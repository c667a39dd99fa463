"""A column that rows of large tables share."""

from typing import Any

from django.db import models


class WorkspaceOfParent(models.ForeignKey):
    """The workspace of a row whose composite key to its parent proves it already.

    PostgreSQL would look each one up again, row by row, in tables that get a hundred
    thousand rows at a time.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "to": "teams.Workspace",
                "on_delete": models.CASCADE,
                "related_name": "+",
                "db_index": False,
                "db_constraint": False,
                **kwargs,
            }
        )

    def deconstruct(self) -> Any:
        """To migrations it is a foreign key like any other."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs
