"""The leaderboard's score: components, shrinkage, ranks, and who is not ranked yet.

Definitions: docs/metrics.md, "Score". Everything here is a pure function of counts, so
that a page can open each score into its parts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from analytics.metrics import Number, ratio

WEIGHTS: dict[str, Fraction] = {
    "conversion": Fraction(30, 100),
    "qualified_per_day": Fraction(20, 100),
    "handling_seconds": Fraction(20, 100),
    "sla": Fraction(15, 100),
    "follow_up": Fraction(10, 100),
    "csat": Fraction(5, 100),
}
LOWER_IS_BETTER = {"handling_seconds"}
MIN_ACTIVE_DAYS = 3
MIN_HANDLED = 10
MIN_PEERS = 5
PRIOR = 10  # how many imagined items at the team's rate each rate is mixed with
TARGETS: dict[str, Fraction] = {
    "conversion": Fraction(20, 100),
    "qualified_per_day": Fraction(2),
    "handling_seconds": Fraction(900),
    "sla": Fraction(90, 100),
    "follow_up": Fraction(90, 100),
    "csat": Fraction(90, 100),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What one member did: rates as (hits, out of), amounts as (sum, out of)."""

    member: int
    active_days: int
    handled: int
    parts: Mapping[str, tuple[int | Fraction, int | Fraction]] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True)
class Part:
    """One component of a score: what was measured, how it compares, what it weighs."""

    value: Number
    compared: Fraction | None  # 0 to 1 among the peers, or against the target
    weight: Fraction
    sample: int | Fraction


@dataclass(frozen=True, slots=True)
class Standing:
    """A place in the ranking, or the reason why there is none yet."""

    member: int
    place: int | None
    score: Fraction | None
    parts: Mapping[str, Part]
    reason: str = ""


def shrunk(hits: int | Fraction, out_of: int | Fraction, team: Fraction) -> Fraction:
    """A rate drawn towards the team's by as much as the sample is small."""
    return (Fraction(hits) + PRIOR * team) / (Fraction(out_of) + PRIOR)


def mid_rank(value: Fraction, peers: Sequence[Fraction]) -> Fraction:
    """The share of peers below, counting half of those who are equal; 0 to 1."""
    below = sum(peer < value for peer in peers)
    equal = sum(peer == value for peer in peers)
    return (below + Fraction(equal, 2)) / len(peers)


def against_target(value: Fraction, target: Fraction, *, lower: bool) -> Fraction:
    """How near to the target: 1 is there or better, 0 is nowhere."""
    if lower:
        return Fraction(1) if value <= target else target / value
    return min(value / target, Fraction(1))


def ineligible(sample: Sample) -> str:
    """Why somebody is not ranked yet; "" for who is."""
    if sample.active_days < MIN_ACTIVE_DAYS:
        return "few_active_days"
    return "few_handled" if sample.handled < MIN_HANDLED else ""


def rank(
    samples: Sequence[Sample],
    weights: Mapping[str, Fraction] = WEIGHTS,
    targets: Mapping[str, Fraction] = TARGETS,
) -> list[Standing]:
    """Everybody's standing, the best first, then who is not ranked; ties share a
    place. A component that somebody has no sample of gives its weight to the rest."""
    eligible = [sample for sample in samples if not ineligible(sample)]
    values = {sample.member: _values(sample, eligible) for sample in eligible}
    standings = [_standing(sample, values, weights, targets) for sample in eligible]
    standings.sort(key=lambda one: (-(one.score or 0), one.member))
    ranked = [_placed(one, standings) for one in standings]
    rest = [
        Standing(sample.member, None, None, {}, ineligible(sample))
        for sample in samples
        if ineligible(sample)
    ]
    return ranked + rest


def _values(sample: Sample, peers: Sequence[Sample]) -> dict[str, Fraction]:
    """What is compared: rates shrunk towards the team's, averages as they are."""
    found = {}
    for name, (hits, out_of) in sample.parts.items():
        if not out_of:
            continue
        if name in RATES:
            found[name] = shrunk(hits, out_of, _team_rate(name, peers))
        else:
            found[name] = Fraction(hits) / Fraction(out_of)
    return found


RATES = {"conversion", "sla", "follow_up", "csat"}


def _team_rate(name: str, peers: Sequence[Sample]) -> Fraction:
    pairs = [peer.parts[name] for peer in peers if name in peer.parts]
    return ratio(
        sum((Fraction(hits) for hits, _ in pairs), Fraction(0)),
        sum((Fraction(out_of) for _, out_of in pairs), Fraction(0)),
        "none",
    ).value or Fraction(0)


def _standing(
    sample: Sample,
    values: Mapping[int, Mapping[str, Fraction]],
    weights: Mapping[str, Fraction],
    targets: Mapping[str, Fraction],
) -> Standing:
    mine = values[sample.member]
    present = sum((weights[name] for name in weights if name in mine), Fraction(0))
    if not present:
        return Standing(sample.member, None, None, {}, "nothing_measured")
    parts = {}
    for name, weight in weights.items():
        if name not in mine:
            parts[name] = Part(Number(None, "no_sample"), None, Fraction(0), 0)
            continue
        lower = name in LOWER_IS_BETTER
        peers = [theirs[name] for theirs in values.values() if name in theirs]
        if len(peers) < MIN_PEERS:
            compared = against_target(mine[name], targets[name], lower=lower)
        else:
            compared = mid_rank(mine[name], peers)
            compared = 1 - compared if lower else compared
        hits, out_of = sample.parts[name]
        parts[name] = Part(
            Number(Fraction(hits) / Fraction(out_of)),
            compared,
            weight / present,
            out_of,
        )
    score = 100 * sum(
        (part.weight * part.compared for part in parts.values() if part.compared),
        Fraction(0),
    )
    return Standing(sample.member, None, score, parts)


def _placed(one: Standing, standings: Sequence[Standing]) -> Standing:
    if one.score is None:
        return one
    better = sum((other.score or 0) > one.score for other in standings)
    return Standing(one.member, better + 1, one.score, one.parts)
