"""What the reports must say about the half year, added up from the plan alone.

Nothing here reads a row or shares code with the reports: it is what they are held
against. Amounts are paise, times seconds.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

from flexoraa.sandbox.season import company
from flexoraa.sandbox.season.plan import STEPS, Person, Plan, Wait

Amounts = dict[str, Any]
HORIZON = timedelta(days=company.HORIZON_DAYS)
LOOKBACK = timedelta(days=company.LOOKBACK_DAYS)


class Truth:
    """The reports of the days [start, end)."""

    def __init__(self, plan: Plan, start: date, end: date) -> None:
        self.plan, self.days = plan, (start, end)
        self.start, self.end = self._midnight(start), self._midnight(end)

    def roi(self, model: str = "first", clock: str = "cash") -> dict[str, Amounts]:
        """By the campaign's code, "" for the unattributed, "total" for all."""
        found: dict[str, Counter] = defaultdict(Counter)
        for entry in self.plan.spend:
            if self.days[0] <= entry.day < self.days[1]:
                found[entry.campaign]["spend"] += entry.paise
        for person in self.plan.people:
            first = min(person.touches, default=(person.born, ""))
            mine, cohort = found[first[1]], self._covers(first[0])
            bought = [at for at, paise in person.money if paise > 0]
            mine["leads"] += cohort
            mine["qualified"] += cohort and _place(person) >= 2
            if person.stages[-1][1] == "Won":
                closed = person.stages[-1][0]
                mine["won"] += cohort if clock == "cohort" else self._covers(closed)
            if bought:
                counts = cohort if clock == "cohort" else self._covers(min(bought))
                mine["customers"] += counts
            for at, paise in person.money:
                if cohort if clock == "cohort" else self._covers(at):
                    for code, part in _shares(person, at, paise, model):
                        found[code]["revenue"] += part
        found["total"] = sum(found.values(), Counter())
        for numbers in found.values():
            numbers["profit"] = numbers["revenue"] - numbers["spend"]
        return {code: dict(numbers) for code, numbers in found.items()}

    def conversion(self) -> dict[str, Amounts]:
        """By the stage's name; "closed" has who was won and lost."""
        found: dict[str, Counter] = defaultdict(Counter)
        for person in self.plan.people:
            reached = _reached(person)
            for place, at in reached.items():
                if self._covers(at):
                    found[STEPS[place]]["reached"] += 1
                    further = reached.get(place + 1)
                    if further is not None and further <= at + HORIZON:
                        found[STEPS[place]]["further"] += 1
            at, stage = person.stages[-1]
            if stage in ("Won", "Lost") and self._covers(at):
                found["closed"][stage.lower()] += 1
        return {name: dict(numbers) for name, numbers in found.items()}

    def team(self) -> dict[str, Amounts]:
        """By the agent's address."""
        found = [Counter[str]() for _ in company.AGENTS]
        active: list[set[date]] = [set() for _ in company.AGENTS]
        handling: list[list[int]] = [[] for _ in company.AGENTS]
        for person in self.plan.people:
            self._credit(person, found)
            for at, _ in person.stages:
                if self._covers(at):
                    active[_owner(person, at)].add(self._day(at))
            for wait, is_first in _waits(person):
                if wait.agent is None or not self._covers(wait.started_at):
                    continue
                mine = found[wait.agent]
                mine["answered"] += 1
                if is_first:
                    seconds = int((wait.ended_at - wait.started_at).total_seconds())
                    handling[wait.agent].append(seconds)
                    late = self._open_seconds(wait) > company.SLA_SECONDS
                    mine["breach" if late else "in_time"] += 1
            for said in person.talk.said if person.talk else ():
                if said.agent is not None and self._covers(said.at):
                    active[said.agent].add(self._day(said.at))
        for mine, days, times in zip(found, active, handling, strict=True):
            mine["active_days"] = len(days)
            mine["handling_median"] = int(median(times) + 0.5) if times else 0
        return {
            agent.email: dict(mine)
            for agent, mine in zip(company.AGENTS, found, strict=True)
        }

    def inbox(self) -> dict[str, Amounts]:
        """By channel."""
        found: dict[str, Counter] = defaultdict(Counter)
        first: dict[str, list[int]] = defaultdict(list)
        for person in self.plan.people:
            if person.talk is None:
                continue
            mine = found[person.talk.channel]
            for said in person.talk.said:
                if self._covers(said.at):
                    mine["received" if said.agent is None else "written"] += 1
                    mine["failed"] += said.status == "failed"
            for wait, is_first in _waits(person):
                if is_first and self._covers(wait.started_at):
                    seconds = int((wait.ended_at - wait.started_at).total_seconds())
                    if wait.agent is None:
                        mine["unanswered"] += 1
                    else:
                        mine["answered"] += 1
                        first[person.talk.channel].append(seconds)
            mine["resolved"] += sum(self._covers(r[1]) for r in person.talk.rounds)
        for channel, times in first.items():
            found[channel]["first_response_median"] = int(median(times) + 0.5)
        return {channel: dict(mine) for channel, mine in found.items()}

    def _credit(self, person: Person, found: list[Counter]) -> None:
        """What the owner of that moment is credited with."""
        at, stage = person.stages[-1]
        if stage in ("Won", "Lost") and self._covers(at):
            mine = found[_owner(person, at)]
            mine[stage.lower()] += 1
            if stage == "Won":
                mine["won_value"] += person.value_paise
        qualified = _reached(person).get(2)
        if qualified and self._covers(qualified):
            found[_owner(person, qualified)]["qualified"] += 1
        for at, paise in person.money:
            if self._covers(at):
                found[_owner(person, at)]["revenue"] += paise
        for due, done, agent in person.tasks:
            if self._covers(due):
                found[agent]["due"] += 1
                found[agent]["done_in_time"] += done is not None and done <= due

    def _open_seconds(self, wait: Wait) -> int:
        """How much of a wait the shop was open."""
        zone, total = self.plan.zone, 0
        day, last = (
            at.astimezone(zone).date() for at in (wait.started_at, wait.ended_at)
        )
        while day <= last:
            if day.weekday() != 6:
                opens = datetime.combine(day, time(company.OPENS), zone)
                closes = datetime.combine(day, time(company.CLOSES), zone)
                shared = min(closes, wait.ended_at) - max(opens, wait.started_at)
                total += max(int(shared.total_seconds()), 0)
            day += timedelta(days=1)
        return total

    def _covers(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.plan.zone).date()

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.plan.zone).astimezone(UTC)


