"""What became of a lead, in one line of time: moves, owners, edits, messages, touches,
money, notes and tasks, of the lead and of whoever was merged into it.

One query over the indexes of each kind, however long the histories are, and one for
names. A page begins after a place, the moment, kind and key of a line.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from flexoraa.lib import sets
from leads.models import Campaign, Lead, Stage
from teams.models import User

PREVIEW = 160  # letters of a message or note in a line


class Place(NamedTuple):
    """Where in time a line is; lines of one moment are in the order of KINDS."""

    at: str
    kind: int
    id: int


NOWHERE = Place("infinity", 0, 0)  # after the newest


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened: `text` says it, `detail` has the parts."""

    at: datetime
    kind: str
    text: str
    by: User | None
    place: Place
    detail: dict[str, Any] = field(default_factory=dict)


class Source(NamedTuple):
    """Where lines of a kind come from; {when} takes the page's place."""

    at: str
    id: str
    by: str
    detail: str
    rows: str  # FROM … WHERE …


OF_LEAD = "{alias}.lead_id = ANY(%(family)s)"
MESSAGES = """
    inbox_conversation v CROSS JOIN LATERAL (
        SELECT m.* FROM inbox_message m WHERE m.conversation_id = v.id
            AND m.provider_at <= %(at)s::timestamptz
            AND (m.provider_at, %(messages)s::int, m.id)
                < (%(at)s::timestamptz, %(kind)s::int, %(id)s::bigint)
        ORDER BY m.provider_at DESC, m.id DESC LIMIT %(size)s
    ) m WHERE v.contact_id IN (
        SELECT c.id FROM inbox_contact c
        LEFT JOIN inbox_contact w ON w.id = c.merged_into_id
        WHERE c.lead_id = ANY(%(family)s) OR w.lead_id = ANY(%(family)s))
"""

KINDS: dict[str, Source] = {
    "created": Source(
        "l.created_at",
        "l.id",
        "NULL::bigint",
        "jsonb_build_object('lead', l.public_id, 'name', l.name)",
        "leads_lead l WHERE l.id = ANY(%(family)s)",
    ),
    "stage": Source(
        "i.started_at",
        "i.id",
        "i.by_id",
        "jsonb_build_object('stage', i.stage_id, 'in_bulk', i.bulk_id IS NOT NULL)",
        f"leads_stageinterval i WHERE {OF_LEAD.format(alias='i')}",
    ),
    "owner": Source(
        "i.started_at",
        "i.id",
        "i.by_id",
        "jsonb_build_object('owner', i.user_id, 'in_bulk', i.bulk_id IS NOT NULL)",
        f"leads_assignmentinterval i WHERE {OF_LEAD.format(alias='i')}",
    ),
    "nobody": Source(
        "i.ended_at",
        "i.id",
        "NULL::bigint",
        "jsonb_build_object('owner', i.user_id)",
        f"leads_assignmentinterval i WHERE {OF_LEAD.format(alias='i')} "
        "AND i.ended_at IS NOT NULL AND NOT EXISTS (SELECT 1 "
        "FROM leads_assignmentinterval n WHERE n.lead_id = i.lead_id "
        "AND n.started_at = i.ended_at AND n.id <> i.id)",
    ),
    "edit": Source(
        "e.at",
        "e.id",
        "e.by_id",
        "jsonb_build_object('changes', e.changes)",
        f"leads_leadedit e WHERE {OF_LEAD.format(alias='e')}",
    ),
    "bulk": Source(
        "coalesce(o.finished_at, o.started_at, o.created_at)",
        "b.id",
        "o.by_id",
        "jsonb_build_object('operation', o.public_id, 'kind', o.kind, "
        "'after', b.after, 'is_undone', b.state = 'undone')",
        "leads_bulkchange b JOIN leads_bulkoperation o ON o.id = b.operation_id "
        f"WHERE {OF_LEAD.format(alias='b')} AND b.state IN ('applied', 'undone') "
        "AND b.after - 'stage' - 'owner' <> '{}'",
    ),
    "note": Source(
        "n.created_at",
        "n.id",
        "n.author_id",
        f"jsonb_build_object('note', n.public_id, 'text', left(n.text, {PREVIEW}))",
        f"leads_note n WHERE {OF_LEAD.format(alias='n')}",
    ),
    "task": Source(
        "t.created_at",
        "t.id",
        "t.created_by_id",
        "jsonb_build_object('task', t.public_id, 'title', t.title, 'due_at', t.due_at)",
        f"leads_task t WHERE {OF_LEAD.format(alias='t')}",
    ),
    "task_done": Source(
        "t.done_at",
        "t.id",
        "NULL::bigint",
        "jsonb_build_object('task', t.public_id, 'title', t.title)",
        f"leads_task t WHERE {OF_LEAD.format(alias='t')} AND t.done_at IS NOT NULL",
    ),
    "touch": Source(
        "k.at",
        "k.id",
        "NULL::bigint",
        "jsonb_build_object('touch', k.kind, 'campaign', k.campaign_id, "
        "'ad_id', k.ad_id, 'text', k.detail)",
        f"leads_touch k WHERE {OF_LEAD.format(alias='k')}",
    ),
    "revenue": Source(
        "r.at",
        "r.id",
        "NULL::bigint",
        "jsonb_build_object('amount_paise', r.amount_paise, 'currency', r.currency, "
        "'source', r.source, 'reference', r.reference)",
        f"leads_revenue r WHERE {OF_LEAD.format(alias='r')}",
    ),
    "merge": Source(
        "g.created_at",
        "g.id",
        "g.by_id",
        "jsonb_build_object('merge', g.public_id, 'name', g.name)",
        "(SELECT g.*, coalesce(nullif(l.name, ''), nullif(l.phone, ''), l.email) AS "
        "name FROM leads_mergerecord g JOIN leads_lead l ON l.id = g.loser_id "
        "WHERE g.winner_id = ANY(%(family)s)) g WHERE true",
    ),
    "split": Source(
        "g.undone_at",
        "g.id",
        "g.undone_by_id",
        "jsonb_build_object('merge', g.public_id, 'name', g.name)",
        "(SELECT g.*, coalesce(nullif(l.name, ''), nullif(l.phone, ''), l.email) AS "
        "name FROM leads_mergerecord g JOIN leads_lead l ON l.id = g.loser_id "
        "WHERE g.winner_id = ANY(%(family)s) OR g.loser_id = ANY(%(family)s)) g "
        "WHERE g.undone_at IS NOT NULL",
    ),
    "message": Source(
        "m.provider_at",
        "m.id",
        "m.author_id",
        "jsonb_build_object('message', m.public_id, 'conversation', v.public_id, "
        "'channel', m.channel, 'direction', m.direction, 'kind', m.kind, "
        f"'status', m.status, 'text', left(m.text, {PREVIEW}))",
        MESSAGES,
    ),
}
NAMES = list(KINDS)

