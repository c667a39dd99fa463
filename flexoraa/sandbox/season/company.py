"""Who works at the demo's company, what it advertises, and when its year is busy."""

from datetime import date
from typing import NamedTuple

WEEKS = 26
OPENS, CLOSES = 10, 19  # from Monday to Saturday, on the workspace's clocks
SLA_SECONDS = 3_600
MARGIN_PERCENT = 55
HORIZON_DAYS = 60
LOOKBACK_DAYS = 90


class Agent(NamedTuple):
    """Somebody who sells: how fast they answer (median seconds), how well they do."""

    email: str
    name: str
    pace: int
    skill: float


AGENTS = (
    Agent("priya@flexoraa.example", "Priya Nair", 300, 1.25),
    Agent("arjun@flexoraa.example", "Arjun Mehta", 840, 1.1),
    Agent("neha@flexoraa.example", "Neha Kulkarni", 1_500, 1.0),
    Agent("vikram@flexoraa.example", "Vikram Das", 3_300, 0.8),
    Agent("sdr@flexoraa.example", "Sdr", 1_080, 0.95),
)


class Ad(NamedTuple):
    """A campaign: in which weeks it runs, what a day costs and brings, how many of
    those qualify and buy, and for how much (paise)."""

    code: str
    name: str
    channel: str
    first_week: int
    last_week: int
    daily_paise: int
    leads_a_day: float
    qualify: float
    buy: float
    value_paise: int
    kind: str = "ad"
    ad_id: str = ""


ADS = (
    Ad(
        *("diwali-lights", "Diwali lights", "instagram", 14, 26, 180_000),
        *(2.2, 0.55, 0.42, 650_000, "ad", "500000000000001"),
    ),
    Ad(
        *("linen-launch", "Linen launch", "whatsapp", 4, 12, 150_000),
        *(1.4, 0.4, 0.3, 420_000, "message"),
    ),
    Ad(
        *("craft-fair", "Craft fair Pune", "event", 8, 9, 900_000),
        *(12, 0.5, 0.35, 500_000, "other"),
    ),
    Ad(
        *("studio-reels", "Studio reels", "instagram", 0, 26, 90_000),
        *(1.3, 0.5, 0.35, 540_000, "ad"),
    ),
    Ad(
        *("gift-boxes", "Corporate gift boxes", "email", 10, 24, 70_000),
        *(0.5, 0.6, 0.4, 3_800_000, "other"),
    ),
    Ad(
        *("monsoon-sale", "Monsoon sale", "facebook", 2, 8, 220_000),
        *(2.4, 0.3, 0.22, 310_000, "ad"),
    ),
    Ad(
        *("come-back", "Come back to us", "whatsapp", 0, 26, 12_000),
        *(0.9, 0.65, 0.5, 390_000, "message"),
    ),
    Ad(
        *("fc-road-billboard", "Billboard on FC Road", "other", 16, 18, 600_000),
        *(0, 0, 0, 0, "other"),
    ),
)
ORGANIC = Ad("", "", "", 0, WEEKS, 0, 1.6, 0.5, 0.35, 480_000)

FIRST = (
    "Asha Ravi Meena Arnav Kavya Imran Zoya Dev Lakshmi Thomas Farah Nikhil Ishaan "
    "Tara Rohan Sneha Yusuf Anita Gauri Manoj"
).split()
LAST = (
    "Rao Iyer Khan Mehta Das Nair Sethi Bose Pillai Joshi Patil Deshpande Shaikh "
    "Reddy Gill Fernandes Kulkarni"
).split()
ASKS = (
    "Hi! Is this still available?",
    "What does it cost with delivery to Pune?",
    "Do you have it in brass?",
    "क्या आज डिलीवरी हो सकती है?",
    "Can I see a picture in daylight?",
    "We need forty of these for the office.",
)
ANSWERS = (
    "Hello! Yes, it is. Which size would you like?",
    "Happy to help. ₹1,499, free delivery in Pune.",
    "Yes, in brass and in slate.",
    "Of course, here it comes.",
)
MORE = ("Great, thank you 🙏", "And by when?", "Can I pay by UPI?", "I will take two.")
CLOSING = ("You are welcome!", "By Thursday.", "Sure, here is the link.", "Noted 🙂")
REASONS = ("Found it cheaper elsewhere", "No answer", "Budget", "Wrong product")


def season(day: date) -> float:
    """How busy a day is: the weeks before Diwali twice as much as the monsoon; quiet
    on Sundays."""
    by_month = {10: 1.5, 11: 1.4, 12: 1.1, 6: 0.85, 7: 0.75, 8: 0.9}
    return by_month.get(day.month, 1.0) * (0.6 if day.weekday() == 6 else 1.0)
