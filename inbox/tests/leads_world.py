"""Leads of a world, for the tests that walk every route of the API."""

from datetime import date
from typing import Any

from leads import bulk
from leads.changes import Changes
from leads.models import (
    Campaign,
    CustomField,
    Lead,
    Note,
    SavedView,
    SpendEntry,
    Stage,
    Task,
)
from teams.models import User

ROWS = {
    "leads": "lead",
    "tasks": "task",
    "stages": "stage",
    "custom-fields": "custom_field",
    "saved-views": "saved_view",
    "campaigns": "campaign",
    "spend": "spend",
    "bulk": "operation",
}
# Nobody but who made these may see them, or change them, whatever their role; and of an
# erasure nobody is told before somebody asked for it
MADE_BY_SOMEBODY = ("leads/bulk/<uuid", "saved-views/<uuid", "<uuid:id>/erase")


def populate(world: Any, mark: str) -> None:
    """One of each, with the mark in every text."""
    ours = world.workspace
    maker = User.objects.create_user(f"{mark.lower()}@maker.example", name=mark)
    world.stage = Stage.objects.first_open(ours)
    world.campaign = Campaign.objects.create(
        workspace=ours, code=f"{mark.lower()}-sale", name=f"{mark} sale"
    )
    world.lead = Lead.objects.create(
        workspace=ours,
        stage=world.stage,
        name=f"{mark} lead",
        company=f"{mark} & Co",
        external_id=f"{mark}-crm",
        campaign=world.campaign,
        tags=[mark],
    )
    world.spend = SpendEntry.objects.create(
        workspace=ours,
        campaign=world.campaign,
        day=date(2026, 11, 20),
        amount_paise=100,
        reference=mark,
    )
    Note.objects.create(workspace=ours, lead=world.lead, text=f"{mark} called")
    world.task = Task.objects.create(
        workspace=ours,
        lead=world.lead,
        title=f"Call {mark}",
        due_at="2026-12-01T00:00:00Z",
    )
    world.custom_field = CustomField.objects.create(
        workspace=ours, key=f"{mark.lower()}-plan", label=f"{mark} plan"
    )
    world.saved_view = SavedView.objects.create(
        workspace=ours, name=f"{mark} view", user=maker, filter={"search": mark}
    )
    world.operation = bulk.plan(
        "update",
        workspace=ours,
        by=maker,
        selection=Lead.objects.for_workspace(ours),
        changes=Changes(values={"source": mark}),
    )


def body_of(path: str, ours: Any) -> dict[str, Any] | None:
    """What a route of leads takes, with ids of ours."""
    lead = str(ours.lead.public_id)
    routes = {
        "/leads": {"name": "New"},
        "/leads/<uuid:id>": {"name": "Changed"},
        "/notes": {"text": "Hello"},
        "/tasks": {"lead": lead, "title": "Call", "due_at": "2026-12-01T00:00:00Z"},
        "/tasks/<uuid:id>": {"title": "Call"},
        "/stages": {"name": "Another"},
        "/custom-fields": {"key": "another", "label": "Another"},
        "/custom-fields/<uuid:id>": {"label": "Another"},
        "/saved-views": {"name": "Another", "filter": {}},
        "/campaigns": {"code": "another", "name": "Another"},
        "/campaigns/<uuid:id>": {"name": "Another"},
        "/spend": {"day": "2026-11-21", "amount": {"amount_paise": 5}},
        "/spend/<uuid:id>": {"amount": {"amount_paise": 7}},
        "/lead-settings": {"region": "DE"},
        "/bulk/update": {"select": {"ids": [lead]}, "set": {"source": "x"}},
        "/bulk/assign": {
            "select": {"ids": [lead]},
            "campaign": str(ours.campaign.public_id),
        },
        "/bulk/<uuid:id>/apply": {},
    }
    for suffix in sorted(routes, key=len, reverse=True):
        if path.endswith(suffix):
            return routes[suffix]
    return None
