"""What numbers, reasons and notes are called on pages and in mails."""

from datetime import date
from fractions import Fraction
from typing import NamedTuple

from analytics.reports.base import Figure

REPORTS = {
    "overview": "Overview",
    "roi": "Campaigns",
    "conversion": "Funnel",
    "team": "Team",
    "inbox": "Inbox",
}


class Word(NamedTuple):
    """A figure's heading, what it means, and whether more of it is better."""

    label: str
    hint: str = ""
    is_better: bool | None = None


FIGURES = {
    "spend": Word("Spend", "Ads, messages and other costs of these days"),
    "leads": Word("Leads", "People whose first touch this was", True),
    "qualified": Word("Qualified", "Of them, who ever got to a qualified stage", True),
    "won": Word("Won", "Leads that were won", True),
    "lost": Word("Lost", "Leads that were lost", False),
    "customers": Word("Customers", "Who paid for the first time", True),
    "revenue": Word("Revenue", "Payments less refunds", True),
    "profit": Word("Profit", "Revenue less spend", True),
    "roi": Word("ROI", "(Revenue − spend) ÷ spend", True),
    "roas": Word("ROAS", "Revenue ÷ spend", True),
    "cpl": Word("Cost per lead", "Spend ÷ leads", False),
    "cpql": Word("Cost per qualified", "Spend ÷ qualified leads", False),
    "cac": Word("CAC", "Spend ÷ customers", False),
    "payback_months": Word(
        "Payback", "Months until a customer has paid the CAC", False
    ),
    "reached": Word("Reached", "Came this far for the first time", True),
    "further": Word("Went further", "Of them, within the horizon", True),
    "step": Word("Step", "Share that went further", True),
    "overall": Word("Overall", "Share of all that began", True),
    "pending": Word("Pending", "Still open and young: not a failure yet"),
    "stay_median": Word("Time (median)", "Of those that have left the stage", False),
    "stay_p90": Word("Time (p90)", "Nine in ten were faster", False),
    "staying": Word("In it now", "Leads in the stage at this moment"),
    "staying_days": Word("Days in it", "Half of them since so many days", False),
    "win_rate": Word("Win rate", "Won ÷ (won + lost)", True),
    "cycle_median": Word("Sales cycle", "From new to won, median", False),
    "place": Word("Place"),
    "score": Word("Score", "0 to 100; open it for its parts", True),
    "won_value": Word("Value won", "Of the leads that were won", True),
    "assists": Word("Assists", "Wins of others that were theirs before", True),
    "answered": Word("Answered", "Waits that were ended by an answer", True),
    "in_time": Word("In time", "First answers within the target", True),
    "breach": Word("Breaches", "First answers after the deadline", False),
    "due": Word("Tasks due"),
    "done_in_time": Word("Done in time", "", True),
    "active_days": Word("Active days", "With a message or a moved lead"),
    "handling_median": Word(
        "Handling", "First answer since it was theirs, median", False
    ),
    "received": Word("Received", "Messages from people"),
    "written": Word("Written", "Messages of ours"),
    "unanswered": Word("Unanswered", "Resolved without an answer", False),
    "waiting": Word("Waiting", "For an answer now", False),
    "oldest_waiting": Word("Longest wait", "Of those who wait now", False),
    "first_response_median": Word("First answer", "Median, wall clock", False),
    "first_response_p90": Word("First answer (p90)", "Nine in ten were faster", False),
    "first_response_b_median": Word("In working time", "First answer, median", False),
    "next_response_median": Word("Next answer", "Median of later waits", False),
    "sla": Word("Within target", "First answers in time ÷ all that were due", True),
    "resolution_median": Word("Resolution", "From first message to resolved", False),
    "resolved": Word("Resolved", "Rounds that ended", True),
    "reopened": Word("Reopened", "Within seven days", False),
    "sent": Word("Sent", "Messages the provider took"),
    "delivery": Word("Delivered", "Of those sent", True),
    "read": Word("Read", "Of those delivered; a floor", True),
    "failed": Word("Failed", "Messages that failed", False),
    "charged": Word("Charged", "Messages that cost something"),
    "cost": Word("Cost", "What these messages cost by the price list"),
    "open": Word("Open now"),
    "age_median": Word("Age (median)", "Of what is open", False),
}

