"""Edits and imports of a hundred thousand leads, against the least SQL that changes the
same rows; lists and search."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from flexoraa.lib import sets
from leads import bulk, importing
from leads.changes import Changes
from leads.models import BulkOperation, Lead, Stage
from teams.models import Membership, User, Workspace

COUNT = 100_000
TRIGGERS = ("leads_lead_before", "leads_lead_updated", "leads_lead_inserted")


def measure_bulk(rounds: int) -> Iterator[str]:
    """Plan and apply, then undo, of a new stage and owner."""
    workspace, owner = place("bench-bulk")
    fill(workspace, COUNT)
    stages = {row.name: row for row in Stage.objects.for_workspace(workspace)}
    applied, undone = [], []
    for number in range(max(1, rounds // 2)):
        least, _ = timed(floor_of_bulk, workspace, stages["Qualified"], owner)
        reset(workspace, stages["New"])
        changes = Changes(values={"stage": stages["Contacted"].pk, "owner": owner.pk})
        forward, operation = timed(edit, workspace, owner, changes)
        back, _ = timed(undo, operation)
        applied.append(forward / least)
        undone.append(back / least)
        reset(workspace, stages["New"])
        yield (
            f"round {number + 1}: one UPDATE and one INSERT {least:.1f} s, bulk edit "
            f"{forward:.1f} s, undo {back:.1f} s"
        )
    yield (
        f"bulk edit of {COUNT} leads: {statistics.median(applied):.1f} times the "
        f"floor, undo {statistics.median(undone):.1f} times (goal: at most 4)"
    )


def measure_import(rounds: int) -> Iterator[str]:
    """A CSV of new leads, with the look for duplicates."""
    ratios = []
    for number in range(max(1, rounds // 2)):
        workspace, owner = place(f"bench-import-{number}")
        other, _ = place(f"bench-floor-{number}")
        rows = [
            (f"Person {n}", f"+9198{n:08d}", f"p{n}@example.com", f"Company {n % 999}")
            for n in range(COUNT)
        ]
        least, _ = timed(floor_of_import, other, rows)
        text = "name,phone,email,company\n" + "\n".join(map(",".join, rows))
        ours, _ = timed(load, workspace, owner, text.encode())
        ratios.append(ours / least)
        yield f"round {number + 1}: COPY and upsert {least:.1f} s, import {ours:.1f} s"
    yield (
        f"import of {COUNT} leads: {statistics.median(ratios):.1f} times the floor "
        "(goal: at most 5)"
    )


def place(slug: str) -> tuple[Workspace, User]:
    """A workspace and its owner."""
    workspace = Workspace.objects.create(slug=slug, name=slug)
    owner = User.objects.create_user(f"{slug}@bench.example")
    Membership.objects.create(workspace=workspace, user=owner, role="owner")
    return workspace, owner


def fill(workspace: Workspace, count: int) -> None:
    """Leads that look like those of a shop."""
    sets.execute(
        "INSERT INTO leads_lead (public_id, workspace_id, stage_id, name, phone, "
        "email, company, source, value_paise, external_id, lost_reason, tags) "
        "SELECT leads_uuid7(), %s, %s, 'Person ' || n, "
        "'+9198' || lpad(n::text, 8, '0'), 'p' || n || '@example.com', "
        "'Company ' || n %% 1000, 'web', n, 'crm-' || n, '', "
        "ARRAY['a'] FROM generate_series(1, %s) n",
        [workspace.pk, Stage.objects.first_open(workspace).pk, count],
    )
    connection.cursor().execute("VACUUM ANALYZE leads_lead")


def timed(work: Callable, *args: Any) -> tuple[float, Any]:
    """(seconds, what it returned)."""
    started = time.perf_counter()
    result = work(*args)
    return time.perf_counter() - started, result


@contextmanager
def without_triggers() -> Iterator[None]:
    """The bare table."""
    for word in ("DISABLE", "ENABLE"):
        with transaction.atomic():
            for name in TRIGGERS:
                sets.execute(f"ALTER TABLE leads_lead {word} TRIGGER {name}")
        if word == "DISABLE":
            yield


def floor_of_bulk(workspace: Workspace, stage: Stage, owner: User) -> None:
    """One INSERT … SELECT of the before-images and one UPDATE."""
    with without_triggers(), transaction.atomic():
        operation = BulkOperation.objects.create(workspace=workspace, kind="update")
        sets.execute(
            "INSERT INTO leads_bulkchange (workspace_id, operation_id, lead_id, "
            "version, before, after, state) SELECT workspace_id, %s, id, version, "
            "jsonb_build_object('stage', stage_id, 'owner', owner_id), "
            "jsonb_build_object('stage', %s, 'owner', %s), 'applied' "
            "FROM leads_lead WHERE workspace_id = %s",
            [operation.pk, stage.pk, owner.pk, workspace.pk],
        )
        sets.execute(
            "UPDATE leads_lead SET stage_id = %s, owner_id = %s "
            "WHERE workspace_id = %s",
            [stage.pk, owner.pk, workspace.pk],
        )


def reset(workspace: Workspace, stage: Stage) -> None:
    """As before the round, and swept."""
    with without_triggers():
        Lead.objects.for_workspace(workspace).update(stage=stage, owner=None)
    connection.cursor().execute("VACUUM leads_lead, leads_stageinterval")


def edit(workspace: Workspace, owner: User, changes: Changes) -> BulkOperation:
    operation = bulk.plan(
        "update",
        workspace=workspace,
        by=owner,
        selection=Lead.objects.for_workspace(workspace),
        changes=changes,
    )
    bulk.start(operation)
    while bulk.drain():
        pass
    return operation


def undo(operation: BulkOperation) -> None:
    bulk.undo(operation, by=None)
    while bulk.drain():
        pass


def floor_of_import(workspace: Workspace, rows: list[tuple[str, ...]]) -> None:
    """COPY into a staging table, one upsert."""
    with without_triggers(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE staging (name text, phone text, email text, "
                "company text) ON COMMIT DROP"
            )
            with cursor.copy("COPY staging FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        sets.execute(
            "INSERT INTO leads_lead (public_id, workspace_id, stage_id, name, phone, "
            "email, company, source, external_id, lost_reason, value_paise) "
            "SELECT leads_uuid7(), %s, %s, name, phone, email, company, '', phone, "
            "'', 0 FROM staging ON CONFLICT DO NOTHING",
            [workspace.pk, Stage.objects.first_open(workspace).pk],
        )


def load(workspace: Workspace, owner: User, content: bytes) -> None:
    job = importing.upload(
        workspace=workspace, by=owner, filename="bench.csv", content=content
    )
    importing.start(job, dry_run=False)
    while importing.drain():
        pass
    job.refresh_from_db()
    if job.outcomes != {"new": COUNT}:
        raise AssertionError(f"{job.state}: {job.outcomes} {job.error}")
