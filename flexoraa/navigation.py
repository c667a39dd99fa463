"""The back office's sidebar; models are named as strings."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

GROUPS = (
    (
        "Inbox",
        (
            ("Conversations", "forum", "inbox_conversation"),
            ("Messages", "chat", "inbox_message"),
            ("Contacts", "contacts", "inbox_contact"),
            ("Channels", "hub", "inbox_channelaccount"),
        ),
    ),
    (
        "Webhooks",
        (
            ("Deliveries", "webhook", "inbox_webhookdelivery"),
            ("Channel events", "campaign", "inbox_channelevent"),
            ("Refused", "block", "inbox_refusedwebhook"),
        ),
    ),
    (
        "Team",
        (
            ("Users", "person", "teams_user"),
            ("Workspaces", "domain", "teams_workspace"),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links, with a count where something waits for a person."""
    return [
        {
            "title": title,
            "separator": True,
            "items": [_item(*entry) for entry in entries],
        }
        for title, entries in GROUPS
    ]


def _item(title: str, icon: str, model: str) -> dict[str, Any]:
    item = {
        "title": title,
        "icon": icon,
        "link": reverse(f"admin:{model}_changelist"),
    }
    if badge := settings.SIDEBAR_BADGES.get(model):
        item["badge"] = badge
    return item
