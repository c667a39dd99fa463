"""Start-up checks: settings without which the inbox would be deaf or unsafe."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from inbox.adapters import ADAPTERS


@register("inbox")
def channels_are_configured(**options: Any) -> list[CheckMessage]:
    """Each adapter says what it misses."""
    found = {message for adapter in ADAPTERS.values() for message in adapter.checks()}
    return [
        Warning(text, hint="See .env.example.", id="inbox.W001")
        for text in sorted(found)
    ]


@register("inbox")
def sandbox_is_for_development(**options: Any) -> list[CheckMessage]:
    """The sandbox's secrets are public; they may not guard a real installation."""
    if settings.SANDBOX and not settings.DEBUG:
        return [
            Error(
                "SANDBOX is on without DEBUG: anybody can sign webhooks.",
                hint="Unset SANDBOX, set META_APP_SECRETS and META_VERIFY_TOKEN.",
                id="inbox.E001",
            )
        ]
    return []
