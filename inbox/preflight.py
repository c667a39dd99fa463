"""The look before a broadcast: whom it would reach, whom not and why, what it costs.

The list is frozen by it: a row for each lead that was chosen, with the values that go
into the template, or with the reason why it is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from flexoraa.lib import sets
from flexoraa.lib.errors import Conflict
from flexoraa.lib.ids import uuid7
from inbox import burying, consents, usage
from inbox.adapters import ADAPTERS
from inbox.adapters.phones import normal_form
from inbox.adapters.sending import Unsendable
from inbox.models import Broadcast, BroadcastRecipient, ConsentEntry, Template
from leads.models import Campaign, Lead
from leads.models.leads import LeadQuerySet
from teams.models import User, Workspace

MOST = 50_000  # in one broadcast
CHUNK = 2_000  # leads that are looked at together
LONGEST_VALUE = 1024
FIELDS = {
    "name": "Name",
    "first_name": "First name",
    "phone": "Phone",
    "email": "E-mail address",
    "company": "Company",
    "owner": "Owner's name",
    "stage": "Stage",
    "campaign": "Campaign",
    "value": "Value",
}
CUSTOM = "custom."
Name = tuple[str, str]  # kind and key, as identities have them


class TooMany(Conflict):
    """The selection is larger than one broadcast may be."""

    default_code = "too_many"
    default_detail = f"That is more than {MOST:,} leads: narrow it down."


class Link(NamedTuple):
    """A contact and one of its names on the account of the broadcast."""

    name: Name
    contact_id: int
    last_inbound_at: datetime | None


@dataclass
class Look:
    """What is known while a selection is looked through."""

    account_id: int
    seen: set[Any] = field(default_factory=set)
    dropped: dict[str, int] = field(default_factory=dict)
    pending: int = 0
    open: int = 0


@transaction.atomic
def plan(
    *,
    workspace: Workspace,
    by: User | None,
    name: str,
    template: Template,
    selection: LeadQuerySet,
    parameters: Mapping[str, Mapping[str, str]],
    components: Sequence[Mapping[str, Any]] = (),
    campaign: Campaign | None = None,
    per_minute: int | None = None,
    missing: int = 0,
    request: Mapping[str, Any] | None = None,
) -> Broadcast:
    """Freeze the list and say what would happen; nothing is sent yet.

    `parameters` says for each gap of the template's text {"field": a lead's, "default":
    for who has none} or {"text": the same for all}. `selection` is narrowed to what
    `by` may see already; `missing` says how many were asked for and are not in it.
    Raises Unsendable for a template or parameters that cannot be, and TooMany.
    """
    check_template(template)
    check_parameters(template, parameters)
    burying.share([workspace.pk])
    if selection.order_by()[: MOST + 1].count() > MOST:
        raise TooMany
    broadcast = Broadcast.objects.create(
        workspace=workspace,
        name=name,
        account_id=template.account_id,
        template=template,
        campaign=campaign,
        parameters={gap: dict(spec) for gap, spec in parameters.items()},
        components=list(components),
        per_minute=per_minute,
        by=by,
        request=dict(request or {}),
    )
    look = Look(template.account_id)
    ids = list(selection.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        _freeze(broadcast, template, look, ids[start : start + CHUNK])
    if missing:
        look.dropped["not_found"] = missing
    broadcast.total = len(ids)
    broadcast.facts = {
        "pending": look.pending,
        "dropped": look.dropped,
        "windows": {"open": look.open, "closed": look.pending - look.open},
        "cost": cost(workspace, template, look.pending, look.open),
        "plan": room(workspace, look.pending),
        "seconds": seconds(broadcast, look.pending),
    }
    broadcast.save(update_fields=["total", "facts"])
    return broadcast


def check_template(template: Template) -> None:
    """Raises Unsendable unless it can be sent."""
    if template.status != Template.Status.APPROVED:
        raise Unsendable(
            "template_not_approved",
            f"The template {template} is {template.get_status_display().lower()}.",
        )
    if not ADAPTERS[template.account.channel].has_templates:
        raise Unsendable("template_unknown", "This channel has no templates.")


def check_parameters(
    template: Template, parameters: Mapping[str, Mapping[str, str]]
) -> None:
    """Raises Unsendable for gaps that nothing fills, and for what fills none."""
    gaps = set(template.parameters)
    if lacking := sorted(gaps - parameters.keys()):
        raise Unsendable(
            "template_parameters",
            f"Say what goes into {', '.join(lacking)} of {template}.",
        )
    if idle := sorted(parameters.keys() - gaps):
        raise Unsendable(
            "template_parameters", f"{template} has no gap {', '.join(idle)}."
        )
    for gap, spec in parameters.items():
        wanted, text = spec.get("field", ""), spec.get("text", "")
        is_known = wanted in FIELDS or wanted.startswith(CUSTOM)
        if bool(wanted) == bool(text) or wanted and not is_known:
            raise Unsendable(
                "template_parameters",
                f"Fill {gap} with one of {', '.join(FIELDS)} or custom.…, or a text.",
            )


def cost(
    workspace: Workspace, template: Template, count: int, open_count: int
) -> dict[str, Any]:
    """An estimate by the workspace's own prices; without one, `paise` is null.

    Templates of the category utility are free within an open window (source:
    developers.facebook.com, WhatsApp "pricing").
    """
    category = template.category.upper() or "UNKNOWN"
    charged = count - open_count if category == "UTILITY" else count
    price = consents.settings_of(workspace).price(category)
    return {
        "category": category,
        "charged": charged,
        "paise_per_thousand": price,
        "paise": None if price is None else -(-charged * price // 1000),
        "currency": workspace.currency,
    }


def room(workspace: Workspace, adding: int) -> dict[str, Any]:
    """What the plan allows of messages this month; nulls where it sets no limit."""
    limit = workspace.limits.get("messages")
    if limit is None:
        return {"limit": None, "used": None, "fits": True}
    used = usage.messages(workspace)
    return {"limit": limit, "used": used, "fits": used + adding <= limit}


def seconds(broadcast: Broadcast, count: int) -> int:
    """How long it takes at least."""
    account = broadcast.template.account
    rate = account.sends_per_second or ADAPTERS[account.channel].rate
    if broadcast.per_minute:
        rate = min(rate, broadcast.per_minute / 60)
    return round(count / rate)


def _freeze(
    broadcast: Broadcast, template: Template, look: Look, ids: Sequence[int]
) -> None:
    """Rows for some of the leads."""
    found = Lead.objects.filter(pk__in=ids).select_related("owner", "stage", "campaign")
    leads = list(found.order_by("pk"))
    links = _links(look.account_id, leads)
    contacts = {link.contact_id for link in links.values() if link.contact_id}
    stopped = ConsentEntry.objects.stopped(contacts)
    strangers = [link.name for link in links.values() if not link.contact_id]
    stopped_names = ConsentEntry.objects.stopped_names(
        broadcast.workspace_id, strangers
    )
    rows = []
    for lead in leads:
        link = links.get(lead.pk)
        values = _values(lead, broadcast.parameters)
        reason = _reason(lead, link, look, values)
        if not reason and link:
            if link.contact_id in stopped or link.name in stopped_names:
                reason = "opted_out"
            else:
                _count(look, link)
        if reason:
            look.dropped[reason] = look.dropped.get(reason, 0) + 1
        rows.append(
            {
                "public_id": uuid7(),
                "workspace_id": broadcast.workspace_id,
                "broadcast_id": broadcast.pk,
                "lead_id": lead.pk,
                "contact_id": link.contact_id or None if link else None,
                "kind": link.name[0] if link else "",
                "key": link.name[1] if link else "",
                "parameters": values if not reason else {},
                "state": "skipped" if reason else "pending",
                "reason": reason,
            }
        )
    sets.insert(BroadcastRecipient, rows)


def _count(look: Look, link: Link) -> None:
    look.pending += 1
    look.seen |= {link.name} | ({link.contact_id} if link.contact_id else set())
    last = link.last_inbound_at
    if last and timezone.now() - last < timedelta(hours=24):
        look.open += 1


def _reason(
    lead: Lead, link: Link | None, look: Look, values: Mapping[str, str]
) -> str:
    if not lead.is_live:
        return "not_live"
    if link is None:
        return "no_identity"
    if lead.consent == Lead.Consent.WITHDRAWN:
        return "opted_out"
    if link.name in look.seen or link.contact_id and link.contact_id in look.seen:
        return "duplicate"
    return "" if all(values.values()) else "missing_parameter"


def _links(account_id: int, leads: Iterable[Lead]) -> dict[int, Link]:
    """Lead id -> under which name it is written to: its own phone, or else a name of
    the contact that is linked to it. A contact id of 0 is one to be made."""
    leads = list(leads)
    phones = {lead.pk: normal_form(lead.phone.lstrip("+")) for lead in leads}
    known = _contacts_by_phone(account_id, set(phones.values()) - {""})
    linked = _contacts_by_lead(account_id, [lead.pk for lead in leads])
    found: dict[int, Link] = {}
    for lead in leads:
        if phone := phones[lead.pk]:
            found[lead.pk] = known.get(phone) or Link(("phone", phone), 0, None)
        elif lead.pk in linked:
            found[lead.pk] = linked[lead.pk]
    return found


def _contacts_by_phone(account_id: int, phones: Iterable[str]) -> dict[str, Link]:
    rows = sets.fetch(
        "SELECT i.key, coalesce(c.merged_into_id, c.id), i.last_inbound_at "
        "FROM inbox_contactidentity i JOIN inbox_contact c ON c.id = i.contact_id "
        "WHERE i.account_id = %s AND i.kind = 'phone' AND i.key = ANY(%s)",
        [account_id, sorted(phones)],
    )
    return {key: Link(("phone", key), contact, at) for key, contact, at in rows}


def _contacts_by_lead(account_id: int, leads: Sequence[int]) -> dict[int, Link]:
    rows = sets.fetch(
        "SELECT DISTINCT ON (c.lead_id) c.lead_id, i.kind, i.key, "
        "coalesce(c.merged_into_id, c.id), i.last_inbound_at "
        "FROM inbox_contact c JOIN inbox_contactidentity i ON i.contact_id = c.id "
        "WHERE i.account_id = %s AND c.lead_id = ANY(%s) AND i.kind <> 'group' "
        "ORDER BY c.lead_id, i.kind = 'phone' DESC, i.last_inbound_at DESC NULLS LAST, "
        "i.id",
        [account_id, list(leads)],
    )
    return {
        lead: Link((kind, key), contact, at) for lead, kind, key, contact, at in rows
    }


def _values(lead: Lead, parameters: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What goes into each gap for this lead; "" where nothing is there for it."""
    return {
        gap: _one_line(spec.get("text") or of_lead(lead, spec.get("field", "")))
        or _one_line(spec.get("default", ""))
        for gap, spec in parameters.items()
    }


def of_lead(lead: Lead, wanted: str) -> str:
    """A field of a lead as a text for people."""
    if wanted.startswith(CUSTOM):
        value = lead.custom.get(wanted.removeprefix(CUSTOM))
        return "" if value is None else str(value)
    if wanted == "first_name":
        return lead.name.split(" ")[0]
    if wanted == "owner":
        return (lead.owner.name or "") if lead.owner else ""
    if wanted in ("stage", "campaign"):
        row = getattr(lead, wanted)
        return row.name if row else ""
    if wanted == "value":
        return f"{lead.value_paise / 100:,.2f}" if lead.value_paise else ""
    return str(getattr(lead, wanted))


def _one_line(text: str) -> str:
    """Parameters hold no line breaks, tabs or long gaps, or WhatsApp refuses them
    (developers.facebook.com, error 132018)."""
    return " ".join(text.split())[:LONGEST_VALUE]
