"""Conversations that can be answered, and replies in line, for tests of sending."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from inbox import replies
from inbox.models import (
    Attachment,
    ChannelAccount,
    Contact,
    ContactIdentity,
    Conversation,
    Message,
    Template,
)

KINDS = {"whatsapp": "phone", "instagram": "igsid", "facebook": "psid"}


def talk(
    account: ChannelAccount,
    who: str = "919800000001",
    *,
    wrote: timedelta | None = timedelta(hours=1),
) -> Conversation:
    """A conversation with a person who wrote so long ago; None is never."""
    at = timezone.now() - wrote if wrote is not None else None
    contact = Contact.objects.create(workspace=account.workspace, name=f"P{who}")
    ContactIdentity.objects.create(
        workspace=account.workspace,
        account=account,
        contact=contact,
        kind=KINDS[account.channel],
        value=who,
        key=who,
        last_inbound_at=at,
    )
    conversation = Conversation.objects.create(
        workspace=account.workspace,
        account=account,
        contact=contact,
        channel=account.channel,
        last_message_at=at or timezone.now(),
        last_inbound_at=at,
        waiting_since=at,
    )
    if at:
        hear(conversation, at)
    return conversation


def hear(conversation: Conversation, at: datetime, **fields: Any) -> Message:
    """The person wrote."""
    count = Message.objects.count()
    return Message.objects.create(
        **{
            "workspace": conversation.workspace,
            "account": conversation.account,
            "conversation": conversation,
            "contact": conversation.contact,
            "channel": conversation.channel,
            "direction": "in",
            "kind": "text",
            "text": "Hello?",
            "external_id": f"in.{count}.{conversation.pk}",
            "status": "received",
            "provider_at": at,
            **fields,
        }
    )


def say(conversation: Conversation, text: str = "Hi", **fields: Any) -> Message:
    """A reply in line, as a machine would put it there."""
    return replies.queue(conversation, **{"author": None, "text": text, **fields})


def approve(account: ChannelAccount, name: str = "hello", **fields: Any) -> Template:
    """An approved template with one parameter."""
    return Template.objects.create(
        **{
            "workspace": account.workspace,
            "account": account,
            "name": name,
            "language": "en",
            "status": "APPROVED",
            "components": [{"type": "BODY", "text": "Hello {{1}}, it is ready."}],
            **fields,
        }
    )


def file(account: ChannelAccount, **fields: Any) -> Attachment:
    """An uploaded picture that is in no message yet."""
    return Attachment.objects.create(
        **{
            "workspace": account.workspace,
            "kind": "image",
            "mime_type": "image/png",
            "filename": "picture.png",
            **fields,
        }
    )
