"""The funnel: of the leads that came to a stage, how many went further, how fast."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from analytics import metrics
from analytics.counting import history
from analytics.metrics import Number, ratio
from analytics.reports.base import Asked, Figure, Line, Report, Tally, whole
from leads.models import Campaign, Stage
from teams.models import User

SPLITS = ("campaign", "owner", "source", "channel")


def report(asked: Asked) -> Report:
    """One line for each stage in order; with `by`, a funnel for each member of it.

    Options: `by` campaign, owner, source or channel. Filters: one of the same; times
    in stage are of all leads and left out with one.
    """
    by = asked.options.get("by", "")
    split, member = next(iter(asked.filters.items()), ("", ""))
    splits = {"", split, *([by] if by in SPLITS else [])}
    tally = Tally("funnel", asked.count("funnel", asked.settings, asked.period, splits))
    stages = list(
        Stage.objects.for_workspace(asked.settings.workspace)
        .exclude(kind=Stage.Kind.LOST)
        .in_order()
    )
    young = _young(asked, splits, stages)
    sections = {}
    if by in SPLITS:
        names = _names(asked, by, tally)
        for one in tally.members(by):
            key, label = names.get(one, (one, one))
            lines = _lines(tally, young, stages, by, one)
            for line in lines:
                line.key = f"{line.key}:{key}"
            sections[label or "–"] = lines
    lines = _lines(tally, young, stages, split, member)
    if not split:
        _add_open_stays(asked, stages, lines)
    won, lost = tally.n("won", split, member), tally.n("lost", split, member)
    total = Line(
        "closed",
        "Closed in the period",
        [
            tally.figure("won", "count", split, member, "won"),
            tally.figure("lost", "count", split, member, "lost"),
            Figure("win_rate", metrics.win_rate(won, lost), "share", sample=won + lost),
            *([] if split else tally.spread("cycle", "cycle", "", "")),
        ],
    )
    return Report("conversion", lines, total, sections)


def _lines(
    tally: Tally, young: Tally, stages: list[Stage], dimension: str, member: str
) -> list[Line]:
    """The figures of each stage; a lead that skips one has passed it. `young` are the
    days whose leads may still go further in time."""
    first = tally.n(f"reached:{stages[0].pk}", dimension, member) if stages else 0
    lines = []
    for place, stage in enumerate(stages):
        reached = tally.n(f"reached:{stage.pk}", dimension, member)
        further = tally.n(f"next:{stage.pk}", dimension, member)
        exits = tally.n(f"exits:{stage.pk}", dimension, member)
        is_last = place == len(stages) - 1
        step = ratio(further, reached, "none_entered")
        overall = tally.n(f"overall:{stage.pk}", dimension, member)
        pending = 0 if is_last else young.n(f"open:{stage.pk}", dimension, member)
        figures = [
            tally.figure("reached", "count", dimension, member, f"reached:{stage.pk}"),
            tally.figure("further", "count", dimension, member, f"next:{stage.pk}"),
            Figure("step", Number(None, "last") if is_last else step, "share"),
            Figure("overall", ratio(overall, first, "none_entered"), "share"),
            Figure("pending", whole(pending), "count"),
            tally.figure("exits", "count", dimension, member, f"exits:{stage.pk}"),
            Figure(
                "step_period",
                ratio(
                    tally.n(f"forward:{stage.pk}", dimension, member), exits, "no_exits"
                ),
                "share",
            ),
        ]
        if not dimension:
            figures += tally.spread("stay", f"stay:{stage.pk}", "", "")
            figures.append(
                tally.figure("flagged", "count", "", "", f"flagged:{stage.pk}")
            )
        lines.append(Line(str(stage.public_id), stage.name, figures))
    return lines


def _young(asked: Asked, splits: Collection[str], stages: list[Stage]) -> Tally:
    """The counts of days so young that the horizon is not over for all of them."""
    today = asked.now.astimezone(asked.period.zone).date()
    start = today - timedelta(days=asked.settings.horizon_days)
    start = max(asked.period.start, start)
    if start >= asked.period.end or not stages:
        return Tally("funnel", {})
    young = asked.period._replace(start=start)
    names = [f"open:{stage.pk}" for stage in stages]
    return Tally("funnel", asked.count("funnel", asked.settings, young, splits, names))


def _add_open_stays(asked: Asked, stages: list[Stage], lines: list[Line]) -> None:
    """How many are in each stage now, and since how many days half of them."""
    today = asked.now.astimezone(asked.period.zone).date()
    rows = history(
        "funnel",
        asked.settings,
        [f"staying:{stage.pk}" for stage in stages],
        today + timedelta(days=2),
    )
    for stage, line in zip(stages, lines, strict=True):
        mine = [(day, n) for name, day, n in rows if name == f"staying:{stage.pk}"]
        total = sum(n for _, n in mine)
        line.figures += [
            Figure("staying", whole(total), "count"),
            Figure(
                "staying_days", _weighted_median(mine, today), "ratio", sample=total
            ),
        ]


def _weighted_median(rows: list[tuple[date, int]], today: date) -> Number:
    """The median age in whole days of (day, how many)."""
    ages = sorted(((today - day).days, n) for day, n in rows)
    half, seen = sum(n for _, n in ages) / 2, 0
    for age, n in ages:
        seen += n
        if seen >= half:
            return whole(max(age, 0))
    return Number(None, "none")


def _names(asked: Asked, by: str, tally: Tally) -> dict[str, tuple[str, str]]:
    """Member -> (public id, what it is called); sources and channels are their own."""
    rows: Iterable[Campaign | User] = ()
    if by == "campaign":
        rows = Campaign.objects.for_workspace(asked.settings.workspace)
    elif by == "owner":
        ids = [int(member) for member in tally.members("owner") if member]
        rows = User.objects.filter(pk__in=ids)
    return {str(row.pk): (str(row.public_id), str(row)) for row in rows}
