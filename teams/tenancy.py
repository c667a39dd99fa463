"""The base of every row that belongs to one workspace."""

from typing import Any, Self

from django.db import models

from flexoraa.lib.ids import uuid7


class TenantQuerySet(models.QuerySet):
    """Rows that know whose they are."""

    def for_workspace(self, workspace: Any) -> Self:
        """Only this workspace's rows; every read on its behalf starts here."""
        return self.filter(workspace=workspace)


class WorkspaceRow(models.Model):
    """A row of one workspace, children too, so that one filter scopes every table."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(
        "teams.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True
