"""How often somebody may try to sign in: guessing is stopped, its victim is not.

Wrong passwords are counted for an account from one address, for an address, and for an
account from everywhere. A browser that has signed in to the account before is known by
a cookie and counted by itself, so that nobody outside can lock its owner out. A try is
counted before the password is looked at, in one statement: many at once get no more.
"""

import hashlib
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string, salted_hmac

from flexoraa.lib.addresses import client_address
from teams.models import Counter

COOKIE = "known_browser"
SALT = "teams.attempts"
KNOWN_FOR = timedelta(days=180)


class Limit(NamedTuple):
    """So many wrong tries in a window that begins with the first."""

    tries: int
    within: timedelta


PAIR = Limit(5, timedelta(minutes=5))
ADDRESS = Limit(10, timedelta(minutes=1))
ACCOUNT = Limit(10, timedelta(minutes=15))
BROWSER = Limit(10, timedelta(minutes=15))


class Attempt:
    """One try to sign in to one account."""

    def __init__(self, request: HttpRequest, email: str) -> None:
        account, address = _hash(email.strip().lower()), _hash(client_address(request))
        browser = _known_browser(request, account)
        self._counts = (
            {f"browser:{browser}": BROWSER}
            if browser
            else {
                f"pair:{account}:{address}": PAIR,
                f"address:{address}": ADDRESS,
                f"account:{account}": ACCOUNT,
            }
        )
        self._taken: list[str] = []

    def take(self) -> bool:
        """Count it; False when there were too many, and then it counts for nothing
        else: a flood from one address does not use up the account's tries."""
        for key, limit in self._counts.items():
            if Counter.objects.hit(key, limit.within) > limit.tries:
                self.give_back()
                return False
            self._taken.append(key)
        return True

    def give_back(self) -> None:
        """The password was right, or was not looked at."""
        for key in self._taken:
            Counter.objects.take_back(key)
        self._taken = []


def forgive(email: str) -> None:
    """The account's owner has set a new password by mail: begin anew."""
    account = _hash(email.strip().lower())
    Counter.objects.filter(key=f"account:{account}").delete()
    Counter.objects.filter(key__startswith=f"pair:{account}:").delete()


def remember(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """This browser has signed in to the account: know it again."""
    account = _hash(email.strip().lower())
    browser = _known_browser(request, account) or get_random_string(22)
    response.set_signed_cookie(
        COOKIE,
        f"{account}.{browser}",
        salt=SALT,
        max_age=KNOWN_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known_browser(request: HttpRequest, account: str) -> str:
    value = request.get_signed_cookie(COOKIE, "", salt=SALT, max_age=KNOWN_FOR)
    known, _, browser = value.partition(".")
    return browser if known == account else ""


def _hash(text: str) -> str:
    """Nobody's address is in the table, nor can be found by trying them all."""
    keyed = salted_hmac(SALT, text, algorithm="sha256").digest()
    return hashlib.sha256(keyed).hexdigest()[:32]
