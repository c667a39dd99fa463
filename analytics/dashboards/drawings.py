"""The charts of the dashboards: which series each is made from."""

from typing import Any

from analytics import asking, charts
from analytics.charts import Chart
from analytics.reports.base import Asked, Report


def split(asked: Asked) -> dict[str, Any]:
    for dimension, member in asked.filters.items():
        return {"dimension": dimension, "members": [member]}
    return {}


def first_stage(report: Report) -> str:
    """The measure of who came to the first stage."""
    if not report.lines:
        return "reached:0"
    source = report.lines[0]["reached"].source
    return source.measures[0] if source else "reached:0"


def money(asked: Asked) -> Chart:
    model = asked.options.get("model", "first")
    clock = asked.options.get("clock", "cash")
    return charts.over_time(
        asked,
        "money",
        "Spend and revenue",
        "campaigns",
        [
            ("Spend", ["spend_ad", "spend_message", "spend_other"], "dim", False),
            ("Revenue", [f"revenue_{clock}_{model}"], "accent", True),
        ],
        unit="money",
        dimension="campaign",
        members=_campaigns(asked),
    )


def _campaigns(asked: Asked) -> list[str] | None:
    """The members that the filters of a campaign report leave in; None for all."""
    if not asked.filters:
        return None
    if "campaign" in asked.filters:
        return [asked.filters["campaign"]]
    return asking.campaigns_on(asked.settings.workspace, asked.filters["channel"])


def messages(asked: Asked) -> Chart:
    channel = asked.filters.get("channel")
    return charts.over_time(
        asked,
        "messages",
        "Messages in and out",
        "inbox",
        [("Received", ["in"], "accent", False), ("Written", ["out"], "good", False)],
        dimension="channel",
        members=None if channel is None else [channel],
    )


def hours(report: Report) -> Chart:
    """What came at which hour of the local day, all channels together."""
    received, written = [0] * 24, [0] * 24
    for line in report.sections.get("hours", []):
        hour = line.details["hour"]
        received[hour] += int(line["received"].number.value or 0)
        written[hour] += int(line["written"].number.value or 0)
    return Chart(
        "hours",
        "By hour of the day",
        [f"{hour:02}" for hour in range(24)],
        [
            charts.Series("Received", [float(n) for n in received], "accent"),
            charts.Series("Written", [float(n) for n in written], "good"),
        ],
        says="Messages by the hour of the workspace's day.",
    )
