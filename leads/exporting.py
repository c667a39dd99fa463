"""Leads as rows of a file that can be imported again."""

from collections.abc import Iterator
from typing import Any

from leads.models import CustomField
from leads.models.leads import LeadQuerySet
from teams.models import Workspace

COLUMNS = {
    "id": "public_id",
    "name": "name",
    "phone": "phone",
    "email": "email",
    "company": "company",
    "stage": "stage__name",
    "owner": "owner__email",
    "campaign": "campaign__code",
    "source": "source",
    "value": "value_paise",
    "currency": "currency",
    "tags": "tags",
    "consent": "consent",
    "external_id": "external_id",
    "lost_reason": "lost_reason",
    "score": "score",
    "created_at": "created_at",
    "updated_at": "updated_at",
}


def lines_of(workspace: Workspace, leads: LeadQuerySet) -> Iterator[tuple]:
    """Headings, then a line for each lead, read as it is sent: a million leads take
    no more memory than a thousand."""
    fields = list(
        CustomField.objects.for_workspace(workspace).order_by("position", "id")
    )
    yield (*COLUMNS, *(field.key for field in fields))
    rows = leads.values_list(*COLUMNS.values(), "custom")
    for *cells, custom in rows.iterator(chunk_size=2_000):
        line = dict(zip(COLUMNS, cells, strict=True))
        line["value"] = rupees(line["value"])
        line["tags"] = ", ".join(line["tags"])
        yield (*line.values(), *(custom.get(field.key) for field in fields))


def rupees(paise: int) -> Any:
    """As people write amounts: 499 or 499.50."""
    return paise // 100 if paise % 100 == 0 else f"{paise / 100:.2f}"