def _reached(person: Person) -> dict[int, datetime]:
    """When a person first got as far as each step; who skips one has passed it."""
    found: dict[int, datetime] = {}
    for at, stage in person.stages:
        if stage in STEPS:
            for place in range(STEPS.index(stage) + 1):
                found.setdefault(place, at)
    return found


def _place(person: Person) -> int:
    return max(_reached(person))


def _owner(person: Person, at: datetime) -> int:
    return [agent for since, agent in person.owners if since <= at][-1]


def _waits(person: Person) -> Iterable[tuple[Wait, bool]]:
    """Each wait, and whether it is the first of its round."""
    seen = set()
    for place, wait in person.talk.waits if person.talk else ():
        yield wait, place not in seen
        seen.add(place)


def _shares(
    person: Person, at: datetime, paise: int, model: str
) -> list[tuple[str, int]]:
    """Which campaigns a payment belongs to; a refund goes where the payment went."""
    if paise < 0:
        at = max(paid for paid, amount in person.money if amount > 0 and paid <= at)
    codes = [c for when, c in sorted(person.touches) if at - LOOKBACK <= when <= at]
    if not codes:
        return [("", paise)]
    if model != "linear":
        return [(codes[0] if model == "first" else codes[-1], paise)]
    part = abs(paise) // len(codes) * (1 if paise > 0 else -1)
    rest = paise - part * (len(codes) - 1)
    return [*((code, part) for code in codes[:-1]), (codes[-1], rest)]
