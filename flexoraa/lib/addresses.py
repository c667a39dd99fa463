"""The address that a request came from, believing only proxies that are ours."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The asker's IP address; "" when there is none (a unix socket).

    Each proxy appends the address that it was asked from to X-Forwarded-For, so with
    TRUSTED_PROXY_HOPS proxies of ours in front the right one is that many from the
    end. What stands before it was written by the asker and is not looked at; with 0,
    the default, the header is not read at all.
    """
    hops = settings.TRUSTED_PROXY_HOPS
    chain = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    named = chain[-hops].strip() if 0 < hops <= len(chain) else ""
    return normal(named) or normal(request.META.get("REMOTE_ADDR", ""))


def normal(text: str) -> str:
    """The address in its one spelling; "" for what is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def is_loopback(request: HttpRequest) -> bool:
    """Whether it came from this very machine, past no proxy."""
    if "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META:
        return False
    address = normal(request.META.get("REMOTE_ADDR", ""))
    return bool(address) and ipaddress.ip_address(address).is_loopback
