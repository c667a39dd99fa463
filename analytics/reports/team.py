"""The SDR leaderboard: a score for who has enough to go by, and what it is made of."""

from fractions import Fraction
from typing import Any

from analytics import metrics, ranking
from analytics.metrics import Number
from analytics.reports.base import Asked, Figure, Line, Report, Source, Tally, whole
from teams.models import Membership, User

UNITS = {
    "conversion": "share",
    "qualified_per_day": "ratio",
    "handling_seconds": "seconds",
    "sla": "share",
    "follow_up": "share",
    "csat": "share",
}


def report(asked: Asked) -> Report:
    """One line for each person, the best first; then who is not ranked yet and why."""
    tally = Tally("team", asked.count("team", asked.settings, asked.period))
    members = [int(member) for member in tally.members("user") if member]
    present = set(
        Membership.objects.filter(workspace=asked.settings.workspace_id).values_list(
            "user", flat=True
        )
    )
    people = {
        user.pk: user for user in User.objects.filter(pk__in={*members, *present})
    }
    samples = [_sample(tally, pk) for pk in sorted({*members, *present} & {*people})]
    standings = ranking.rank(samples)
    lines = [
        _line(tally, people[one.member], one, one.member in present)
        for one in standings
        if asked.filters.get("owner") in (None, str(one.member))
    ]
    return Report("team", lines, _total(tally))


def _sample(tally: Tally, pk: int) -> ranking.Sample:
    """What the score is made from: (hits, out of) by component."""
    user = str(pk)

    def n(measure: str) -> int:
        return tally.n(measure, "user", user)

    days, won, lost = n("active_days"), n("won"), n("lost")
    handling = tally.values("handling", "user", user)
    usual = metrics.median(handling).value or Fraction(0)
    return ranking.Sample(
        pk,
        active_days=days,
        handled=n("answered") + won + lost,
        parts={
            "conversion": (won, won + lost),
            "qualified_per_day": (n("qualified"), days),
            "handling_seconds": (usual * len(handling), len(handling)),
            "sla": (n("in_time"), n("in_time") + n("breach")),
            "follow_up": (n("done_in_time"), n("due")),
        },
    )


def _line(
    tally: Tally, person: User, standing: ranking.Standing, is_member: bool
) -> Line:
    member = str(person.pk)
    line = Line(
        str(person.public_id),
        str(person),
        [
            Figure("place", _placed(standing), "count"),
            Figure("score", Number(standing.score, standing.reason), "ratio"),
            *(
                tally.figure(name, unit, "user", member, name)
                for name, unit in (
                    ("won", "count"),
                    ("lost", "count"),
                    ("qualified", "count"),
                    ("revenue", "paise"),
                    ("won_value", "paise"),
                    ("answered", "count"),
                    ("in_time", "count"),
                    ("breach", "count"),
                    ("due", "count"),
                    ("done_in_time", "count"),
                    ("active_days", "count"),
                )
            ),
            *tally.spread("handling", "handling", "user", member),
        ],
    )
    line.details = {"parts": _parts(standing), "is_member": is_member}
    if standing.reason:
        line.notes.append(standing.reason)
    if not is_member:
        line.notes.append("left")
    return line


def _placed(standing: ranking.Standing) -> Number:
    if standing.place is None:
        return Number(None, standing.reason)
    return whole(standing.place)


def _parts(standing: ranking.Standing) -> list[dict[str, Any]]:
    """The components of a score, as a page opens them."""
    return [
        {
            "name": name,
            "value": part.value.shown(),
            "reason": part.value.reason,
            "unit": UNITS[name],
            "compared": None
            if part.compared is None
            else round(float(part.compared), 4),
            "weight": round(float(part.weight), 4),
            "sample": int(part.sample),
        }
        for name, part in standing.parts.items()
    ]


def _total(tally: Tally) -> Line:
    """The team's: each lead once; the people's numbers need not add up to it."""

    members = tuple(tally.members("user"))

    def everybody(measure: str) -> int:
        return sum(tally.n(measure, "user", member) for member in members)

    def figure(name: str, unit: str = "count") -> Figure:
        source = Source(tally.family, (name,), "user", members)
        return Figure(name, whole(everybody(name)), unit, source)

    won, lost = everybody("won"), everybody("lost")
    in_time, breach = everybody("in_time"), everybody("breach")
    return Line(
        "total",
        "Team",
        [
            figure("won"),
            figure("lost"),
            Figure("win_rate", metrics.win_rate(won, lost), "share", sample=won + lost),
            figure("revenue", "paise"),
            figure("answered"),
            Figure("sla", metrics.within_sla(in_time, breach, 0), "share"),
            tally.figure("breach_of_nobody", "count", "user", "", "breach"),
        ],
    )
