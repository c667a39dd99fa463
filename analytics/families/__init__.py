"""The queries that count, by family. Each finds the events of a period.

An event is (day, measure, dimension, member, n, value): what is counted on which local
day, split by what, and for percentiles the single value. The same query counts one
day for the rollups and a whole period from the rows, so the two cannot disagree.
"""

from analytics.families import campaigns, funnel, inbox, team

FAMILIES: dict[str, str] = {
    "campaigns": campaigns.EVENTS,
    "funnel": funnel.EVENTS,
    "inbox": inbox.EVENTS,
    "team": team.EVENTS,
}

# by what each splits its counts
DIMENSIONS: dict[str, tuple[str, ...]] = {
    "campaigns": ("campaign",),
    "funnel": ("", "campaign", "owner", "source", "channel"),
    "inbox": ("channel", "hour", "code", "category"),
    "team": ("user",),
}
