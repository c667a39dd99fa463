"""The inbox: volumes, response and resolution, what waits now, what was delivered."""

from analytics.metrics import median, p90, ratio, within_sla
from analytics.reports.base import Asked, Figure, Line, Report, Source, Tally, whole
from analytics.spreads import together
from flexoraa.lib import sets
from inbox import adapters


def report(asked: Asked) -> Report:
    """One line for each channel and for all; sections by hour, failure and charge.
    Filter: `channel`; charges and the backlog are of all."""
    tally = Tally("inbox", asked.count("inbox", asked.settings, asked.period))
    labels = dict(adapters.choices())
    waiting = _waiting(asked)
    wanted = [
        channel
        for channel in sorted({*tally.members("channel"), *waiting})
        if asked.filters.get("channel") in (None, channel)
    ]
    lines = [
        _line(tally, [channel], channel, labels.get(channel, channel), waiting, asked)
        for channel in wanted
    ]
    total = _line(tally, wanted, "total", "All channels", waiting, asked)
    sections = {
        "hours": _of(asked, _hours(tally, labels)),
        "failures": _of(asked, _failures(tally, labels)),
        "charges": [
            Line(
                category,
                category or "other",
                [tally.figure("charged", "count", "category", category, "charged")],
            )
            for category in tally.members("category")
        ],
        "backlog": [_backlog(asked)],
    }
    return Report("inbox", lines, total, sections)


def _line(
    tally: Tally,
    channels: list[str],
    key: str,
    label: str,
    waiting: dict[str, tuple[int, ...]],
    asked: Asked,
) -> Line:
    def n(measure: str) -> int:
        return sum(tally.n(measure, "channel", channel) for channel in channels)

    def source(*measures: str) -> Source:
        return Source(tally.family, measures, "channel", tuple(channels))

    def figure(name: str, *measures: str) -> Figure:
        total = sum(n(measure) for measure in measures)
        return Figure(name, whole(total), "count", source(*measures))

    def spread(name: str) -> list[Figure]:
        values = together(
            tally.values(name, "channel", channel) for channel in channels
        )
        return [
            Figure(f"{name}_{which}", of(values), "seconds", source(name), len(values))
            for which, of in (("median", median), ("p90", p90))
        ]

    waits = [seconds for channel in channels for seconds in waiting.get(channel, ())]
    late = sum(seconds > asked.settings.sla_seconds for seconds in waits)
    in_time, answered = n("first_response_in_time"), n("first_response")
    sent, delivered = n("sent"), n("delivered")
    resolved = n("resolution") + n("resolution_auto")
    return Line(
        key,
        label,
        [
            figure("received", "in"),
            figure("written", "out"),
            figure("answered", "first_response"),
            figure("unanswered", "first_unanswered"),
            Figure("waiting", whole(len(waits)), "count"),
            Figure("oldest_waiting", whole(max(waits, default=0)), "seconds"),
            *spread("first_response"),
            *spread("first_response_b"),
            *spread("next_response"),
            Figure(
                "sla",
                within_sla(in_time, answered - in_time, late + n("first_unanswered")),
                "share",
                source("first_response_in_time"),
                answered + late,
            ),
            *spread("resolution"),
            figure("resolved", "resolution", "resolution_auto"),
            figure("resolved_by_rule", "resolution_auto"),
            Figure(
                "reopened",
                ratio(n("reopened"), resolved, "none_resolved"),
                "share",
                source("reopened"),
                resolved,
            ),
            figure("sent", "sent"),
            Figure(
                "delivery",
                ratio(delivered, sent, "none_sent"),
                "share",
                source("delivered"),
                sent,
            ),
            Figure(
                "read",
                ratio(n("read"), delivered, "none_delivered"),
                "share",
                source("read"),
                delivered,
            ),
            figure("failed", "failed"),
        ],
    )


def _of(asked: Asked, lines: list[Line]) -> list[Line]:
    """Those of the channel that is asked for."""
    wanted = asked.filters.get("channel")
    return [line for line in lines if wanted in (None, line.details["channel"])]


def _hours(tally: Tally, labels: dict[str, str]) -> list[Line]:
    """What came and went at which hour of the local day."""
    lines = []
    for member in tally.members("hour"):
        channel, _, hour = member.rpartition(":")
        lines.append(
            Line(
                member,
                f"{labels.get(channel, channel)} {hour}:00",
                [
                    tally.figure("received", "count", "hour", member, "in"),
                    tally.figure("written", "count", "hour", member, "out"),
                ],
                details={"channel": channel, "hour": int(hour)},
            )
        )
    return lines


def _failures(tally: Tally, labels: dict[str, str]) -> list[Line]:
    """Messages that failed, by the provider's code."""
    lines = []
    for member in tally.members("code"):
        channel, _, code = member.rpartition(":")
        lines.append(
            Line(
                member,
                f"{labels.get(channel, channel)} {code or 'without a code'}",
                [tally.figure("failed", "count", "code", member, "failed")],
                details={"channel": channel, "code": code},
            )
        )
    return sorted(lines, key=lambda line: -(line["failed"].number.value or 0))


def _waiting(asked: Asked) -> dict[str, tuple[int, ...]]:
    """By channel: for how many seconds people wait now who began in the period."""
    rows = sets.fetch(
        "SELECT c.channel, array_agg(extract(epoch FROM %s - w.started_at)::bigint) "
        "FROM inbox_waitsegment w JOIN inbox_conversation c "
        "ON c.id = w.conversation_id "
        "WHERE w.workspace_id = %s AND w.ended_at IS NULL AND w.started_at >= %s "
        "AND w.started_at < %s GROUP BY c.channel",
        [
            asked.now,
            asked.settings.workspace_id,
            asked.period.first_instant,
            asked.period.end_instant,
        ],
    )
    return {channel: tuple(max(s, 0) for s in waits) for channel, waits in rows}


def _backlog(asked: Asked) -> Line:
    """What is open now, whenever it began, and how old it is."""
    ((count, half, most),) = sets.fetch(
        "SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY age), "
        "percentile_cont(0.9) WITHIN GROUP (ORDER BY age) FROM (SELECT "
        "extract(epoch FROM %s - started_at) AS age FROM inbox_cycle "
        "WHERE workspace_id = %s AND ended_at IS NULL) open",
        [asked.now, asked.settings.workspace_id],
    )
    return Line(
        "now",
        "Open now",
        [
            Figure("open", whole(count), "count"),
            Figure("age_median", whole(int(half or 0)), "seconds", sample=count),
            Figure("age_p90", whole(int(most or 0)), "seconds", sample=count),
        ],
    )
