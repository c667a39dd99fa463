"""Meta's Insights: what ads cost, by day.

Source: developers.facebook.com, documentation/ads-commerce/marketing-api, "insights":
GET /act_<id>/insights with level=ad and time_increment=1 answers a row for each ad and
day that cost something; `spend` is a string in the account's currency, days are of the
account's time zone. Figures of the last days are still revised, so they are asked for
again. Pages follow each other by paging.cursors.after, while there is a paging.next.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import orjson
from django.conf import settings

from flexoraa.lib import http
from flexoraa.lib.crypto import Secret

FIELDS = "ad_id,ad_name,spend,account_currency,date_start,date_stop"
PAGE = 200
MOST_PAGES = 500
EXPIRED = (102, 190)  # the token, in any way
DENIED = (10, 200, 294, 803)  # a permission, or no such account for this token


class NotFetched(Exception):
    """There are no figures; the text says why. It is tried again."""


class Refused(NotFetched):
    """A person has to do something first: the token has ended, or may not."""


class Account(NamedTuple):
    """An ad account as Meta knows it."""

    name: str
    currency: str
    timezone: str


class Spent(NamedTuple):
    """What an ad cost on a day; `amount` as Meta writes it, "123.45"."""

    ad_id: str
    ad_name: str
    day: date
    amount: str
    currency: str


def account(account_id: str, token: Secret) -> Account:
    """Name, currency and time zone of the account. Raises NotFetched."""
    params = {"fields": "name,currency,timezone_name"}
    told = _ask(f"act_{account_id}", params, token)
    return Account(
        _text(told.get("name"))[:120],
        _text(told.get("currency"))[:3],
        _text(told.get("timezone_name"))[:64],
    )


def spent(account_id: str, token: Secret, since: date, until: date) -> Iterator[Spent]:
    """What each ad cost on each day of `since` to `until`, both included. Raises
    NotFetched, also between pages."""
    span = {"since": since.isoformat(), "until": until.isoformat()}
    params = {
        "level": "ad",
        "time_increment": "1",
        "time_range": orjson.dumps(span).decode(),
        "fields": FIELDS,
        "limit": str(PAGE),
    }
    for _ in range(MOST_PAGES):
        told = _ask(f"act_{account_id}/insights", params, token)
        rows = told.get("data")
        if not isinstance(rows, list):
            raise NotFetched("Meta's answer cannot be read.")
        yield from filter(None, map(_spent, rows))
        paging = told.get("paging") or {}
        after = (paging.get("cursors") or {}).get("after")
        if not (paging.get("next") and after):
            return
        params["after"] = _text(after)
    raise NotFetched("Meta's answer does not end.")


def _spent(row: Any) -> Spent | None:
    try:
        day = date.fromisoformat(row["date_start"])
        ad_id = _text(row["ad_id"])
    except (KeyError, TypeError, ValueError):
        return None
    if not re.fullmatch(r"\d{1,40}", ad_id):
        return None
    return Spent(
        ad_id,
        _text(row.get("ad_name"))[:200],
        day,
        _text(row.get("spend")) or "0",
        _text(row.get("account_currency"))[:3],
    )


def _ask(path: str, params: dict[str, str], token: Secret) -> dict[str, Any]:
    given = dict(params)
    if settings.META_APP_SECRET:
        given["appsecret_proof"] = hmac.new(
            settings.META_APP_SECRET.encode(), token.reveal().encode(), hashlib.sha256
        ).hexdigest()
    try:
        answer = http.call(
            "GET",
            f"{settings.GRAPH_URL}/{settings.GRAPH_VERSION}/{path}",
            params=given,
            headers={"Authorization": f"Bearer {token.reveal()}"},
        )
    except http.CallFailed as error:
        raise NotFetched(f"Meta cannot be reached: {error}.") from error
    told = answer.json()
    if answer.status == 200 and isinstance(told, dict):
        return told
    said = told.get("error") if isinstance(told, dict) else None
    code = said.get("code") if isinstance(said, dict) else None
    if code in EXPIRED:
        raise Refused("The access token has ended: enter a new one.")
    if code in DENIED or (code == 100 and answer.status in (400, 403, 404)):
        raise Refused("The token may not read this ad account (ads_read).")
    raise NotFetched(f"Meta answered {answer.status}, code {code or 'unknown'}.")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
