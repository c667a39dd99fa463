"""Which functions of the apps do what: wiring knows apps only as strings."""

from flexoraa.settings.place import env

# Secrets within other values, which `rotate_field_keys` seals anew, too
SEALED_ELSEWHERE = ["teams.factors.reseal"]

# Who counts how much of each limit a workspace uses
USAGE = {
    "seats": "teams.usage.seats",
    "channels": "inbox.usage.channels",
    "leads": "leads.usage.leads",
    "messages": "inbox.usage.messages",
}

# What the worker does, by name: wiring knows apps only as strings
WORK = {
    "queues": [
        "inbox_webhooks",
        "inbox_outbox",
        "payments_webhooks",
        "teams_mail",
        "teams_departures",
    ],
    "drains": [
        "inbox.ingest.drain",
        "payments.receiving.drain",
        "teams.departures.drain",
    ],
    # each with a thread of its own: what waits for other people's servers, or counts,
    # or edits many leads
    "apart": [
        "analytics.rollups.drain",
        "analytics.conversions.drain",
        "inbox.delivery.drain",
        "inbox.gestures.drain",
        "inbox.templates.drain",
        "payments.reconciling.drain",
        "payments.linking.drain",
        "payments.refunding.drain",
        "payments.ordering.drain",
        "teams.mailing.drain",
        "inbox.media.drain",
        "leads.bulk.drain",
        "leads.importing.drain",
        "leads.duplicates.drain",
        "leads.scoring.drain",
        "leads.fetching.drain",
        "inbox.leading.drain",
        "inbox.profiles.drain",
        "inbox.broadcasts.drain",
        "inbox.erasing.drain",
    ],
    "finishers": ["inbox.delivery.finish"],
    "chores": [
        "inbox.ingest.housekeep",
        "inbox.reconciling.housekeep",
        "inbox.media.sweep",
        "inbox.snoozing.wake",
        "inbox.assignment.give_out",
        "teams.housekeeping.housekeep",
        "teams.crossings.inspect",
        "flexoraa.lib.stream.prune",
        "payments.keeping.housekeep",
    ],
}

# Celery as the runner of that work on many machines; without a broker run_worker does
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="")
CELERY_QUEUE = env.str("CELERY_QUEUE", default="flexoraa")

METRICS = [
    "inbox.gauges.gauges",
    "payments.alarms.gauges",
    "teams.crossings.gauges",
]
BACKLOGS = {
    "webhooks": "inbox.ingest.backlog",
    "replies": "inbox.outbox.backlog",
    "media": "inbox.media.backlog",
    "payment_webhooks": "payments.receiving.backlog",
}

# Open work of members, by kind: modules that count it and hand it on when they go
# (teams/departures.py)
OPEN_WORK = {"conversations": "inbox.handover", "leads": "leads.handover"}

# What apps add to the back office, by name
DASHBOARD = [
    "inbox.overview.cards",
    "payments.overview.cards",
    "teams.crossings.card",
]  # of the whole installation, for platform staff
TEAM_DASHBOARD = [
    "inbox.overview.team_cards",
    "payments.overview.team_cards",
]  # called with ids of workspaces
BILLING_PAGE = "admin:payments_billing"  # the route, with a workspace's slug
# what became of a lead, for its page: called with (lead, before=, limit=)
LEAD_TIMELINE = "inbox.timeline.lines"
ERASE_PAGE = "admin:inbox_erasure_person"  # the route, with a lead's key
# what a member sees, for the back office's "view as": called with (membership, role)
SEEN = ["leads.seen.seen", "inbox.seen.seen"]
SIDEBAR_BADGES = {
    "inbox_webhookdelivery": "inbox.overview.stuck_badge",
    "payments_webhookdelivery": "payments.overview.stuck_badge",
}
