"""The demo's leads: a pipeline at work, campaigns and what they cost, money that came.
Apps are named as strings; a second run changes nothing."""

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils import timezone

CAMPAIGNS = (
    ("diwali-lights", "Diwali lights", "instagram", 4_500_000),
    ("linen-launch", "Linen launch", "whatsapp", 2_000_000),
    ("craft-fair", "Craft fair Pune", "event", 1_200_000),
)
FIRST = "Asha Ravi Meena Arjun Kavya Imran Zoya Dev Lakshmi Thomas Farah Nikhil".split()
LAST = "Rao Iyer Khan Mehta Das Nair Sethi Bose Pillai Joshi".split()
PATHS = (  # how far leads got; most are still on their way
    (),
    ("Contacted",),
    ("Contacted",),
    ("Contacted", "Qualified"),
    ("Contacted", "Qualified", "Won"),
    ("Contacted", "Lost"),
)
COUNT = 120


@transaction.atomic
def make_market() -> None:
    """Campaigns, spend, leads with a past, revenue, rules and tasks."""
    workspace = apps.get_model("teams.Workspace").objects.get(slug="demo")
    if apps.get_model("leads.Campaign").objects.filter(workspace=workspace).exists():
        return
    apps.get_model("leads.CustomField").objects.create(
        workspace=workspace,
        key="interest",
        label="Interested in",
        kind="choice",
        choices=["Lamps", "Linen", "Pottery"],
    )
    for fact, argument, points in (
        ("has_phone", "", 10),
        ("has_tag", "wholesale", 30),
        ("value_from", "5000", 20),
    ):
        apps.get_model("leads.ScoreRule").objects.create(
            workspace=workspace, fact=fact, argument=argument, points=points
        )
    campaigns = [_campaign(workspace, *facts) for facts in CAMPAIGNS]
    people = apps.get_model("teams.User").objects.filter(
        memberships__workspace=workspace, memberships__role__in=("admin", "sdr")
    )
    owners = [*people.order_by("pk"), None]
    stages = {
        row.name: row
        for row in apps.get_model("leads.Stage").objects.filter(workspace=workspace)
    }
    for number in range(COUNT):
        _lead(workspace, number, stages, owners, campaigns)


def _campaign(workspace: Any, code: str, name: str, channel: str, budget: int) -> Any:
    now = timezone.now()
    campaign = apps.get_model("leads.Campaign").objects.create(
        workspace=workspace,
        code=code,
        name=name,
        channel=channel,
        budget_paise=budget,
        starts_on=now.date() - timedelta(days=30),
        ad_ids=["500000000000001"] if channel == "instagram" else [],
    )
    for day in range(1, 29):
        apps.get_model("leads.SpendEntry").objects.create(
            workspace=workspace,
            campaign=campaign,
            day=now.date() - timedelta(days=day),
            amount_paise=budget // 40 + day * 700,
        )
    return campaign


def _lead(
    workspace: Any, number: int, stages: dict, owners: list, campaigns: list
) -> None:
    """One lead, and the days on which it moved on."""
    born = timezone.now() - timedelta(days=3 + number % 26, hours=number % 11)
    campaign = campaigns[number % 4] if number % 4 < 3 else None
    path = PATHS[number % len(PATHS)]
    lead = apps.get_model("leads.Lead").objects.create(
        workspace=workspace,
        stage=stages["New"],
        name=f"{FIRST[number % 12]} {LAST[number * 7 % 10]}",
        phone=f"+9198{20_000_000 + number * 7919}",
        email=f"person{number}@example.com" if number % 3 else "",
        owner=owners[number % len(owners)],
        campaign=campaign,
        source=campaign.channel if campaign else "walk-in",
        value_paise=(number % 9 + 1) * 75_000,
        tags=["wholesale"] if number % 10 == 0 else [],
        custom={"interest": ["Lamps", "Linen", "Pottery"][number % 3]},
        created_at=born,
    )
    here = type(lead).objects.filter(pk=lead.pk)
    for name in path:
        reason = "Found it cheaper elsewhere" if name == "Lost" else ""
        here.update(stage=stages[name], lost_reason=reason)
    stays = apps.get_model("leads.StageInterval").objects.filter(lead=lead)
    at = born
    for place, stay in enumerate(stays.order_by("pk")):
        stay.started_at = at
        at += timedelta(hours=4 + number % 15)
        stay.ended_at = at if place < len(path) else None
        stay.save(update_fields=["started_at", "ended_at"])
        last = stay.started_at
    if campaign:
        apps.get_model("leads.Touch").objects.create(
            workspace=workspace, lead=lead, campaign=campaign, kind="ad", at=born
        )
    if path and path[-1] in ("Won", "Lost"):
        here.update(closed_at=last)
    if path and path[-1] == "Won":
        apps.get_model("leads.Revenue").objects.create(
            workspace=workspace, lead=lead, amount_paise=lead.value_paise, at=last
        )
    elif number % 5 == 0:
        apps.get_model("leads.Task").objects.create(
            workspace=workspace,
            lead=lead,
            title=f"Call {lead.name} back",
            due_at=timezone.now() + timedelta(days=number % 7 - 2),
            assignee=lead.owner,
        )
