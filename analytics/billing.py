"""The billing report of platform staff: recurring revenue, how it moved, who left.

A workspace's line of changes (payments.models.RevenueChange) is walked once. Between
two changes it is worth what the first says; a change's movement is the difference to
the one before, so the movements of a month sum to what the revenue grew by.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from analytics.metrics import Number, churn
from payments.models import RevenueChange

ZONE = ZoneInfo("Asia/Kolkata")  # of the books: months begin at its midnight
CURRENCY = "INR"
LOST_AFTER = timedelta(days=30)  # halted for longer is lost
MOVEMENTS = ("new", "expansion", "contraction", "churn", "reactivation")
MOST_MONTHS = 60
COLUMNS = (
    "month mrr_start new expansion contraction churn reactivation mrr_end "
    "workspaces_start workspaces_lost at_risk logo_churn gross_churn net_churn"
).split()


class Change(NamedTuple):
    """From `at` on a workspace is worth `paise` a month."""

    at: datetime
    paise: int
    is_halted: bool = False


class Movement(NamedTuple):
    """One change as a movement: paise a month, negative where less is left."""

    workspace: int
    at: datetime
    kind: str
    paise: int
    after: int


@dataclass(slots=True)
class Month:
    """A month of the report; amounts are paise a month without tax.

    `logos` are workspaces that are worth something, or halted for up to 30 days.
    """

    start: datetime
    end: datetime
    mrr_start: int = 0
    mrr_end: int = 0
    moved: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MOVEMENTS, 0))
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MOVEMENTS, 0))
    logos_start: int = 0
    logos_lost: int = 0
    at_risk: int = 0  # workspaces that are halted at the end, and not yet lost

    @property
    def logo_churn(self) -> Number:
        """Workspaces lost / there at the start."""
        return churn(self.logos_lost, self.logos_start)

    @property
    def gross_churn(self) -> Number:
        """Revenue lost by churn and contraction / revenue at the start."""
        return churn(-self.moved["churn"] - self.moved["contraction"], self.mrr_start)

    @property
    def net_churn(self) -> Number:
        """The same less expansion and reactivation: below 0 it grew by itself."""
        gained = self.moved["expansion"] + self.moved["reactivation"]
        lost = -self.moved["churn"] - self.moved["contraction"]
        return churn(lost - gained, self.mrr_start)


class DoesNotAddUp(AssertionError):
    """The movements of a month are not what the revenue changed by."""


def months(first: date, count: int) -> list[Month]:
    """So many months from the one of this day on, without numbers."""
    starts = [_month_after(first, n) for n in range(count + 1)]
    return [Month(a, b) for a, b in zip(starts, starts[1:], strict=False)]


def report(first: date, count: int, now: datetime) -> list[Month]:
    """The months with their numbers; what is still to come is not in them.

    Raises DoesNotAddUp.
    """
    found = [month for month in months(first, count) if month.start <= now]
    if found:
        found[-1].end = min(found[-1].end, max(now, found[-1].start))
    for line in lines().values():
        for month in found:
            _add(month, line)
        for move in movements(line):
            for month in found:
                if month.start <= move.at < month.end:
                    month.moved[move.kind] += move.paise
                    month.counts[move.kind] += 1
    for month in found:
        if month.mrr_start + sum(month.moved.values()) != month.mrr_end:
            raise DoesNotAddUp(f"{month.start:%Y-%m}")
    return found


def months_ago(now: datetime, count: int) -> date:
    """The first day of the month that was so many months before this one."""
    return _month_after(now.astimezone(ZONE).date(), -count).date()


def month_named(name: str) -> Month | None:
    """The month called such as 2026-04; None for what is none."""
    year, _, number = name.partition("-")
    if len(name) != 7 or not (name.isascii() and (year + number).isdigit()):
        return None
    if not (2000 <= int(year) <= 2100 and 1 <= int(number) <= 12):
        return None
    return months(date(int(year), int(number), 1), 1)[0]


def table(found: Sequence[Month]) -> Iterator[list[Any]]:
    """The months as lines of a file, headings first; amounts in rupees."""
    yield COLUMNS
    for month in found:
        amounts = [month.mrr_start, *month.moved.values(), month.mrr_end]
        rates = [month.logo_churn, month.gross_churn, month.net_churn]
        yield [
            f"{month.start:%Y-%m}",
            *(paise / 100 for paise in amounts),
            month.logos_start,
            month.logos_lost,
            month.at_risk,
            *(number.shown() for number in rates),
        ]


def lines() -> dict[int, list[Change]]:
    """The changes of each workspace in order, of the report's currency."""
    rows = RevenueChange.objects.filter(currency=CURRENCY).in_time()
    values = rows.values_list("workspace_id", "at", "mrr_paise", "status")
    return {
        workspace: [
            Change(at, paise, status == "halted") for _, at, paise, status in of
        ]
        for workspace, of in groupby(values.iterator(), key=lambda row: row[0])
    }


def excluded() -> int:
    """Workspaces that pay in another currency: there is no rate to convert by."""
    others = RevenueChange.objects.exclude(currency=CURRENCY).order_by()
    return others.values("workspace").distinct().count()


def movements(line: Sequence[Change], workspace: int = 0) -> Iterator[Movement]:
    """What each change of a line was."""
    before, had_some = 0, False
    for change in line:
        if change.paise != before:
            kind = _kind(before, change.paise, had_some=had_some)
            moved = change.paise - before
            yield Movement(workspace, change.at, kind, moved, change.paise)
        before, had_some = change.paise, had_some or change.paise > 0


def listed(start: datetime, end: datetime, kind: str) -> list[Movement]:
    """The movements of one kind that a month's number counted, the latest first."""
    found = [
        move
        for workspace, line in lines().items()
        for move in movements(line, workspace)
        if start <= move.at < end and move.kind == kind
    ]
    return sorted(found, key=lambda move: (move.at, move.workspace), reverse=True)


def _kind(before: int, after: int, *, had_some: bool) -> str:
    if not before:
        return "reactivation" if had_some else "new"
    if not after:
        return "churn"
    return "expansion" if after > before else "contraction"


def _add(month: Month, line: Sequence[Change]) -> None:
    """What a workspace was worth when the month began and when it ended."""
    begin, finish = _state(line, month.start), _state(line, month.end)
    month.mrr_start += begin.paise if begin else 0
    month.mrr_end += finish.paise if finish else 0
    was_there, is_there = _is_there(begin, month.start), _is_there(finish, month.end)
    month.logos_start += was_there
    month.logos_lost += was_there and not is_there
    month.at_risk += bool(finish and finish.is_halted and is_there)


def _state(line: Iterable[Change], at: datetime) -> Change | None:
    """The last change before this moment: a month begins with what was so before."""
    found = None
    for change in line:
        if change.at >= at:
            break
        found = change
    return found


def _is_there(state: Change | None, at: datetime) -> bool:
    if state is None:
        return False
    return state.paise > 0 or (state.is_halted and at - state.at <= LOST_AFTER)


def _month_after(day: date, count: int) -> datetime:
    """The local midnight that begins the month `count` months after this day's."""
    index = day.year * 12 + day.month - 1 + count
    return datetime(index // 12, index % 12 + 1, 1, tzinfo=ZONE)
