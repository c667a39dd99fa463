"""The same counts in plain Python over exported rows, as docs/metrics.md defines them.

Slow and simple on purpose: loops over dictionaries, nothing of the queries' SQL.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from analytics.models import ReportSettings, WorkingSpan
from analytics.periods import Period
from inbox.models import (
    AssignmentInterval,
    Conversation,
    Cycle,
    Message,
    StatusEvent,
    WaitSegment,
)
from leads.models import AssignmentInterval as LeadAssignment
from leads.models import (
    Campaign,
    Lead,
    Revenue,
    SpendEntry,
    Stage,
    StageInterval,
    Task,
    Touch,
)

Row = dict[str, Any]
Event = tuple[datetime, str, str, int, int | None]  # at, measure, member, n, value


def seconds(start: datetime, end: datetime) -> int:
    """As whole seconds."""
    return round((end - start).total_seconds())


class Oracle:
    """Everything of one workspace in memory, and what may be counted from it."""

    def __init__(self, settings: ReportSettings) -> None:
        self.settings = settings
        self.currency = settings.workspace.currency
        self.zone = ZoneInfo(settings.workspace.timezone)
        for name, model in {
            "leads": Lead,
            "stages": Stage,
            "stays": StageInterval,
            "owners": LeadAssignment,
            "touches": Touch,
            "revenue": Revenue,
            "spend": SpendEntry,
            "campaign_rows": Campaign,
            "tasks": Task,
            "waits": WaitSegment,
            "cycles": Cycle,
            "messages": Message,
            "statuses": StatusEvent,
            "holders": AssignmentInterval,
            "conversations": Conversation,
            "spans": WorkingSpan,
        }.items():
            rows = model._base_manager.filter(workspace=settings.workspace_id)
            setattr(self, name, list(rows.order_by("pk").values()))
        self.by_id = {lead["id"]: lead for lead in self.leads}
        self.stage = {stage["id"]: stage for stage in self.stages}
        steps = [stage for stage in self.stages if stage["kind"] != "lost"]
        self.steps = sorted(steps, key=lambda s: (s["position"], s["id"]))
        self.roots = self._roots()

    def count(self, family: str, period: Period) -> dict[tuple, tuple]:
        """{(measure, dimension, member): (n, values in order)} of the period."""
        found: dict[tuple, list] = defaultdict(list)
        for at, measure, dimension, member, n, value in getattr(self, family)():
            day = (
                at if not isinstance(at, datetime) else at.astimezone(self.zone).date()
            )
            if period.start <= day < period.end:
                found[measure, dimension, member].append((n, value))
        return {
            key: (
                sum(n for n, _ in rows),
                sorted(value for _, value in rows if value is not None),
            )
            for key, rows in found.items()
        }

    def _roots(self) -> dict[int, list[int]]:
        """Who stands for whom: merged ones under their winner, without archived."""
        found: dict[int, list[int]] = defaultdict(list)
        for lead in self.leads:
            root = self.by_id[lead["merged_into_id"] or lead["id"]]
            if root["archived_at"] in (None, root["erased_at"]):
                found[root["id"]].append(lead["id"])
        return found

    def of(self, rows: list[Row], root: int) -> list[Row]:
        return [row for row in rows if row["lead_id"] in self.roots[root]]

    # leads

    def reached(self, root: int) -> dict[int, datetime]:
        """Stage id -> when the lead first got at least so far."""
        first: dict[int, datetime] = {}
        for place, step in enumerate(self.steps):
            further = {other["id"] for other in self.steps[place:]}
            times = [
                stay["started_at"]
                for stay in self.of(self.stays, root)
                if stay["stage_id"] in further
            ]
            if times:
                first[step["id"]] = min(times)
        return first

    def touched(self, root: int) -> list[Row]:
        """Touches of campaigns, the first first."""
        mine = [t for t in self.of(self.touches, root) if t["campaign_id"]]
        return sorted(mine, key=lambda t: (t["at"], t["id"]))

    def money(self, root: int) -> list[Row]:
        return [
            r for r in self.of(self.revenue, root) if r["currency"] == self.currency
        ]

    def shares(self, root: int) -> Iterator[tuple[datetime, str, str, int]]:
        """(when, model, member, paise) of everything the lead brought."""
        back = timedelta(days=self.settings.lookback_days)
        for row in self.money(root):
            earned = row["at"]
            if row["amount_paise"] < 0:
                before = [
                    other["at"]
                    for other in self.money(root)
                    if other["amount_paise"] > 0 and other["at"] <= row["at"]
                ]
                earned = max(before, default=row["at"])
            credit = [
                str(t["campaign_id"])
                for t in self.touched(root)
                if earned - back <= t["at"] <= earned
            ] or [""]
            yield row["at"], "first", credit[0], row["amount_paise"]
            yield row["at"], "last", credit[-1], row["amount_paise"]
            sign = 1 if row["amount_paise"] > 0 else -1
            part = sign * (abs(row["amount_paise"]) // len(credit))
            for member in credit[:-1]:
                yield row["at"], "linear", member, part
            rest = row["amount_paise"] - part * (len(credit) - 1)
            yield row["at"], "linear", credit[-1], rest

    def campaigns_(self) -> Iterator[tuple]:
        for entry in self.spend:
            if entry["replaced_by_id"] is None:
                mine = entry["currency"] == self.currency
                measure = f"spend_{entry['kind']}" if mine else "spend_excluded"
                n = entry["amount_paise"] if mine else 1
                yield entry["day"], measure, str(entry["campaign_id"]), n
        for root, kin in self.roots.items():
            touches, lead = self.touched(root), self.by_id[root]
            member = str(touches[0]["campaign_id"]) if touches else ""
            born = min(self.by_id[one]["created_at"] for one in kin)
            at = touches[0]["at"] if touches else born
            yield at, "leads", member, 1
            reached = self.reached(root)
            if any(s["is_qualified"] and s["id"] in reached for s in self.steps):
                yield at, "qualified", member, 1
            if self.stage[lead["stage_id"]]["kind"] == "won":
                yield at, "won_cohort", member, 1
                if lead["closed_at"]:
                    yield lead["closed_at"], "won_cash", member, 1
            paid = [r["at"] for r in self.money(root) if r["amount_paise"] > 0]
            if paid:
                yield at, "customers_cohort", member, 1
                yield min(paid), "customers_cash", member, 1
            for when, model, credited, paise in self.shares(root):
                yield when, f"revenue_cash_{model}", credited, paise
                yield at, f"revenue_cohort_{model}", credited, paise
            for row in self.of(self.revenue, root):
                if row["currency"] != self.currency:
                    yield row["at"], "revenue_excluded", "", 1

    def campaigns(self) -> Iterator[tuple]:
        for at, measure, member, n in self.campaigns_():
            yield at, measure, "campaign", member, n, None

    def funnel(self) -> Iterator[tuple]:
        channel = {str(c["id"]): c["channel"] for c in self.campaign_rows}
        for root in self.roots:
            lead = self.by_id[root]
            campaign = str(lead["campaign_id"] or "")
            split = {
                "": "",
                "campaign": campaign,
                "owner": str(lead["owner_id"] or ""),
                "source": lead["source"],
                "channel": channel.get(campaign, ""),
            }
            for at, measure, value in self._progress(root):
                for dimension, member in split.items():
                    yield (
                        at,
                        measure,
                        dimension,
                        member,
                        1,
                        value if dimension == "" else None,
                    )

    def _progress(self, root: int) -> Iterator[tuple[datetime, str, int | None]]:
        horizon = timedelta(days=self.settings.horizon_days)
        lead, reached = self.by_id[root], self.reached(root)
        kind = self.stage[lead["stage_id"]]["kind"]
        for place, step in enumerate(self.steps):
            at = reached.get(step["id"])
            if at is None:
                continue
            yield at, f"reached:{step['id']}", None
            further = self.steps[place + 1 : place + 2]
            next_at = reached.get(further[0]["id"]) if further else None
            if next_at and next_at <= at + horizon:
                yield at, f"next:{step['id']}", None
            if next_at is None and kind == "open":
                yield at, f"open:{step['id']}", None
            first = reached.get(self.steps[0]["id"])
            if first and at <= first + horizon:
                yield first, f"overall:{step['id']}", None
        yield from self._stays(root)
        if kind == "won" and lead["closed_at"] and self.steps[0]["id"] in reached:
            cycle = seconds(reached[self.steps[0]["id"]], lead["closed_at"])
            yield lead["closed_at"], "cycle", cycle
        if kind != "open" and lead["closed_at"]:
            yield lead["closed_at"], kind, None

    def _stays(self, root: int) -> Iterator[tuple[datetime, str, int | None]]:
        order = {step["id"]: place for place, step in enumerate(self.steps)}
        far = datetime.max.replace(tzinfo=ZoneInfo("UTC"))
        mine = sorted(
            self.of(self.stays, root),
            key=lambda s: (s["started_at"], s["ended_at"] or far),
        )
        for place, stay in enumerate(mine):
            if stay["ended_at"] is None:
                yield stay["started_at"], f"staying:{stay['stage_id']}", None
            elif stay["stage_id"] in order:
                after = mine[place + 1]["stage_id"] if place + 1 < len(mine) else None
                yield stay["ended_at"], f"exits:{stay['stage_id']}", None
                if after in order and order[after] > order[stay["stage_id"]]:
                    yield stay["ended_at"], f"forward:{stay['stage_id']}", None
        for stage in {stay["stage_id"] for stay in mine}:
            here = [stay for stay in mine if stay["stage_id"] == stage]
            if all(stay["ended_at"] for stay in here):
                spent = sum(
                    (stay["ended_at"] - stay["started_at"] for stay in here),
                    timedelta(),
                )
                last = max(stay["ended_at"] for stay in here)
                yield last, f"stay:{stage}", round(spent.total_seconds())

    # conversations

    def working(self, start: datetime, end: datetime) -> int:
        if not any(self.settings.hours.values()):
            return seconds(start, end)
        return round(
            sum(
                max(
                    (
                        min(end, s["ends_at"]) - max(start, s["starts_at"])
                    ).total_seconds(),
                    0,
                )
                for s in self.spans
            )
        )

    def is_first(self, wait: Row) -> bool:
        return not any(
            (other["started_at"], other["id"]) < (wait["started_at"], wait["id"])
            for other in self.waits
            if other["cycle_id"] == wait["cycle_id"]
            and other["conversation_id"] == wait["conversation_id"]
        )

    def inbox(self) -> Iterator[tuple]:
        channel = {c["id"]: c["channel"] for c in self.conversations}
        for wait in self.waits:
            first, where = self.is_first(wait), channel[wait["conversation_id"]]
            at = wait["started_at"]
            if wait["outcome"] == "resolved" and first:
                yield at, "first_unanswered", "channel", where, 1, None
            if wait["outcome"] != "answered":
                continue
            name = "first_response" if first else "next_response"
            spent = self.working(at, wait["ended_at"])
            yield at, name, "channel", where, 1, seconds(at, wait["ended_at"])
            yield at, f"{name}_b", "channel", where, 1, spent
            if spent <= self.settings.sla_seconds:
                yield at, f"{name}_in_time", "channel", where, 1, None
        for cycle in self.cycles:
            yield from self._resolved(cycle, channel[cycle["conversation_id"]])
        for message in self.messages:
            yield from self._said(message)
        for status in self.statuses:
            pricing = status["pricing"] or {}
            if pricing.get("billable") is True and status["status"] == "sent":
                category = pricing["category"]
                yield status["provider_at"], "charged", "category", category, 1, None

    def _resolved(self, cycle: Row, where: str) -> Iterator[tuple]:
        end = cycle["ended_at"]
        if end is None:
            return
        waits = [w["started_at"] for w in self.waits if w["cycle_id"] == cycle["id"]]
        began = min([*waits, end] if waits else [cycle["started_at"], end])
        name = "resolution" if cycle["ended_by_id"] else "resolution_auto"
        yield end, name, "channel", where, 1, seconds(began, end)
        later = [
            other["started_at"]
            for other in self.cycles
            if other["conversation_id"] == cycle["conversation_id"]
            and other["id"] > cycle["id"]
        ]
        if any(at <= end + timedelta(days=7) for at in later):
            yield end, "reopened", "channel", where, 1, None

    def _said(self, message: Row) -> Iterator[tuple]:
        at, where = message["provider_at"], message["channel"]
        direction, status = message["direction"], message["status"]
        hour = f"{where}:{at.astimezone(self.zone):%H}"
        yield at, direction, "channel", where, 1, None
        yield at, direction, "hour", hour, 1, None
        if direction != "out":
            return
        if status in ("sent", "delivered", "read", "played"):
            yield at, "sent", "channel", where, 1, None
        if status in ("delivered", "read", "played"):
            yield at, "delivered", "channel", where, 1, None
        if status in ("read", "played"):
            yield at, "read", "channel", where, 1, None
        if status == "failed":
            code = message["errors"][0]["code"]
            yield at, "failed", "channel", where, 1, None
            yield at, "failed", "code", f"{where}:{code}", 1, None

    # people

    def owner(self, lead: int, at: datetime) -> str:
        held = [
            row
            for row in self.owners
            if row["lead_id"] == lead
            and row["started_at"] <= at
            and (row["ended_at"] is None or row["ended_at"] >= at)
        ]
        held.sort(key=lambda row: (row["started_at"], row["id"]))
        return str(held[0]["user_id"]) if held else ""

    def deadline(self, since: datetime) -> datetime:
        """When so much working time has passed."""
        left = timedelta(seconds=self.settings.sla_seconds)
        if not any(self.settings.hours.values()):
            return since + left
        for span in sorted(self.spans, key=lambda s: s["starts_at"]):
            start = max(since, span["starts_at"])
            if span["ends_at"] > start:
                if span["ends_at"] - start >= left:
                    return start + left
                left -= span["ends_at"] - start
        raise AssertionError("the spans end too early")

    def team_(self) -> Iterator[tuple]:
        active = {
            (m["provider_at"].astimezone(self.zone).date(), m["author_id"])
            for m in self.messages
            if m["author_id"]
        } | {
            (s["started_at"].astimezone(self.zone).date(), s["by_id"])
            for s in self.stays
            if s["by_id"] and not s["bulk_id"]
        }
        for day, user in active:
            yield day, "active_days", str(user), 1, None
        for wait in self.waits:
            if wait["outcome"] == "answered":
                yield from self._answered(wait)
        for task in self.tasks:
            if task["assignee_id"]:
                yield task["due_at"], "due", str(task["assignee_id"]), 1, None
                if task["done_at"] and task["done_at"] <= task["due_at"]:
                    yield (
                        task["due_at"],
                        "done_in_time",
                        str(task["assignee_id"]),
                        1,
                        None,
                    )
        for root, kin in self.roots.items():
            yield from self._sold(root, kin)

    def _answered(self, wait: Row) -> Iterator[tuple]:
        at, end, first = wait["started_at"], wait["ended_at"], self.is_first(wait)
        late = self.working(at, end) > self.settings.sla_seconds
        held = [
            h for h in self.holders if h["conversation_id"] == wait["conversation_id"]
        ]
        if by := wait["ended_by_id"]:
            mine = [
                h["started_at"]
                for h in held
                if h["user_id"] == by
                and h["started_at"] <= end
                and (h["ended_at"] is None or h["ended_at"] >= end)
            ]
            yield at, "answered", str(by), 1, None
            if first:
                handling = seconds(max([at, *mine[-1:]]), end)
                if mine:
                    handling = seconds(max(at, max(mine)), end)
                yield at, "handling", str(by), handling, handling
                yield at, "first_answers", str(by), 1, None
                if not late:
                    yield at, "in_time", str(by), 1, None
        if first and late:
            due = self.deadline(at)
            holder = [
                str(h["user_id"])
                for h in held
                if h["started_at"] <= due
                and (h["ended_at"] is None or h["ended_at"] > due)
            ]
            yield at, "breach", holder[0] if holder else "", 1, None

    def _sold(self, root: int, kin: list[int]) -> Iterator[tuple]:
        lead, reached = self.by_id[root], self.reached(root)
        kind = self.stage[lead["stage_id"]]["kind"]
        if kind != "open" and lead["closed_at"]:
            owner = self.owner(root, lead["closed_at"])
            yield lead["closed_at"], kind, owner, 1, None
            if kind == "won":
                yield lead["closed_at"], "won_value", owner, lead["value_paise"], None
        times = [
            reached[s["id"]]
            for s in self.steps
            if s["is_qualified"] and s["id"] in reached
        ]
        if times:
            yield min(times), "qualified", self.owner(root, min(times)), 1, None
        for row in self.revenue:
            if row["lead_id"] in kin and row["currency"] == self.currency:
                owner = self.owner(root, row["at"])
                yield row["at"], "revenue", owner, row["amount_paise"], None

    def team(self) -> Iterator[tuple]:
        for at, measure, member, n, value in self.team_():
            yield at, measure, "user", member, n, value
