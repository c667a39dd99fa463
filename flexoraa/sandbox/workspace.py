"""The demo's rows: a workspace, its people, its accounts. Apps are named as strings."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import transaction

from flexoraa.sandbox.events import Account

PASSWORD = "flexoraa-demo"  # noqa: S105 (it is printed by the demo)
ROLES = ("owner", "admin", "sdr", "member")


@transaction.atomic
def make_workspace(accounts: Iterable[Account]) -> None:
    """Make what is missing; a second run changes nothing."""
    workspace, _ = apps.get_model("teams.Workspace").objects.get_or_create(
        slug="demo", defaults={"name": "Saffron & Slate"}
    )
    users = apps.get_model("teams.User").objects
    if not users.filter(email="admin@flexoraa.example").exists():
        users.create_superuser("admin@flexoraa.example", PASSWORD, name="Admin")
    for role in ROLES:
        email = f"{role}@flexoraa.example"
        user = users.filter(email=email).first()
        user = user or users.create_user(
            email, PASSWORD, name=role.title(), is_staff=True
        )
        user.verify_email()
        apps.get_model("teams.Membership").objects.get_or_create(
            workspace=workspace, user=user, defaults={"role": role}
        )
    for account in accounts:
        apps.get_model("inbox.ChannelAccount").objects.get_or_create(
            channel=account.channel,
            external_id=account.external_id,
            defaults={
                "workspace": workspace,
                "name": account.name,
                "parent_external_id": account.parent,
                "token": f"sandbox-token-{account.external_id}",
            },
        )


LABELS = {"VIP": "purple", "Delivery": "blue", "Wholesale": "green", "Complaint": "red"}
CANNED = {
    "hello": "Hello {{contact.first_name}}, this is {{agent.first_name}} from "
    "{{workspace.name}}. How can I help?",
    "address": "Please send your full address with the PIN code, and we will ship it "
    "today.",
    "thanks": "Thank you, {{contact.first_name}}! It was a pleasure.",
    "hours": "We are here from 10:00 to 19:00, Monday to Saturday.",
}


def furnish() -> None:
    """Labels and canned replies, and some of the work given out; once."""
    workspace = apps.get_model("teams.Workspace").objects.get(slug="demo")
    labels = apps.get_model("inbox.Label").objects
    if labels.filter(workspace=workspace).exists():
        return
    made = [
        labels.create(workspace=workspace, name=name, colour=colour)
        for name, colour in LABELS.items()
    ]
    for shortcut, text in CANNED.items():
        apps.get_model("inbox.CannedReply").objects.create(
            workspace=workspace, shortcut=shortcut, text=text
        )
    conversations = apps.get_model("inbox.Conversation").objects
    for number, conversation in enumerate(
        conversations.filter(workspace=workspace)
        .exclude(status="resolved")
        .order_by("-last_message_at")
    ):
        if number % 3 == 0:
            conversation.put_labels(made[number // 3 % 4 : number // 3 % 4 + 2])


def count_rows() -> dict[str, Any]:
    """What the inbox holds: deliveries by state, messages and conversations by
    channel."""
    fields = {
        "deliveries": ("inbox.WebhookDelivery", "state"),
        "messages": ("inbox.Message", "channel"),
        "conversations": ("inbox.Conversation", "channel"),
    }
    return {
        name: dict(Counter(apps.get_model(model).objects.values_list(field, flat=True)))
        for name, (model, field) in fields.items()
    }
