"""Bulk operations in words and as files: keys of rows become their names."""

from collections.abc import Iterator
from typing import Any

from leads.models import (
    BulkChange,
    BulkOperation,
    Campaign,
    ImportJob,
    ImportRow,
    Stage,
)
from teams.models import Membership

HEADINGS = (
    "lead",
    "name",
    "phone",
    "state",
    "reason",
    "before",
    "after",
    "kept as edited",
)
DERIVED = ("closed_at",)  # comes with the stage


class Words:
    """The changes of a workspace's operations, in words."""

    def __init__(self, workspace: Any) -> None:
        members = Membership.objects.filter(workspace=workspace).select_related("user")
        stages = Stage.objects.for_workspace(workspace)
        campaigns = Campaign.objects.for_workspace(workspace)
        self._names: dict[str, dict[int, str]] = {
            "stage": {stage.pk: stage.name for stage in stages},
            "owner": {member.user_id: str(member.user) for member in members},
            "campaign": {campaign.pk: campaign.code for campaign in campaigns},
        }

    def of(self, side: dict[str, Any], only: Any = None) -> str:
        """One side of a change: "stage: Won; tags: +vip −cold". `only` names the
        fields that are of interest."""
        return "; ".join(
            f"{name.replace('_paise', '')}: {self._value(name, value)}"
            for name, value in side.items()
            if name not in DERIVED and (only is None or name in only)
        )

    def _value(self, name: str, value: Any) -> str:
        if value is None or value == "" or value == []:
            return "–"
        if name in self._names:
            return self._names[name].get(value, "somebody who left")
        if name == "value_paise":
            return f"{value / 100:,.2f}"
        if name == "tags" and isinstance(value, dict):
            signs = [f"+{tag}" for tag in value["add"]]
            return " ".join([*signs, *(f"−{tag}" for tag in value["remove"])]) or "–"
        if name == "tags":
            return ", ".join(value)
        if name == "custom":
            return ", ".join(f"{key}={self._value('', v)}" for key, v in value.items())
        return str(value)


def lines_of(operation: BulkOperation) -> Iterator[tuple]:
    """Headings, then a line for each lead, read as it is sent."""
    yield HEADINGS
    words = Words(operation.workspace_id)
    rows = BulkChange.objects.filter(operation=operation).select_related("lead")
    for row in rows.order_by("lead").iterator(chunk_size=2_000):
        yield (
            row.lead.public_id,
            row.lead.name,
            row.lead.phone,
            row.get_state_display(),
            row.reason.replace("_", " "),
            words.of(row.before, only=row.after),
            words.of(row.after),
            ", ".join(row.conflicts),
        )


def import_errors(job: ImportJob) -> Iterator[tuple]:
    """The file's headings and two more, then each row with errors as it came."""
    yield ("row", "what is wrong", *job.columns)
    rows = ImportRow.objects.filter(job=job, outcome=ImportRow.Outcome.ERROR)
    for row in rows.order_by("number").iterator(chunk_size=2_000):
        yield (row.number, " ".join(row.errors), *(row.raw or ()))
