"""The inbox: volumes, response and resolution, what waits now, what was delivered."""

from analytics.metrics import ratio, within_sla
from analytics.reports.base import Asked, Figure, Line, Report, Tally, whole
from flexoraa.lib import sets
from inbox import adapters


def report(asked: Asked) -> Report:
    """One line for each channel; sections by hour, failure and charge."""
    tally = Tally("inbox", asked.count("inbox", asked.settings, asked.period))
    labels = dict(adapters.choices())
    waiting = _waiting(asked)
    lines = [
        _line(
            tally,
            channel,
            labels.get(channel, channel),
            waiting.get(channel, ()),
            asked,
        )
        for channel in sorted({*tally.members("channel"), *waiting})
    ]
    sections = {
        "hours": _hours(tally, labels),
        "failures": _failures(tally, labels),
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
    return Report("inbox", lines, None, sections)


def _line(tally: Tally, channel: str, label: str, waiting: tuple, asked: Asked) -> Line:
    def n(measure: str) -> int:
        return tally.n(measure, "channel", channel)

    late = sum(seconds > asked.settings.sla_seconds for seconds in waiting)
    in_time, answered = n("first_response_in_time"), n("first_response")
    sent, delivered = n("sent"), n("delivered")
    resolved = n("resolution") + n("resolution_auto")
    return Line(
        channel,
        label,
        [
            tally.figure("received", "count", "channel", channel, "in"),
            tally.figure("written", "count", "channel", channel, "out"),
            tally.figure("answered", "count", "channel", channel, "first_response"),
            tally.figure("unanswered", "count", "channel", channel, "first_unanswered"),
            Figure("waiting", whole(len(waiting)), "count"),
            Figure("oldest_waiting", whole(max(waiting, default=0)), "seconds"),
            *tally.spread("first_response", "first_response", "channel", channel),
            *tally.spread("first_response_b", "first_response_b", "channel", channel),
            *tally.spread("next_response", "next_response", "channel", channel),
            Figure(
                "sla",
                within_sla(in_time, answered - in_time, late + n("first_unanswered")),
                "share",
                tally.source(["first_response_in_time"], "channel", channel),
                answered + late,
            ),
            *tally.spread("resolution", "resolution", "channel", channel),
            tally.figure(
                "resolved", "count", "channel", channel, "resolution", "resolution_auto"
            ),
            tally.figure(
                "resolved_by_rule", "count", "channel", channel, "resolution_auto"
            ),
            Figure(
                "reopened",
                ratio(n("reopened"), resolved, "none_resolved"),
                "share",
                tally.source(["reopened"], "channel", channel),
                resolved,
            ),
            tally.figure("sent", "count", "channel", channel, "sent"),
            Figure(
                "delivery",
                ratio(delivered, sent, "none_sent"),
                "share",
                tally.source(["delivered"], "channel", channel),
                sent,
            ),
            Figure(
                "read",
                ratio(n("read"), delivered, "none_delivered"),
                "share",
                tally.source(["read"], "channel", channel),
                delivered,
            ),
            tally.figure("failed", "count", "channel", channel, "failed"),
        ],
    )


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
