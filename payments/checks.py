"""Start-up checks: settings without which payments would not work or not be safe."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

SHORTEST_SECRET = 8  # characters; anything shorter is a slip of the keyboard


@register("payments")
def razorpay_is_configured(**options: Any) -> list[CheckMessage]:
    """Nothing fails open without keys; but somebody should know that they miss."""
    missing = [
        name
        for name in (
            "RAZORPAY_KEY_ID",
            "RAZORPAY_KEY_SECRET",
            "RAZORPAY_WEBHOOK_SECRETS",
        )
        if not any(filter(None, _listed(getattr(settings, name))))
    ]
    if not missing:
        return []
    text = f"{', '.join(missing)} missing: nobody can subscribe or pay."
    return [Warning(text, hint="See .env.example.", id="payments.W001")]


@register("payments")
def secrets_are_no_slips(**options: Any) -> list[CheckMessage]:
    """One webhook secret that can be guessed opens the door, whatever the others."""
    secrets = [settings.RAZORPAY_KEY_SECRET, *settings.RAZORPAY_WEBHOOK_SECRETS]
    if any(secret and len(secret) < SHORTEST_SECRET for secret in secrets):
        text = f"A Razorpay secret has less than {SHORTEST_SECRET} characters."
        return [Error(text, id="payments.E001")]
    return []


@register("payments")
def url_is_bare(**options: Any) -> list[CheckMessage]:
    """The SDK adds /v1 itself, and would send the keys over plain http."""
    url = settings.RAZORPAY_URL
    if url.count("/") != 2 or not url.startswith(("https://", "http://")):
        text = f"RAZORPAY_URL is {url!r}: scheme and host only, without a path."
        return [Error(text, id="payments.E002")]
    if url.startswith("http://") and not settings.SANDBOX:
        text = "RAZORPAY_URL is not https: the keys would travel in the open."
        return [Error(text, id="payments.E003")]
    return []


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
