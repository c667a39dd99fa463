"""The leaderboard: what a score is made of, who shares a place, who has none yet."""

from fractions import Fraction

import pytest

from analytics.ranking import (
    WEIGHTS,
    Sample,
    against_target,
    mid_rank,
    rank,
    shrunk,
)

PARTS = {
    "conversion": (8, 40),
    "qualified_per_day": (20, 10),
    "handling_seconds": (36_000, 60),
    "sla": (54, 60),
    "follow_up": (9, 10),
    "csat": (45, 50),
}


def somebody(member: int, **parts) -> Sample:
    return Sample(member, active_days=10, handled=60, parts={**PARTS, **parts})


def test_weights_sum_to_one():
    assert sum(WEIGHTS.values()) == 1


def test_a_small_team_is_measured_against_targets():
    (only,) = rank([somebody(1)])
    assert only.place == 1
    assert only.score == 100  # all six are at the target or better
    assert only.parts["conversion"].value.value == Fraction(1, 5)
    slow = rank([somebody(1, handling_seconds=(108_000, 60))])[0]
    assert slow.parts["handling_seconds"].compared == Fraction(1, 2)
    assert slow.score == 90


def test_five_peers_are_ranked_among_each_other():
    team = [somebody(n, qualified_per_day=(10 * n, 10)) for n in range(1, 6)]
    standings = rank(team)
    assert [one.member for one in standings] == [5, 4, 3, 2, 1]
    assert [one.place for one in standings] == [1, 2, 3, 4, 5]
    best = standings[0].parts["qualified_per_day"]
    assert best.compared == Fraction(9, 10)  # four below and half of itself
    assert standings[0].parts["sla"].compared == Fraction(1, 2)  # all are equal


def test_faster_is_better():
    team = [somebody(n, handling_seconds=(600 * n, 1)) for n in range(1, 6)]
    assert [one.member for one in rank(team)] == [1, 2, 3, 4, 5]


def test_ties_share_a_place():
    team = [somebody(n) for n in (1, 2, 3)]
    team.append(somebody(4, qualified_per_day=(1, 10)))
    assert [one.place for one in rank(team)] == [1, 1, 1, 4]


def test_luck_with_few_items_does_not_win():
    lucky = somebody(1, conversion=(2, 2))
    steady = [somebody(n, conversion=(40, 100)) for n in range(2, 7)]
    parts = {one.member: one.parts for one in rank([lucky, *steady])}
    assert parts[1]["conversion"].value.value == 1  # what was measured stays visible
    assert shrunk(2, 2, Fraction(2, 5)) == Fraction(1, 2)
    assert shrunk(40, 100, Fraction(2, 5)) == Fraction(2, 5)


def test_a_missing_component_gives_its_weight_to_the_rest():
    (one,) = rank([somebody(1, csat=(0, 0))])
    assert one.parts["csat"].weight == 0
    assert one.parts["csat"].value.reason == "no_sample"
    assert one.parts["conversion"].weight == Fraction(30, 95)
    assert sum(part.weight for part in one.parts.values()) == 1
    assert one.score == 100


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (Sample(9, 2, 60, PARTS), "few_active_days"),
        (Sample(9, 3, 9, PARTS), "few_handled"),
        (Sample(9, 3, 10, {}), "nothing_measured"),
    ],
)
def test_who_is_not_ranked_yet_is_told_why(sample, reason):
    standing = {one.member: one for one in rank([somebody(1), sample])}[9]
    assert (standing.place, standing.score, standing.reason) == (None, None, reason)


def test_the_unranked_do_not_count_as_peers():
    team = [somebody(n) for n in range(1, 5)] + [Sample(5, 1, 1, PARTS)]
    assert rank(team)[0].parts["sla"].compared == 1  # four peers: against the target


def test_comparisons_stay_between_nothing_and_one():
    values = [Fraction(n) for n in (1, 1, 2)]
    assert [mid_rank(value, values) for value in values] == [
        Fraction(1, 3),
        Fraction(1, 3),
        Fraction(5, 6),
    ]
    assert against_target(Fraction(0), Fraction(10), lower=True) == 1
    assert against_target(Fraction(30), Fraction(10), lower=True) == Fraction(1, 3)
    assert against_target(Fraction(30), Fraction(10), lower=False) == 1