SQL = " UNION ALL ".join(
    f"(SELECT {source.at} AS at, {number} AS kind, {source.id} AS id, "
    f"{source.by} AS by_id, {source.detail} AS detail FROM {source.rows} "
    f"AND {source.at} <= %(at)s::timestamptz AND ({source.at}, {number}, {source.id}) "
    "< (%(at)s::timestamptz, %(kind)s, %(id)s::bigint) "
    "ORDER BY 1 DESC, 3 DESC LIMIT %(size)s)"
    for number, source in enumerate(KINDS.values())
)


def lines(lead: Lead, *, before: Place = NOWHERE, limit: int = 50) -> list[Line]:
    """The latest lines that are older than the place, the latest first."""
    family = Lead.objects.for_workspace(lead.workspace_id).family_of(lead)
    rows = sets.fetch(
        f"SELECT at, kind, id, by_id, detail FROM ({SQL}) lines "
        "ORDER BY at DESC, kind DESC, id DESC LIMIT %(size)s",
        {
            "family": list(family.values_list("pk", flat=True)),
            "size": limit,
            "messages": NAMES.index("message"),
            **dict(zip(Place._fields, before, strict=True)),
        },
    )
    rows = [(*row, orjson.loads(detail)) for *row, detail in rows]
    named = Named(lead.workspace_id, rows)
    return [named.line(*row) for row in rows]


