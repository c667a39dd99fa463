"""The words of every channel: kinds of message, how far one got, names of people."""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a message is, whichever channel it came by."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    INTERACTIVE = "interactive"  # button, list and flow replies
    BUTTON = "button"  # quick replies, also those on a template
    POSTBACK = "postback"
    ORDER = "order"
    SHARE = "share"  # a post, reel, story or link that was passed on
    STORY_REPLY = "story_reply"
    STORY_MENTION = "story_mention"
    REFERRAL = "referral"  # came through an ad or link, said nothing yet
    TEMPLATE = "template"
    SYSTEM = "system"
    UNSUPPORTED = "unsupported"


class Status(StrEnum):
    """How far a message of ours has come."""

    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"


class IdKind(StrEnum):
    """The kinds of name a channel has for a person."""

    PHONE = "phone"
    BSUID = "bsuid"
    PSID = "psid"
    IGSID = "igsid"
    USER_REF = "user_ref"
    GROUP = "group"


class Identity(NamedTuple):
    """One name of a person on one account.

    `value` is what the provider said and what sending needs; `key` is the form by
    which the person is found again (E.164 digits in their normal form for phones).
    """

    kind: IdKind
    value: str
    key: str
