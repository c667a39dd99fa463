"""Leads for tests, and what they are surrounded by."""

from typing import Any

from leads.models import Campaign, Lead, Stage
from teams.models import Workspace


def stage(workspace: Workspace, name: str = "New") -> Stage:
    """A stage of the pipeline that every workspace starts with."""
    return Stage.objects.for_workspace(workspace).get(name=name)


def make_lead(workspace: Workspace, **fields: Any) -> Lead:
    """A lead in the first stage, unless given otherwise."""
    number = Lead.objects.count()
    return Lead.objects.create(
        **{
            "workspace": workspace,
            "stage": fields.pop("stage", None) or stage(workspace),
            "name": f"Lead {number}",
            **fields,
        }
    )


def make_leads(workspace: Workspace, count: int, **fields: Any) -> list[Lead]:
    """Many leads in the first stage, in one statement."""
    first = fields.pop("stage", None) or stage(workspace)
    return Lead.objects.bulk_create(
        Lead(workspace=workspace, stage=first, **{"name": f"Lead {n}", **fields})
        for n in range(count)
    )


def make_campaign(
    workspace: Workspace, code: str = "diwali", **fields: Any
) -> Campaign:
    """An active campaign."""
    return Campaign.objects.create(
        workspace=workspace, code=code, **{"name": code.title(), **fields}
    )
