"""The plan as rows: facts with their own times, through the triggers that all facts
pass. Apps are named as strings."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from flexoraa.lib import sets
from flexoraa.sandbox.season import company
from flexoraa.sandbox.season.filling import insert
from flexoraa.sandbox.season.plan import Person, Plan, make_plan
from flexoraa.sandbox.season.talking import write_talks
from flexoraa.sandbox.workspace import PASSWORD

QUIET_DAYS = 3  # between the half year and today: the story's own days


@transaction.atomic
def make_season(workspace: Any) -> Plan:
    """Write the half year before this week, once; the plan of what there is."""
    if found := planned(workspace):
        return found
    today = timezone.now().astimezone(ZoneInfo(workspace.timezone)).date()
    first = today - timedelta(days=QUIET_DAYS, weeks=company.WEEKS)
    plan = make_plan(first, workspace.timezone)
    write(workspace, plan)
    return plan


def planned(workspace: Any) -> Plan | None:
    """The plan that was written for this workspace: its first campaign says when."""
    campaign = (
        apps.get_model("leads.Campaign")
        .objects.filter(workspace=workspace, code="studio-reels")
        .first()
    )
    if campaign is None or campaign.starts_on is None:
        return None
    return make_plan(campaign.starts_on, workspace.timezone)


def write(workspace: Any, plan: Plan) -> None:
    """Every row of it."""
    _settle(workspace)
    agents = [_agent(workspace, agent) for agent in company.AGENTS]
    campaigns = _campaigns(workspace, plan)
    stages = dict(
        apps.get_model("leads.Stage")
        .objects.filter(workspace=workspace)
        .values_list("name", "pk")
    )
    insert("leads.SpendEntry", workspace, _spend(plan, campaigns))
    leads = _leads(workspace, plan.people, agents, campaigns, stages)
    _histories(workspace, plan.people, leads, agents, stages)
    insert("leads.Touch", workspace, _touches(plan.people, leads, campaigns))
    insert("leads.Revenue", workspace, _money(plan.people, leads))
    insert("leads.Task", workspace, _tasks(plan.people, leads, agents))
    write_talks(workspace, plan.people, leads, agents)


def _settle(workspace: Any) -> None:
    """The working week, the target and the margin that reports go by."""
    settings = apps.get_model("analytics.ReportSettings")
    day = [[f"{company.OPENS}:00", f"{company.CLOSES}:00"]]
    settings.objects.get_or_create(
        workspace=workspace,
        defaults={
            "hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat"), day),
            "sla_seconds": company.SLA_SECONDS,
            "margin_percent": company.MARGIN_PERCENT,
            "horizon_days": company.HORIZON_DAYS,
            "lookback_days": company.LOOKBACK_DAYS,
            "sdr_sees": "team",
        },
    )


def _agent(workspace: Any, agent: company.Agent) -> Any:
    users = apps.get_model("teams.User").objects
    user = users.filter(email=agent.email).first()
    if user is None:
        user = users.create_user(agent.email, PASSWORD, name=agent.name, is_staff=True)
        user.verify_email()
    apps.get_model("teams.Membership").objects.get_or_create(
        workspace=workspace, user=user, defaults={"role": "sdr"}
    )
    return user


def _campaigns(workspace: Any, plan: Plan) -> dict[str, int]:
    found = {}
    for ad in company.ADS:
        first = plan.first + timedelta(weeks=ad.first_week)
        last = plan.first + timedelta(weeks=ad.last_week)
        campaign = apps.get_model("leads.Campaign").objects.create(
            workspace=workspace,
            code=ad.code,
            name=ad.name,
            channel=ad.channel,
            status="active" if last >= plan.end else "ended",
            starts_on=first,
            ends_on=None if last >= plan.end else last - timedelta(days=1),
            budget_paise=ad.daily_paise * 7 * (ad.last_week - ad.first_week),
            ad_ids=[ad.ad_id] if ad.ad_id else [],
        )
        found[ad.code] = campaign.pk
    return found


def _spend(plan: Plan, campaigns: dict[str, int]) -> Iterable[dict[str, Any]]:
    for entry in plan.spend:
        yield {
            "campaign_id": campaigns[entry.campaign],
            "day": entry.day,
            "kind": entry.kind,
            "amount_paise": entry.paise,
            "currency": "INR",
            "account_tz": "",
            "source": "manual",
            "reference": "",
        }


def _leads(
    workspace: Any,
    people: Sequence[Person],
    agents: list[Any],
    campaigns: dict[str, int],
    stages: dict[str, int],
) -> list[int]:
    rows = []
    for person in people:
        at, stage = person.stages[-1]
        rows.append(
            {
                "stage_id": stages[stage],
                "owner_id": agents[person.owners[-1][1]].pk,
                "campaign_id": campaigns.get(person.campaign),
                "name": person.name,
                "phone": person.phone,
                "email": f"person{person.number}@example.com"
                if person.number % 3
                else "",
                "company": "",
                "source": person.source,
                "value_paise": person.value_paise,
                "currency": "INR",
                "tags": ["wholesale"] if person.campaign == "gift-boxes" else [],
                "custom": {
                    "interest": ("Lamps", "Linen", "Pottery")[person.number % 3]
                },
                "consent": "granted",
                "external_id": "",
                "lost_reason": person.lost_reason if stage == "Lost" else "",
                "closed_at": at if stage in ("Won", "Lost") else None,
                "score": 0,
                "score_parts": [],
                "version": 1,
                "created_at": person.born,
                "updated_at": at,
            }
        )
    return [pk for (pk,) in insert("leads.Lead", workspace, rows, ["id"])]


def _histories(
    workspace: Any,
    people: Sequence[Person],
    leads: list[int],
    agents: list[Any],
    stages: dict[str, int],
) -> None:
    """In place of the one interval that the triggers wrote for each insert."""
    stays, holdings = [], []
    for person, lead in zip(people, leads, strict=True):
        ends = [at for at, _ in person.stages[1:]]
        for (at, stage), end in zip(person.stages, [*ends, None], strict=True):
            by = [agent for since, agent in person.owners if since <= at][-1]
            stays.append(
                {
                    "lead_id": lead,
                    "stage_id": stages[stage],
                    "started_at": at,
                    "ended_at": end,
                    "by_id": agents[by].pk,
                }
            )
        ends = [at for at, _ in person.owners[1:]]
        for (at, agent), end in zip(person.owners, [*ends, None], strict=True):
            holdings.append(
                {
                    "lead_id": lead,
                    "user_id": agents[agent].pk,
                    "started_at": at,
                    "ended_at": end,
                }
            )
    for table in ("stageinterval", "assignmentinterval"):
        sets.execute(f"DELETE FROM leads_{table} WHERE lead_id = ANY(%s)", [leads])
    insert("leads.StageInterval", workspace, stays)
    insert("leads.AssignmentInterval", workspace, holdings)


def _touches(
    people: Sequence[Person], leads: list[int], campaigns: dict[str, int]
) -> Iterable[dict[str, Any]]:
    kinds = {ad.code: "message" if ad.kind == "message" else "ad" for ad in company.ADS}
    ads = {ad.code: ad.ad_id for ad in company.ADS}
    for person, lead in zip(people, leads, strict=True):
        for at, code in person.touches:
            yield {
                "lead_id": lead,
                "campaign_id": campaigns[code],
                "kind": kinds[code],
                "at": at,
                "click_id": "",
                "ad_id": ads[code],
                "detail": "",
                "key": "",
            }


def _money(people: Sequence[Person], leads: list[int]) -> Iterable[dict[str, Any]]:
    for person, lead in zip(people, leads, strict=True):
        for place, (at, paise) in enumerate(person.money, 1):
            kind = "pay" if paise > 0 else "rfnd"
            yield {
                "lead_id": lead,
                "amount_paise": paise,
                "currency": "INR",
                "at": at,
                "source": "razorpay",
                "reference": f"{kind}_demo{person.number:05}{place}",
                "note": "",
            }


def _tasks(
    people: Sequence[Person], leads: list[int], agents: list[Any]
) -> Iterable[dict[str, Any]]:
    for person, lead in zip(people, leads, strict=True):
        for due, done, agent in person.tasks:
            yield {
                "lead_id": lead,
                "title": f"Call {person.name} back",
                "due_at": due,
                "assignee_id": agents[agent].pk,
                "done_at": done,
                "created_at": person.born,
            }
