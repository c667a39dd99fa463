"""Ad accounts of the stand-in for Meta: what their ads cost, by day.

Source: developers.facebook.com, documentation/ads-commerce/marketing-api, "insights":
GET /act_<id>/insights, rows by ad and day, pages by cursors.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flexoraa.sandbox.graph_errors import GraphError
from flexoraa.sandbox.meta import NEWEST, Connected, Meta
from flexoraa.sandbox.nodes import chosen
from flexoraa.sandbox.outgoing import Parameters

Document = dict[str, Any]
CURRENCY, ZONE = "INR", "Asia/Kolkata"
PAGE, MOST = 25, 5_000


def account(connected: Connected, given: Parameters) -> Document:
    """GET /act_<id>."""
    external_id = connected.account.external_id
    document = {
        "id": external_id,
        "account_id": external_id.removeprefix("act_"),
        "name": connected.account.name or "Shop ads",
        "currency": CURRENCY,
        "timezone_name": ZONE,
        "account_status": 1,
    }
    return chosen(document, given)


def insights(meta: Meta, connected: Connected, given: Parameters) -> Document:
    """GET /act_<id>/insights with level=ad, a row for each ad and day in the range."""
    if given.get("level") != "ad" or str(given.get("time_increment")) != "1":
        raise GraphError(100, "The sandbox knows level=ad with time_increment=1 only.")
    since, until = _range(given)
    external_id = connected.account.external_id
    rows = [
        row
        for row in meta.spend.get(external_id, [])
        if since <= date.fromisoformat(row["date_start"]) <= until
    ]
    rows.sort(key=lambda row: (row["ad_id"], row["date_start"]))
    start, size = _place(given), _size(given)
    page = [chosen_row(row, given) for row in rows[start : start + size]]
    if not page:
        return {"data": []}
    before, after = _cursor(start), _cursor(start + len(page))
    paging: Document = {"cursors": {"before": before, "after": after}}
    if start + size < len(rows):
        asked = {k: v for k, v in given.items() if k != "access_token"}
        query = urlencode({**asked, "after": after})
        paging["next"] = f"{meta.url}/{NEWEST}/{external_id}/insights?{query}"
    return {"data": page, "paging": paging}


def row(ad_id: str, day: str, spend: str, name: str = "") -> Document:
    """What an ad cost on a day, as the API writes it: the sum is a string."""
    return {
        "ad_id": ad_id,
        "ad_name": name or f"Ad {ad_id[-3:]}",
        "spend": spend,
        "account_currency": CURRENCY,
        "date_start": day,
        "date_stop": day,
    }


def chosen_row(found: Document, given: Parameters) -> Document:
    """The fields that were asked for, and the days, which come always."""
    names = set(str(given.get("fields") or "").split(",")) | {"date_start", "date_stop"}
    return {k: v for k, v in found.items() if k in names}


def _range(given: Parameters) -> tuple[date, date]:
    try:
        span: Any = given["time_range"]
        span = json.loads(span) if isinstance(span, str) else span
        since, until = (date.fromisoformat(span[name]) for name in ("since", "until"))
    except (KeyError, TypeError, ValueError) as error:
        raise GraphError(100, "(#100) Invalid parameter: time_range") from error
    if since > until:
        raise GraphError(100, "(#100) since must not be after until")
    return since, until


def _size(given: Parameters) -> int:
    asked = str(given.get("limit") or PAGE)
    return min(int(asked), MOST) if asked.isdecimal() and int(asked) else PAGE


def _cursor(place: int) -> str:
    return urlsafe_b64encode(str(place).encode()).decode()


def _place(given: Parameters) -> int:
    try:
        return int(urlsafe_b64decode(str(given.get("after") or "") or "MA=="))
    except ValueError as error:
        raise GraphError(100, "(#100) Invalid parameter: after") from error
