"""The rows of the inbox."""

from inbox.models.accounts import ChannelAccount
from inbox.models.conversations import Conversation, ReadMark
from inbox.models.effects import Reaction, Revision, StatusEvent
from inbox.models.ledger import ChannelEvent, RefusedWebhook, WebhookDelivery
from inbox.models.messages import Attachment, Message
from inbox.models.people import Contact, ContactIdentity

__all__ = [
    "Attachment",
    "ChannelAccount",
    "ChannelEvent",
    "Contact",
    "ContactIdentity",
    "Conversation",
    "Message",
    "Reaction",
    "ReadMark",
    "RefusedWebhook",
    "Revision",
    "StatusEvent",
    "WebhookDelivery",
]
