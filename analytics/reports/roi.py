"""Campaign ROI: what was spent, whom it brought, and what came back."""

from collections.abc import Iterable
from fractions import Fraction

from analytics import metrics
from analytics.reports.base import Asked, Figure, Line, Report, Tally
from leads.models import Campaign

SPEND = ("spend_ad", "spend_message", "spend_other")
MODELS = ("first", "last", "linear")
CLOCKS = ("cohort", "cash")
UNATTRIBUTED = "unattributed"
DAYS = 86_400


def report(asked: Asked) -> Report:
    """One line for each campaign that counted anything, the unattributed apart.

    Options: `model` first, last or linear; `clock` cohort or cash. Filters: `campaign`
    and `channel`; the unattributed stay in sight, and out of a filtered total.
    """
    model = asked.options.get("model", "first")
    clock = asked.options.get("clock", "cash")
    tally = Tally("campaigns", asked.count("campaigns", asked.settings, asked.period))
    campaigns = {
        str(campaign.pk): campaign
        for campaign in Campaign.objects.for_workspace(asked.settings.workspace)
    }
    margin = asked.settings.margin_percent
    share = None if margin is None else Fraction(margin, 100)
    lines = [
        _line(
            tally,
            [member],
            str(campaigns[member].public_id) if member else UNATTRIBUTED,
            campaigns[member].name if member else "Unattributed",
            model,
            clock,
            share,
        )
        for member in tally.members("campaign")
        if member in campaigns or not member
    ]
    wanted = [
        member
        for member in tally.members("campaign")
        if _is_wanted(asked, campaigns.get(member))
    ]
    notes = _notes(tally, asked)
    if clock == "cohort" and _is_maturing(asked):
        notes.append("maturing")
        for line in lines:
            line.notes.append("maturing")
    everything = _line(tally, wanted, "total", "All", model, clock, share)
    keys = {
        str(campaigns[member].public_id) for member in wanted if member in campaigns
    }
    mine = [line for line in lines if line.key in keys]
    mine.sort(key=lambda line: (-(line["revenue"].number.value or 0), line.label))
    unattributed = [line for line in lines if line.key == UNATTRIBUTED] or [
        _line(tally, [""], UNATTRIBUTED, "Unattributed", model, clock, share)
    ]
    return Report(
        "roi", mine, everything, {"unattributed": unattributed}, sorted(set(notes))
    )


def _is_wanted(asked: Asked, campaign: Campaign | None) -> bool:
    """Whether the filters leave this campaign (None: the unattributed) in."""
    if campaign is None:
        return not asked.filters
    wanted = {"campaign": str(campaign.pk), "channel": campaign.channel}
    return all(wanted[name] == member for name, member in asked.filters.items())


def _line(
    tally: Tally,
    members: list[str],
    key: str,
    label: str,
    model: str,
    clock: str,
    margin: Fraction | None,
) -> Line:
    def added(*measures: str) -> int:
        return sum(
            tally.n(m, "campaign", member) for m in measures for member in members
        )

    def figure(name: str, unit: str, *measures: str) -> Figure:
        source = tally.source(measures, "campaign", "")._replace(members=tuple(members))
        return Figure(name, metrics.Number(Fraction(added(*measures))), unit, source)

    spend, revenue = added(*SPEND), added(f"revenue_{clock}_{model}")
    leads, customers = added("leads"), added(f"customers_{clock}")
    cac = metrics.acquisition_cost(spend, customers)
    monthly = Fraction(revenue, customers) if customers else Fraction(0)
    line = Line(
        key,
        label,
        [
            figure("spend", "paise", *SPEND),
            figure("leads", "count", "leads"),
            figure("qualified", "count", "qualified"),
            figure("won", "count", f"won_{clock}"),
            figure("customers", "count", f"customers_{clock}"),
            figure("revenue", "paise", f"revenue_{clock}_{model}"),
            figure("profit", "paise", f"revenue_{clock}_{model}", *SPEND),
            Figure("roi", metrics.roi(revenue, spend), "share"),
            Figure("roas", metrics.roas(revenue, spend), "ratio"),
            Figure("cpl", metrics.cost_per_lead(spend, leads), "paise"),
            Figure("cpql", metrics.cost_per_lead(spend, added("qualified")), "paise"),
            Figure("cac", cac, "paise"),
            Figure(
                "payback_months", metrics.payback_months(cac, monthly, margin), "ratio"
            ),
        ],
    )
    profit = line.figures.index(line["profit"])
    line.figures[profit] = Figure(
        "profit", metrics.Number(Fraction(revenue - spend)), "paise"
    )
    if spend and not leads:
        line.notes.append("unproductive")
    return line


def _notes(tally: Tally, asked: Asked) -> list[str]:
    """What was left out: other currencies have no rate here."""
    left_out: Iterable[str] = ("spend_excluded", "revenue_excluded")
    return [
        f"{measure}:{count}"
        for measure in left_out
        if (
            count := sum(
                tally.n(measure, "campaign", member)
                for member in tally.members("campaign")
            )
        )
    ]


def _is_maturing(asked: Asked) -> bool:
    """Whether the cohort is younger than half of the sales take."""
    counts = asked.count("funnel", asked.settings, asked.period, [""], ["cycle"])
    usual = metrics.median(Tally("funnel", counts).values("cycle")).value
    if usual is None:
        usual = Fraction(asked.settings.horizon_days * DAYS, 2)
    return (asked.now - asked.period.end_instant).total_seconds() < usual
