"""What sending has in common on Meta's channels: where calls go, how they are signed,
how their answers are read.

Sources: developers.facebook.com, docs/graph-api/guides/secure-requests; the pages "send
messages" of WhatsApp, Messenger and Instagram.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings

from flexoraa.lib.crypto import Secret
from inbox.adapters.meta import listed, mapping, string
from inbox.adapters.meta_connecting import INSTAGRAM, MetaConnecting
from inbox.adapters.meta_errors import explain, number, refusal
from inbox.adapters.sending import Call, Refusal, Refused, Sent
from inbox.adapters.words import Identity

UNREADABLE = "The platform took the call, and its answer could not be read."


class MetaSending(MetaConnecting):
    """The sending half of a MetaAdapter: subclass it, fill in `sent`."""

    window_hours: float | None = 24  # "send messages" of each of the three

    def sent(self, body: Mapping[str, Any]) -> Sent | None:
        """What a good answer says; None when it has no id in it."""
        raise NotImplementedError

    def outcome(self, status: int, body: Any) -> Sent | Refusal:
        """What came of a call: `body` is its answer as clean JSON, None if it is none.

        An answer of 200 that names no message may have sent one.
        """
        if 200 <= status < 300 and "error" not in mapping(body):
            found = self.sent(mapping(body))
            return found or Refusal(why=Refused.AMBIGUOUS, words=UNREADABLE)
        return refusal(status, body)

    def explain(self, errors: Any) -> Refusal:
        """Why a message failed afterwards."""
        return explain(errors)

    def url(self, call: Call) -> str:
        """Where the call goes, with the version that settings name."""
        root = settings.GRAPH_URL
        if call.api == INSTAGRAM:
            root = settings.INSTAGRAM_GRAPH_URL
        return f"{root.rstrip('/')}/{settings.GRAPH_VERSION}/{call.path}"

    def headers(self, token: Secret) -> dict[str, str]:
        """Who is calling."""
        return {"Authorization": f"Bearer {token.reveal()}"}

    def params(self, call: Call, token: Secret) -> dict[str, str]:
        """The proof that the caller has the app's secret too, for the Graph API."""
        secret = app_secret()
        if call.api == INSTAGRAM or not secret:
            return dict(call.params)
        return {**call.params, "appsecret_proof": proof(token.reveal(), secret)}

    def wait_seconds(self, headers: Mapping[str, str]) -> float:
        """How long the account should pause by `X-Business-Use-Case-Usage`, which
        counts in minutes (docs/graph-api/overview/rate-limiting)."""
        try:
            usage = orjson.loads(headers.get("X-Business-Use-Case-Usage") or "{}")
        except orjson.JSONDecodeError:
            return 0
        minutes = [
            number(mapping(item).get("estimated_time_to_regain_access"))
            for items in mapping(usage).values()
            for item in listed(items)
        ]
        return 60 * max(minutes, default=0)


def app_secret() -> str:
    """The secret of the app whose tokens are used. With several secrets it has to be
    named, since a proof by another app's is refused."""
    if settings.META_APP_SECRET:
        return settings.META_APP_SECRET
    known = [secret for secret in settings.META_APP_SECRETS if secret]
    return known[0] if len(known) == 1 else ""


def proof(token: str, secret: str) -> str:
    """`appsecret_proof`: HMAC-SHA256 of the token under the app's secret, in hex."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def pick(identities: tuple[Identity, ...], *kinds: str) -> Identity | None:
    """The recipient's name to write to: of the first kind that there is, the name
    that was learned last (people change their numbers)."""
    for kind in kinds:
        named = [identity for identity in identities if identity.kind == kind]
        if named:
            return named[-1]
    return None


def first_id(value: Any) -> str:
    """The id of the first object in a list."""
    return next((string(mapping(item).get("id")) for item in listed(value)), "")
