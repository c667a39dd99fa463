"""What an Instagram or Messenger message says: its kind, text, files and the rest.

Sources: developers.facebook.com, documentation/business-messaging/messenger-platform,
webhook events "messages" and "message_echoes"; instagram-platform/webhooks/examples.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin

from inbox.adapters.base import Attachment, Kind
from inbox.adapters.meta import listed, mapping, string

KINDS = {  # the attachment's word -> what it makes of the message, what the file is
    "image": (Kind.IMAGE, "image"),
    "video": (Kind.VIDEO, "video"),
    "audio": (Kind.AUDIO, "audio"),
    "file": (Kind.DOCUMENT, "document"),
    "sticker": (Kind.STICKER, "sticker"),
    "like_heart": (Kind.STICKER, "sticker"),
    "location": (Kind.LOCATION, "link"),
    "template": (Kind.TEMPLATE, "link"),
    "story_mention": (Kind.STORY_MENTION, "link"),
    "fallback": (Kind.SHARE, "link"),
    "ig_post": (Kind.SHARE, "link"),
    "ig_reel": (Kind.SHARE, "video"),
    "ig_story": (Kind.SHARE, "link"),
    "media": (Kind.SHARE, "link"),
    "post": (Kind.SHARE, "link"),
    "reel": (Kind.SHARE, "link"),
    "share": (Kind.SHARE, "link"),
    "story": (Kind.SHARE, "link"),
}
PLAIN = frozenset(("app_id", "is_echo", "metadata", "mid", "seq", "text"))
ANYTHING_ELSE = (Kind.UNSUPPORTED, "link")
FACEBOOK = "https://www.facebook.com"  # where paths instead of addresses belong
THUMBS_UP = frozenset(("369239263222822", "369239343222814", "369239383222810"))
SHOWN = (
    "story_media_url",
    "title",
    "url",
)  # what an Attachment holds of the provider's payload
READ = frozenset(  # what is read elsewhere, or says nothing
    (
        "app_id",
        "attachments",
        "is_deleted",
        "is_echo",
        "is_self",
        "is_unsupported",
        "metadata",
        "mid",
        "quick_reply",
        "referral",
        "reply_to",
        "seq",
        "text",
    )
)


class Content(NamedTuple):
    """What one message says, whoever wrote it."""

    kind: Kind
    text: str
    payload: Mapping[str, Any]
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""


class Part(NamedTuple):
    """One attachment: its word, the text it stands for, the rest, and the file."""

    word: str
    kind: Kind
    text: str
    details: Mapping[str, Any]
    attachment: Attachment | None


def content(message: Mapping[str, Any]) -> Content:
    """Read a message; words that nobody told us of go to the payload as they came."""
    text = string(message.get("text"))
    if text and PLAIN.issuperset(message):  # nearly always, so without detours
        return Content(Kind.TEXT, text, {})
    payload = {key: message[key] for key in message if key not in READ}
    parts = [_part(item) for item in _without_twins(listed(message.get("attachments")))]
    kind = parts[0].kind if parts else Kind.TEXT
    if parts:
        payload |= _details(parts)
        text = text or next(filter(None, (part.text for part in parts)), "")
        if kind is Kind.UNSUPPORTED and text:
            kind = Kind.TEXT
    elif not text:
        kind = Kind.UNSUPPORTED
    if quick_reply := mapping(message.get("quick_reply")):
        kind, payload["payload"] = Kind.BUTTON, quick_reply.get("payload", "")
    answered = mapping(message.get("reply_to"))
    if story := mapping(answered.get("story")):
        kind, payload["story"] = Kind.STORY_REPLY, story
    if message.get("is_unsupported"):
        kind = Kind.UNSUPPORTED
    files = tuple(part.attachment for part in parts if part.attachment)
    return Content(kind, text, payload, files, string(answered.get("mid")))


def _without_twins(items: list[Any]) -> list[Any]:
    """From June to August 2026 a sticker comes twice, as image too: once is enough."""
    stickers = [
        mapping(item.get("payload"))
        for item in items
        if isinstance(item, dict) and item.get("type") == "sticker"
    ]
    if not stickers or len(items) == 1:
        return items
    ids = {string(sticker.get("sticker_id")) for sticker in stickers} - {""}
    urls = {string(sticker.get("url")) for sticker in stickers} - {""}

    def is_twin(item: Any) -> bool:
        body = mapping(mapping(item).get("payload"))
        return mapping(item).get("type") == "image" and (
            string(body.get("sticker_id")) in ids or string(body.get("url")) in urls
        )

    return [item for item in items if not is_twin(item)]


def _details(parts: list[Part]) -> dict[str, Any]:
    """What the first attachment says flat, what others say as a list."""
    first, *rest = parts
    details = dict(first.details)
    if first.kind in (Kind.SHARE, Kind.UNSUPPORTED):  # many words for one kind
        details["type"] = first.word
    if others := [{**part.details, "type": part.word} for part in rest if part.details]:
        details["others"] = others
    return details


def _part(item: Any) -> Part:
    """Read an attachment; one of a type yet unknown is kept whole."""
    found = mapping(item)
    word, body = string(found.get("type")), mapping(found.get("payload"))
    if word == "image" and body.get("sticker_id"):
        word = "sticker"
    kind, file_kind = KINDS.get(word, ANYTHING_ELSE)
    url, title = _url(found, body), string(body.get("title") or found.get("title"))
    text, details = "", {key: body[key] for key in body if key not in SHOWN}
    if kind is Kind.LOCATION:
        text, details = title, _location(body, url)
    elif kind is Kind.TEMPLATE:
        text, details = string(body.get("text")) or title, dict(body)
    elif kind is Kind.UNSUPPORTED:
        details = {"raw": item}
    elif word == "like_heart":
        text = "❤"
    elif string(body.get("sticker_id")) in THUMBS_UP:
        text = "👍"
    attachment = None
    if kind is not Kind.LOCATION and (url or (title and kind is Kind.SHARE)):
        attachment = Attachment(kind=file_kind, url=url, title=title)
    return Part(word, kind, text, details, attachment)


def _url(item: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    """Where the file or page is: beside the payload in old data, also in capitals."""
    url = string(
        body.get("url")
        or body.get("story_media_url")
        or item.get("url")
        or item.get("URL")
    )
    return urljoin(FACEBOOK, url) if url.startswith("/") else url


def _location(body: Mapping[str, Any], url: str) -> dict[str, Any]:
    place = mapping(body.get("coordinates"))
    found = {"latitude": place.get("lat"), "longitude": place.get("long"), "url": url}
    return {key: value for key, value in found.items() if value not in (None, "")}
