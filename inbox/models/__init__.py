"""The rows of the inbox."""

from inbox.models.accounts import ChannelAccount
from inbox.models.assignment import AssignmentInterval, AssignmentRule, Desk
from inbox.models.attachments import Attachment, ProviderFile
from inbox.models.broadcasts import Broadcast, BroadcastRecipient
from inbox.models.consents import ConsentEntry, OutreachSettings
from inbox.models.conversations import Conversation, ReadMark
from inbox.models.cycles import Cycle
from inbox.models.effects import Reaction, Revision, StatusEvent
from inbox.models.erasures import ErasedName, Erasure, ErasureKey
from inbox.models.labels import CannedReply, ConversationLabel, Label
from inbox.models.ledger import ChannelEvent, RefusedWebhook, WebhookDelivery
from inbox.models.merges import ContactMerge
from inbox.models.messages import Message
from inbox.models.outbound import Gesture, Mention, SendAttempt, SendLane
from inbox.models.people import Contact, ContactIdentity
from inbox.models.templates import Template
from inbox.models.waiting import WaitSegment

__all__ = [
    "AssignmentInterval",
    "AssignmentRule",
    "Attachment",
    "Broadcast",
    "BroadcastRecipient",
    "CannedReply",
    "ChannelAccount",
    "ChannelEvent",
    "ConsentEntry",
    "Contact",
    "ContactIdentity",
    "ContactMerge",
    "Conversation",
    "ConversationLabel",
    "Cycle",
    "Desk",
    "ErasedName",
    "Erasure",
    "ErasureKey",
    "Gesture",
    "Label",
    "Mention",
    "Message",
    "OutreachSettings",
    "ProviderFile",
    "Reaction",
    "ReadMark",
    "RefusedWebhook",
    "Revision",
    "SendAttempt",
    "SendLane",
    "StatusEvent",
    "Template",
    "WaitSegment",
    "WebhookDelivery",
]