REASONS = {
    "no_spend": "nothing was spent",
    "no_leads": "no leads",
    "no_customers": "no customers",
    "no_margin": "no margin is set",
    "no_revenue": "no revenue",
    "none_closed": "none closed",
    "none_entered": "none came here",
    "none_due": "none was due",
    "none_sent": "none was sent",
    "none_delivered": "none was delivered",
    "none_resolved": "none was resolved",
    "no_exits": "none left",
    "no_sample": "nothing to go by",
    "none": "none yet",
    "last": "the last stage",
    "few_active_days": "fewer than 3 active days",
    "few_handled": "fewer than 10 handled",
    "nothing_measured": "nothing measured",
    "low_sample": "too few to say",
    "nothing_before": "nothing before",
    "unpriced": "no price list",
}

NOTES = {
    "maturing": "These leads are younger than half of the sales take.",
    "unproductive": "Spend that brought no lead.",
    "few_active_days": "Not ranked yet: fewer than 3 active days.",
    "few_handled": "Not ranked yet: fewer than 10 handled.",
    "nothing_measured": "Not ranked: nothing measured.",
    "left": "Has left the team.",
    "spend_excluded": "entries of spend in another currency are left out.",
    "revenue_excluded": "payments in another currency are left out.",
    "other_clock": "entries of spend have days of an ad account's other time zone.",
    "unpriced": "charged messages have no price in the list.",
}
SYMBOLS = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£"}


def word(name: str) -> Word:
    """What a figure is called; its own name where nobody wrote one."""
    return FIGURES.get(name) or Word(name.replace("_", " ").capitalize())


def note(code: str) -> str:
    """`maturing`, or with a number `spend_excluded:3`."""
    name, _, count = code.partition(":")
    return f"{count} {NOTES.get(name, name)}".strip()


def shown(figure: Figure, currency: str) -> str:
    """₹1,23,456 · 12,345 · 42.1 % · 3.40 · 2 h 5 min; – where there is none."""
    value = figure.number.value
    if value is None:
        return "–"
    if figure.unit == "paise":
        return money(round(value), currency)
    if figure.unit == "share":
        return f"{float(value) * 100:.1f} %".replace("-", "−")
    if figure.unit == "seconds":
        return duration(round(value))
    if figure.unit == "ratio":
        return f"{float(value):.2f}".removesuffix(".00").replace("-", "−")
    return grouped(round(value))


def money(paise: int, currency: str = "INR") -> str:
    """Whole units where it is much; lakhs and crores are grouped as in India."""
    sign = "−" if paise < 0 else ""
    units, rest = divmod(abs(paise), 100)
    if units >= 1_000:
        units, rest = (abs(paise) + 50) // 100, 0
    text = grouped(units, lakhs=currency == "INR")
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{text}" + (f".{rest:02}" if rest else "")


def grouped(n: int, *, lakhs: bool = True) -> str:
    """12,34,567; in threes without lakhs."""
    text = str(abs(n))
    sign = "−" if n < 0 else ""
    if len(text) <= 3 or not lakhs:
        return sign + f"{abs(n):,}"
    head, tail = text[:-3], text[-3:]
    pairs = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return sign + ",".join([*pairs, tail])


def duration(seconds: int) -> str:
    """The two largest units: 45 s, 12 min, 2 h 5 min, 3 d 4 h."""
    if seconds < 60:
        return f"{seconds} s"
    minutes = (seconds + 30) // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def change(now: Fraction | None, before: Fraction | None, unit: str) -> str:
    """+12 %, or in points for shares; "" where there is nothing to compare, or too
    little to be seen."""
    if now is None or before is None or now == before:
        return ""
    if unit == "share":
        points = round(float(now - before) * 100, 1)
        return f"{points:+.1f} pts".replace("-", "−") if points else ""
    if not before:
        return "new" if now else ""
    percent = float((now - before) / abs(before)) * 100
    if abs(percent) >= 1_000:
        return "×" + f"{float(now / before):.0f}" if now * before > 0 else "new"
    return f"{percent:+.0f} %".replace("-", "−") if round(percent) else ""


def day(value: date) -> str:
    """5 Nov."""
    return f"{value.day} {value:%b}"
