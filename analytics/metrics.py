"""The formulas: from counts and amounts to a number, or to the reason for none.

Each function is the one place that knows its definition (docs/metrics.md says them in
words). Money is integer paise; a ratio is a Fraction until it is shown, so that sums
and comparisons are exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

LOW_SAMPLE = 10  # wins below which a velocity says nothing


@dataclass(frozen=True, slots=True)
class Number:
    """A value, or None and the code of the reason why there is none."""

    value: Fraction | None
    reason: str = ""

    def shown(self, digits: int = 4) -> float | None:
        """For JSON: rounded half up, None as null."""
        if self.value is None:
            return None
        scale, whole = 10**digits, self.value.denominator
        return (2 * self.value.numerator * scale + whole) // (2 * whole) / scale


def ratio(part: int | Fraction, whole: int | Fraction, reason: str) -> Number:
    """part / whole; nothing divided by nothing has a reason, not a value."""
    return Number(Fraction(part) / whole) if whole else Number(None, reason)


def roi(revenue_paise: int, spend_paise: int) -> Number:
    """(revenue - spend) / spend. Below -1 after refunds; none without spend."""
    return ratio(revenue_paise - spend_paise, spend_paise, "no_spend")


def roas(revenue_paise: int, spend_paise: int) -> Number:
    """revenue / spend."""
    return ratio(revenue_paise, spend_paise, "no_spend")


def cost_per_lead(spend_paise: int, leads: int) -> Number:
    """Paise per new lead that a campaign brought; unproductive spend has no CPL."""
    return ratio(spend_paise, leads, "no_leads")


def acquisition_cost(spend_paise: int, customers: int) -> Number:
    """Paise per person who paid for the first time ever."""
    return ratio(spend_paise, customers, "no_customers")


def payback_months(
    cac: Number, monthly_revenue_paise: int | Fraction, margin: Fraction | None
) -> Number:
    """CAC / (monthly revenue per customer x gross margin)."""
    if cac.value is None:
        return cac
    if margin is None:
        return Number(None, "no_margin")
    return ratio(cac.value, monthly_revenue_paise * margin, "no_revenue")


def win_rate(won: int, lost: int) -> Number:
    """won / (won + lost), by the date of closing; the open ones are in neither."""
    return ratio(won, won + lost, "none_closed")


def velocity_paise_per_day(
    open_leads: int, won: int, lost: int, mean_won_paise: Fraction, median_days: float
) -> Number:
    """Open qualified leads x win rate x average won value / median days to win."""
    if won < LOW_SAMPLE:
        return Number(None, "low_sample")
    rate = win_rate(won, lost).value or Fraction(0)
    return ratio(open_leads * rate * mean_won_paise, Fraction(median_days), "no_cycle")


def growth(now: int, before: int) -> Number:
    """(now - before) / before, such as the lead velocity rate."""
    return ratio(now - before, before, "nothing_before")


def churn(lost: int, at_start: int) -> Number:
    """Lost / there at the start: workspaces, or paise a month."""
    return ratio(lost, at_start, "none_at_start")


def within_sla(in_time: int, late: int, unanswered_late: int) -> Number:
    """In time / (answered + unanswered past the deadline); who still can be answered
    in time is in neither."""
    return ratio(in_time, in_time + late + unanswered_late, "none_due")


def percentile(ordered: Sequence[float | int], share: Fraction) -> Number:
    """Continuous, as PostgreSQL's percentile_cont; `ordered` ascends."""
    if not ordered:
        return Number(None, "none")
    place = share * (len(ordered) - 1)
    below = floor(place)
    low = Fraction(ordered[below])
    if below == place:
        return Number(low)
    return Number(low + (place - below) * (Fraction(ordered[below + 1]) - low))


def median(ordered: Sequence[float | int]) -> Number:
    """Half are below."""
    return percentile(ordered, Fraction(1, 2))


def p90(ordered: Sequence[float | int]) -> Number:
    """Nine in ten are below."""
    return percentile(ordered, Fraction(9, 10))


def linear_shares(amount_paise: int, touches: int) -> list[int]:
    """Equal parts in whole paise that sum to the amount; the last takes the rest."""
    part = abs(amount_paise) // touches
    sign = -1 if amount_paise < 0 else 1
    shares = [sign * part] * touches
    shares[-1] += amount_paise - sign * part * touches
    return shares
