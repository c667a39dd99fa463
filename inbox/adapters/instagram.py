"""Instagram Direct: what differs from Messenger.

Source: developers.facebook.com, instagram-platform/webhooks and its examples.
"""

from collections.abc import Mapping
from typing import Any

from inbox.adapters.base import Identity, IdKind, Person
from inbox.adapters.messaging import MessagingAdapter
from inbox.adapters.messaging_sending import INSTAGRAM_FILES
from inbox.adapters.meta import mapping, string


class InstagramAdapter(MessagingAdapter):
    """Instagram professional accounts, by either login."""

    channel = "instagram"
    label = "Instagram"
    object = "instagram"
    id_kind = IdKind.IGSID
    fields = frozenset(("comments", "live_comments", "mentions", "story_insights"))
    rate = 90.0  # an older page allows 100, a newer one 300
    text_limit = 1000
    shown_fields = "id,name,username"
    subscribed_fields = (
        "messages",
        "messaging_postbacks",
        "messaging_seen",
        "message_reactions",
        "message_edit",
        "messaging_referral",
    )
    counts_bytes = True
    files = INSTAGRAM_FILES
    profile_fields = ("name", "username")

    def author(self, account: str, value: Mapping[str, Any]) -> Person | None:
        """Comments have the ids that messages have, and tell the username."""
        author = mapping(value.get("from"))
        found = string(author.get("id"))
        if found in ("", account):
            return None
        return Person(
            identities=(Identity(IdKind.IGSID, found, found),),
            username=string(author.get("username")),
        )
