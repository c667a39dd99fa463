"""Whether a token opens its account, and having webhooks sent for it.

Sources: developers.facebook.com, "phone numbers" and "create webhook endpoint"
(WhatsApp), messenger-platform/webhooks, instagram-platform/webhooks.
"""

from typing import Any, ClassVar

from flexoraa.lib.crypto import Secret
from inbox.adapters.meta import mapping, string
from inbox.adapters.sending import Call

INSTAGRAM = "instagram"  # the server of tokens from Instagram's own login


class MetaConnecting:
    """The part of a MetaAdapter that looks after the connection."""

    channel: ClassVar[str]
    shown_fields: ClassVar[str] = "id,name"
    subscribed_fields: ClassVar[tuple[str, ...]] = ()

    def account_call(self, account: str, token: Secret) -> Call:
        """Asks for the account itself: nobody but its token is told."""
        api = api_of(self.channel, token)
        whose = "me" if self.channel == INSTAGRAM else account
        params = {"fields": self.shown_fields}
        return Call(method="GET", path=whose, api=api, params=params)

    def account_words(self, body: Any) -> str:
        """What the platform says of the account, in one line."""
        told = mapping(body)
        name = string(told.get("verified_name") or told.get("name"))
        words = [
            name,
            string(told.get("display_phone_number")),
            string(told.get("username")),
        ]
        if quality := string(told.get("quality_rating")):
            words.append(f"quality {quality.lower()}")
        if state := string(told.get("status")):
            words.append(state.lower())
        return ", ".join(dict.fromkeys(word for word in words if word))

    def subscribe_call(self, account: str, parent: str, token: Secret) -> Call | None:
        """Has the app hear of the account; WhatsApp's is the business account's, which
        must be known (None)."""
        if self.channel == "whatsapp":
            return Call(path=f"{parent}/subscribed_apps") if parent else None
        whose = "me" if self.channel == INSTAGRAM else account
        params = {"subscribed_fields": ",".join(self.subscribed_fields)}
        api = api_of(self.channel, token)
        return Call(path=f"{whose}/subscribed_apps", api=api, params=params)


def api_of(channel: str, token: Secret) -> str:
    """Tokens of Instagram's own login are used on its own server."""
    by_instagram = token.reveal().startswith("IG")
    return INSTAGRAM if channel == INSTAGRAM and by_instagram else "graph"
