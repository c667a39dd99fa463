"""What Meta's three channels share: handshake, signature, envelope, times, ids.

Sources: developers.facebook.com, documentation/business-messaging, the pages
"create webhook endpoint" (WhatsApp) and "webhooks" (Messenger, Instagram).
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.conf import settings

from flexoraa.lib import signatures
from inbox.adapters.base import UNTIMED, Adapter, Event, Unknown

SIGNATURE = "X-Hub-Signature-256"
PREFIX = "sha256="
FIRST_ID = re.compile(rb'"(?:phone_number_id|id)"\s*:\s*"(\d{1,20})"')


class MetaAdapter(Adapter):
    """One of the objects that a Meta app subscribes to."""

    object: ClassVar[str]
    kept_headers = ("Content-Type", "Content-Encoding", "User-Agent", SIGNATURE)

    def challenge(self, query: Mapping[str, str]) -> str | None:
        """`hub.challenge` when the verify token is ours; tokens compare as strings."""
        token, given = settings.META_VERIFY_TOKEN, query.get("hub.verify_token", "")
        if not token or query.get("hub.mode") != "subscribe":
            return None
        if not hmac.compare_digest(token.encode(), given.encode("utf-8", "replace")):
            return None
        return query.get("hub.challenge", "")

    def is_authentic(self, headers: Mapping[str, str], body: bytes) -> bool:
        """`X-Hub-Signature-256: sha256=<hex>` over the raw body, by any app secret."""
        header = headers.get(SIGNATURE, "")
        if not header.startswith(PREFIX):
            return False
        return signatures.is_signed_by_any(
            header.removeprefix(PREFIX), body, settings.META_APP_SECRETS
        )

    def fairness_key(self, body: bytes) -> bytes:
        """The first account id in the envelope; good enough to share out turns."""
        found = FIRST_ID.search(body, 0, 1024)
        return found[1] if found else b""

    def speaks(self, document: Any) -> bool:
        return isinstance(document, dict) and document.get("object") == self.object

    def items(self, document: Any) -> Iterator[tuple[str, Any, Iterable[Event]]]:
        """Every entry's items; an object that Meta has not told us of is kept whole."""
        if not self.speaks(document):
            yield "object", document, self._foreign(document)
            return
        for position, entry in enumerate(listed(document.get("entry"))):
            yield from self.entry_items(f"entry[{position}]", mapping(entry))

    def entry_items(
        self, where: str, entry: Mapping[str, Any]
    ) -> Iterator[tuple[str, Any, Iterable[Event]]]:
        """(where, raw item, its events) for every item of one entry."""
        raise NotImplementedError

    def checks(self) -> Sequence[str]:
        missing = []
        if not any(settings.META_APP_SECRETS):
            missing.append("META_APP_SECRETS is empty: every webhook is refused.")
        if not settings.META_VERIFY_TOKEN:
            missing.append("META_VERIFY_TOKEN is empty: Meta cannot subscribe.")
        return missing

    def _foreign(self, document: Any) -> Iterator[Event]:
        name = document.get("object") if isinstance(document, dict) else None
        yield Unknown(
            account="",
            at=UNTIMED,
            kind=f"object:{name}"[:100],
            payload={"document": document},
        )


def listed(value: Any) -> list[Any]:
    """The value as a list: Meta's own samples have objects where lists belong."""
    if isinstance(value, list):
        return value
    return [] if value is None or value == {} else [value]


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def string(value: Any) -> str:
    """Ids come as strings and as numbers; nothing comes as null or is left out."""
    if isinstance(value, str):
        return value
    return "" if value is None or isinstance(value, bool | dict | list) else str(value)


def moment(value: Any, fallback: datetime | None = None) -> datetime:
    """Unix time in seconds or milliseconds, number or string, told apart by size.

    WhatsApp sends strings of seconds, the others numbers of milliseconds; courier saw
    both mixed up. What cannot be read falls back to `fallback`, else to UNTIMED.
    """
    try:
        number = float(value)
        if number > 1e11:
            number /= 1000
        if number > 0:
            return datetime.fromtimestamp(number, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        pass
    return fallback or UNTIMED


def derived_id(*parts: object) -> str:
    """An id for what Meta gives none, the same each time the same thing is sent."""
    text = "\x1f".join(str(part) for part in parts)
    return "derived:" + hashlib.sha256(text.encode()).hexdigest()[:40]
