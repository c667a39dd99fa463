"""The channels there are. Adding one is a module, a line here and its tests."""

from typing import Any

from inbox.adapters.base import Adapter
from inbox.adapters.facebook import FacebookAdapter
from inbox.adapters.instagram import InstagramAdapter
from inbox.adapters.whatsapp import WhatsAppAdapter

ADAPTERS: dict[str, Adapter] = {
    "whatsapp": WhatsAppAdapter(),
    "instagram": InstagramAdapter(),
    "facebook": FacebookAdapter(),
}


def choices() -> list[tuple[str, str]]:
    """For `channel` fields: a callable, so that a new channel needs no migration."""
    return [(channel, adapter.label) for channel, adapter in ADAPTERS.items()]


def for_document(route: str, document: Any) -> Adapter:
    """Who reads this body: the adapter of the route, unless another one speaks it.

    One Meta app may post all three objects to any of the three routes.
    """
    own = ADAPTERS[route]
    if own.speaks(document):
        return own
    others = (other for other in ADAPTERS.values() if other.speaks(document))
    return next(others, own)
