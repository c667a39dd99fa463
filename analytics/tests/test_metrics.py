"""The formulas at their edges: a number, or the reason for none."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import metrics
from analytics.metrics import Number
from flexoraa.lib import sets

NO_SPEND = Number(None, "no_spend")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (metrics.roi(3_000, 1_000), Number(Fraction(2))),
        (metrics.roi(0, 1_000), Number(Fraction(-1))),
        (metrics.roi(-500, 1_000), Number(Fraction(-3, 2))),  # refunds
        (metrics.roi(3_000, 0), NO_SPEND),
        (metrics.roas(3_000, 2_000), Number(Fraction(3, 2))),
        (metrics.roas(0, 0), NO_SPEND),
        (metrics.cost_per_lead(1_000, 3), Number(Fraction(1000, 3))),
        (metrics.cost_per_lead(1_000, 0), Number(None, "no_leads")),
        (metrics.acquisition_cost(900, 2), Number(Fraction(450))),
        (metrics.acquisition_cost(900, 0), Number(None, "no_customers")),
        (metrics.win_rate(3, 1), Number(Fraction(3, 4))),
        (metrics.win_rate(0, 0), Number(None, "none_closed")),
        (metrics.growth(12, 8), Number(Fraction(1, 2))),
        (metrics.growth(12, 0), Number(None, "nothing_before")),
        (metrics.within_sla(8, 1, 1), Number(Fraction(8, 10))),
        (metrics.within_sla(0, 0, 0), Number(None, "none_due")),
        (metrics.median([]), Number(None, "none")),
        (metrics.median([7]), Number(Fraction(7))),
        (metrics.median([1, 2]), Number(Fraction(3, 2))),
        (metrics.p90([0, 10]), Number(Fraction(9))),
    ],
)
def test_a_number_or_its_reason(found, expected):
    assert found == expected


def test_payback_needs_a_margin_and_a_customer():
    cac = metrics.acquisition_cost(90_000, 3)
    assert metrics.payback_months(cac, 10_000, Fraction(1, 2)).value == 6
    assert metrics.payback_months(cac, 10_000, None).reason == "no_margin"
    assert metrics.payback_months(cac, 0, Fraction(1, 2)).reason == "no_revenue"
    nobody = metrics.acquisition_cost(90_000, 0)
    assert metrics.payback_months(nobody, 1, Fraction(1)).reason == "no_customers"


def test_velocity_says_nothing_of_few_wins():
    assert metrics.velocity_paise_per_day(
        50, 10, 10, Fraction(100_000), 20
    ).value == Fraction(50 * 100_000, 2 * 20)
    few = metrics.velocity_paise_per_day(50, 9, 10, Fraction(100_000), 20)
    assert few == Number(None, "low_sample")
    at_once = metrics.velocity_paise_per_day(50, 10, 0, Fraction(1), 0)
    assert at_once.reason == "no_cycle"


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (Fraction(1, 3), 4, 0.3333),
        (Fraction(5, 1000), 2, 0.01),  # half up, not to even
        (Fraction(-1, 2), 0, 0),
        (Fraction(7), 4, 7.0),
        (None, 4, None),
    ],
)
def test_numbers_are_shown_rounded_half_up(value, digits, shown):
    assert Number(value).shown(digits) == shown


@given(st.integers(-(10**12), 10**12), st.integers(1, 40))
def test_linear_shares_lose_no_paisa(amount, touches):
    shares = metrics.linear_shares(amount, touches)
    assert len(shares) == touches
    assert sum(shares) == amount
    assert max(shares) - min(shares) < touches


@pytest.mark.django_db
@pytest.mark.parametrize("values", [[5], [1, 2], [3, 1, 4, 1, 5, 9, 2, 6], [0] * 9])
@pytest.mark.parametrize("share", [Fraction(1, 2), Fraction(9, 10)])
def test_percentiles_are_those_of_the_database(values, share):
    ((theirs,),) = sets.fetch(
        "SELECT percentile_cont(%s) WITHIN GROUP (ORDER BY v) FROM unnest(%s::int[]) v",
        [float(share), values],
    )
    ours = metrics.percentile(sorted(values), share)
    assert ours.shown(6) == pytest.approx(theirs, abs=1e-6)
