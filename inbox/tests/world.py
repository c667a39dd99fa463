"""A workspace with one of everything in it, for tests of the API."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image

from inbox import media
from inbox.models import (
    Attachment,
    CannedReply,
    ChannelAccount,
    Contact,
    ContactIdentity,
    ContactMerge,
    Conversation,
    Label,
    Message,
    Reaction,
    Template,
)
from teams.models import User, Workspace

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class World:
    """What `build` made."""

    workspace: Workspace
    account: ChannelAccount
    contact: Contact
    conversation: Conversation
    message: Message
    other: Contact
    label: Label
    template: Template
    canned: CannedReply
    attachment: Attachment | None = None

    @property
    def root(self) -> str:
        return f"/api/workspaces/{self.workspace.slug}"

    def converse(self, **fields: Any) -> Conversation:
        """Another conversation, with a person of its own unless given."""
        count = Contact.objects.count()
        contact = fields.pop("contact", None) or Contact.objects.create(
            workspace=self.workspace, name=f"Person {count}"
        )
        return Conversation.objects.create(
            **{
                "workspace": self.workspace,
                "account": self.account,
                "contact": contact,
                "channel": self.account.channel,
                "last_message_at": NOON - timedelta(minutes=count),
                **fields,
            }
        )

    def say(self, conversation: Conversation | None = None, **fields: Any) -> Message:
        """Another message, one minute later than the last."""
        conversation = conversation or self.conversation
        count = Message.objects.count()
        return Message.objects.create(
            **{
                "workspace": self.workspace,
                "account": conversation.account,
                "conversation": conversation,
                "contact": conversation.contact,
                "channel": conversation.channel,
                "direction": "in",
                "kind": "text",
                "text": f"Message {count}",
                "external_id": f"wamid.{count}",
                "status": "received",
                "provider_at": NOON + timedelta(minutes=count),
                **fields,
            }
        )


def build(workspace: Workspace, mark: str = "Asha") -> World:
    """A person named `mark`, who wrote to us; the mark is in every text there is."""
    account = ChannelAccount.objects.create(
        workspace=workspace,
        channel="whatsapp",
        name=f"{mark} number",
        external_id=f"{mark}-1",
        parent_external_id=f"{mark}-0",
        token=f"EAAG-{mark}-secret",
    )
    contact = Contact.objects.create(
        workspace=workspace, name=f"{mark} Rao", username=f"{mark}.rao"
    )
    merged = Contact.objects.create(
        workspace=workspace, name=f"{mark} Old", merged_into=contact
    )
    for person, key in ((contact, "1"), (merged, "2")):
        ContactIdentity.objects.create(
            workspace=workspace,
            account=account,
            contact=person,
            kind="phone",
            value=f"+{mark}{key}",
            key=f"{mark}{key}",
        )
    conversation = Conversation.objects.create(
        workspace=workspace,
        account=account,
        contact=merged,
        channel="whatsapp",
        preview=f"{mark} says hello",
        unread_count=3,
        last_message_at=NOON,
        last_inbound_at=NOON,
        waiting_since=NOON,
    )
    ContactMerge.objects.create(workspace=workspace, stayed=contact, joined=merged)
    label = Label.objects.create(workspace=workspace, name=f"{mark} label")
    conversation.put_labels([label])
    world = World(
        workspace,
        account,
        contact,
        conversation,
        message=None,
        other=Contact.objects.create(workspace=workspace, name=f"{mark} Twin"),
        label=label,
        template=Template.objects.create(
            workspace=workspace,
            account=account,
            name=f"{mark.lower()}_hello",
            language="en",
            status="APPROVED",
            components=[{"type": "BODY", "text": f"{mark} {{{{1}}}}"}],
        ),
        canned=CannedReply.objects.create(
            workspace=workspace,
            shortcut=mark,
            text=f"{mark} thanks {{{{contact.name}}}}",
        ),
    )
    world.message = world.say(
        text=f"{mark} says hello", external_id=f"wamid.{mark}", payload={mark: mark}
    )
    world.attachment = keep_file(world.message, filename=f"{mark}.png")
    Reaction.objects.create(
        workspace=workspace,
        account=account,
        target=world.message.external_id,
        message=world.message,
        contact=contact,
        emoji="👍",
        provider_at=NOON,
    )
    return world


def keep_file(message: Message, body: bytes = b"", **fields: Any) -> Attachment:
    """A file of a message, of which there is a copy; a small PNG unless given."""
    picture = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(picture, "PNG")
    file = ContentFile(body or picture.getvalue(), fields.get("filename", "a.png"))
    kept = media.store_upload(message.workspace, file, by=None)
    kept.message, kept.external_id = message, "300000000000900"
    kept.url = "https://files.example/a.png"
    for name, value in fields.items():
        setattr(kept, name, value)
    kept.save()
    return kept


def as_user(user: User | None) -> Client:
    """A browser in which this user is signed in."""
    client = Client()
    if user:
        client.force_login(user)
    return client


def rows_of(workspace: Workspace) -> dict[str, list]:
    """Every row of a workspace in every table, as it stands."""
    found = {}
    for model in apps.get_models():
        names = {field.name for field in model._meta.concrete_fields}
        if "workspace" in names:
            rows = model._base_manager.filter(workspace=workspace)
            found[model.__name__] = list(rows.order_by("pk").values())
    found["Workspace"] = list(Workspace.objects.filter(pk=workspace.pk).values())
    return found