class Named:
    """Rows with their keys told as names."""

    def __init__(self, workspace: int, rows: Iterable[tuple]) -> None:
        rows = list(rows)
        self.stages = Stage.objects.for_workspace(workspace).in_bulk()
        self.users = User.objects.in_bulk(list(self._ids(rows, "owner", "owner_id")))
        campaigns = Campaign.objects.for_workspace(workspace)
        wanted = list(self._ids(rows, "campaign", "campaign_id"))
        self.campaigns = campaigns.in_bulk(wanted)

    @staticmethod
    def _ids(rows: Iterable[tuple], name: str, column: str) -> Iterator[int]:
        for _, _, _, by, detail in rows:
            changes = detail.get("changes", {}).get(column) or []
            found = [detail.get(name), detail.get("after", {}).get(name), *changes]
            found += [by] if name == "owner" else []
            yield from (one for one in found if isinstance(one, int))

    def line(self, at: datetime, number: int, pk: int, by: Any, detail: Any) -> Line:
        kind = NAMES[number]
        place = Place(at.isoformat(), number, pk)
        text, parts = getattr(self, f"_{kind}")(detail)
        shown = "owner" if kind == "nobody" else kind
        return Line(at, shown, text, self.users.get(by), place, parts)

    def _created(self, detail: dict) -> tuple[str, dict]:
        return f"{detail['name'] or 'The lead'} came", detail

    def _stage(self, detail: dict) -> tuple[str, dict]:
        stage = self.stages.get(detail["stage"])
        name = stage.name if stage else "a stage that is gone"
        parts = {**detail, "stage": self._said(stage)}
        return f"Stage: {name}{in_bulk(detail)}", parts

    def _owner(self, detail: dict) -> tuple[str, dict]:
        user = self.users.get(detail["owner"])
        parts = {**detail, "owner": self._said(user)}
        return f"Owner: {user or 'somebody who left'}{in_bulk(detail)}", parts

    def _nobody(self, detail: dict) -> tuple[str, dict]:
        return "Owner: nobody", {"owner": None, "in_bulk": False}

    def _edit(self, detail: dict) -> tuple[str, dict]:
        changes = {
            name: sides
            for name, sides in detail["changes"].items()
            if isinstance(sides, list) and len(sides) == 2
        }
        if "campaign_id" in changes:
            sides = changes.pop("campaign_id")
            changes["campaign"] = [self._campaign(side) for side in sides]
        said = "; ".join(
            f"{name.removesuffix('_paise').replace('_', ' ')}: "
            f"{brief(before)} → {brief(after)}"
            for name, (before, after) in changes.items()
        )
        return f"Edited: {said}", {"changes": changes}

    def _bulk(self, detail: dict) -> tuple[str, dict]:
        after = dict(detail["after"])
        for name in ("stage", "owner"):  # lines of their own
            after.pop(name, None)
        if "campaign" in after:
            after["campaign"] = self._campaign(after["campaign"])
        is_undone = ", undone since" if detail["is_undone"] else ""
        if after.pop("created", None):
            said = "Imported"
        else:
            names = ", ".join(name.removesuffix("_paise") for name in after)
            said = f"Edited with many: {names}"
        return f"{said}{is_undone}", {**detail, "after": after}

    def _note(self, detail: dict) -> tuple[str, dict]:
        return f"Note: {brief(detail['text'])}", detail

    def _task(self, detail: dict) -> tuple[str, dict]:
        return f"Task: {detail['title']}", detail

    def _task_done(self, detail: dict) -> tuple[str, dict]:
        return f"Done: {detail['title']}", detail

    def _touch(self, detail: dict) -> tuple[str, dict]:
        campaign = self._campaign(detail["campaign"])
        words = {"ad": "Clicked an ad", "message": "Answered a message"}
        said = words.get(detail["touch"], f"Touch: {detail['touch']}")
        of = f" of {campaign}" if campaign else ""
        return f"{said}{of}", {**detail, "campaign": campaign}

    def _revenue(self, detail: dict) -> tuple[str, dict]:
        paise, currency = detail["amount_paise"], detail["currency"]
        said = "Refunded" if paise < 0 else "Paid"
        rest = {k: v for k, v in detail.items() if k in ("source", "reference")}
        money = {"amount_paise": paise, "currency": currency}
        amount = f"{abs(paise) / 100:,.2f} {currency}"
        return f"{said}: {amount}", {"amount": money, **rest}

    def _merge(self, detail: dict) -> tuple[str, dict]:
        return f"Merged with {detail['name'] or 'another lead'}", detail

    def _split(self, detail: dict) -> tuple[str, dict]:
        return f"Split from {detail['name'] or 'another lead'}", detail

    def _message(self, detail: dict) -> tuple[str, dict]:
        way = {"in": "Wrote", "out": "We wrote"}.get(detail["direction"], "Said inside")
        return f"{way}: {brief(detail['text']) or detail['kind']}", detail

    def _campaign(self, pk: Any) -> str:
        return self.campaigns[pk].name if pk in self.campaigns else ""

    def _said(self, row: Any) -> dict[str, Any] | None:
        if row is None:
            return None
        return {"id": str(row.public_id), "name": str(row)}


def in_bulk(detail: dict) -> str:
    """Whether many were changed at once."""
    return " (with many)" if detail.get("in_bulk") else ""


def brief(value: Any) -> str:
    """A value in a line."""
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    if isinstance(value, dict):
        value = ", ".join(f"{key}: {one}" for key, one in value.items())
    words = " ".join(str(value).split())
    return words if len(words) <= PREVIEW else f"{words[:PREVIEW]}…"
