"""Start-up checks of the edge: who may ask from elsewhere, which proxy is believed."""

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d+)?")


@register(Tags.security)
def origins_are_exact(**options: Any) -> list[CheckMessage]:
    """No wildcard, no "null", no path."""
    return [
        Error(
            f"CORS_ORIGINS has {origin!r}, which is no origin.",
            hint="Name each as https://app.example.com, without a slash at the end.",
            id="flexoraa.E001",
        )
        for origin in settings.CORS_ORIGINS
        if not ORIGIN.fullmatch(origin)
    ] + [
        Warning(
            f"{origin} may read but not write.",
            hint="Name it in CSRF_TRUSTED_ORIGINS too.",
            id="flexoraa.W001",
        )
        for origin in settings.CORS_ORIGINS
        if ORIGIN.fullmatch(origin) and origin not in settings.CSRF_TRUSTED_ORIGINS
    ]


@register(Tags.security, deploy=True)
def redirects_end(**options: Any) -> list[CheckMessage]:
    """To redirect to https one has to be told when it is https."""
    if settings.SECURE_SSL_REDIRECT and not settings.TRUSTED_PROXY_HOPS:
        return [
            Warning(
                "SECURE_SSL_REDIRECT without a trusted proxy redirects for ever.",
                hint="Set TRUSTED_PROXY_HOPS to how many proxies of yours are in "
                "front, or SECURE_SSL_REDIRECT=false if this server ends TLS itself.",
                id="flexoraa.W002",
            )
        ]
    return []
