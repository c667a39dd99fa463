"""From what a number counted to the page on which it is."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from analytics import wording
from analytics.admin.desk import Desk
from analytics.listing import Counted
from inbox.models import Message
from leads.models import Lead, Revenue, SpendEntry

# kind -> (model, the column of the row whose page it is, the page)
PAGES = {
    "lead": (Lead, "pk", "admin:leads_lead_change"),
    "revenue": (Revenue, "lead_id", "admin:leads_lead_change"),
    "spend": (SpendEntry, "campaign_id", "admin:leads_campaign_change"),
    "message": (Message, "pk", "admin:inbox_message_change"),
}
KINDS = {"user": "day of work"}


def linked(place: Desk, found: Iterable[Counted]) -> list[dict[str, Any]]:
    """Each row with its day, what it is, by how much it counts, and its address."""
    counted = list(found)
    urls: dict[tuple[str, str], str] = {}
    for kind, (model, column, name) in PAGES.items():
        ids = [row.id for row in counted if row.kind == kind and row.id]
        rows = model._base_manager.filter(
            workspace=place.workspace, public_id__in=ids
        ).values_list("public_id", column)
        for public_id, pk in rows:
            urls[kind, str(public_id)] = reverse(name, args=[pk])
    console = reverse("console:page", args=[place.workspace.slug])
    currency = place.workspace.currency
    shown = []
    for row in counted:
        url = urls.get((row.kind, row.id), "")
        if row.kind == "conversation" and row.id:
            query = urlencode({"conversation": row.id, "status": "any", "view": "all"})
            url = f"{console}?{query}"
        is_money = row.kind in ("revenue", "spend") or row.measure == "won_value"
        shown.append(
            {
                "day": row.day,
                "label": row.label,
                "kind": KINDS.get(row.kind, row.kind),
                "url": url,
                "counts": wording.money(row.n, currency) if is_money else str(row.n),
                "lasted": "" if row.value is None else wording.duration(row.value),
            }
        )
    return shown
