"""People who sign in through the front door, as a browser application does."""

import re
from typing import Any

from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.test import Client

from teams import mailing
from teams.models import User

PASSWORD = "a-long-password"
DOOR = "/_allauth/browser/v1"


def verified(user: User) -> User:
    """The user has shown that mail to their address reaches them."""
    user.verify_email()
    return user


def ask(client: Client, path: str, body: Any = None, method: str = "post", **headers):
    """One request of a browser application to allauth's headless door."""
    sender = getattr(client, method)
    if method == "get":
        return sender(f"{DOOR}/{path}", headers=headers)
    return sender(
        f"{DOOR}/{path}", body or {}, content_type="application/json", headers=headers
    )


def log_in(client: Client, email: str, password: str = PASSWORD, **headers):
    return ask(client, "auth/login", {"email": email, "password": password}, **headers)


def flows(response) -> list[str]:
    """What allauth says is to be done next."""
    return [
        flow["id"]
        for flow in response.json()["data"]["flows"]
        if flow.get("is_pending")
    ]


def mails() -> list:
    """Everything that waits is sent; all that was sent so far."""
    while mailing.drain():
        pass
    return mail.outbox


def link_in(message, part: str) -> str:
    """The path of the link in a mail that has this in it."""
    (url,) = {
        found for found in re.findall(r"https?://\S+", message.body) if part in found
    }
    return "/" + url.split("/", 3)[3]


def code_of(secret: str, step: int = 0) -> str:
    """What an authenticator app shows now, or so many steps of 30 s later."""
    counter = next(iter(yield_hotp_counters_from_time())) + 1 + step
    return format_hotp_value(hotp_value(secret, counter))


def with_second_factor(user: User) -> str:
    """The user has an authenticator app; its secret."""
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    TOTP.activate(user, secret)
    return secret
