"""Many at once, and workers that die: nothing doubled, nothing lost, no deadlock; and
proof that the guards do it."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection, connections, transaction

from flexoraa.lib.errors import Conflict
from leads import bulk, importing, merging
from leads.changes import Changes
from leads.models import (
    BulkChange,
    BulkOperation,
    ImportJob,
    Lead,
    MergeRecord,
    StageInterval,
)
from leads.tests.world import make_leads, stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def at_once(count: int, work: Callable[[int], object]) -> list[BaseException]:
    """Run work(0), work(1), … on threads that start together; what they raised."""
    errors: list[BaseException] = []
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            work(number)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    running = [threading.Thread(target=run, args=[n]) for n in range(count)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return errors


def plan(workspace, source: str) -> BulkOperation:
    return bulk.plan(
        "update",
        workspace=workspace,
        by=None,
        selection=Lead.objects.for_workspace(workspace),
        changes=Changes(values={"source": source}),
    )


def is_deadlock(error: BaseException) -> bool:
    return isinstance(error, OperationalError) and "deadlock" in str(error)


def test_bulk_edits_of_the_same_leads_at_once_do_not_deadlock(workspace):
    """T35. Single edits go on beside them; each lead counts its versions exactly."""
    leads = make_leads(workspace, 200)

    def write(number: int) -> None:
        for round_number in range(6):
            if number < 3:
                bulk.start(plan(workspace, f"{number}-{round_number}"))
            else:
                lead = random.choice(leads)
                Lead.objects.filter(pk=lead.pk).update(company=f"{round_number}")

    assert at_once(4, write) == []
    for lead in Lead.objects.filter(pk__in=[lead.pk for lead in leads]):
        written = BulkChange.objects.filter(lead=lead, state="applied").count()
        by_hand = lead.edits.count()
        assert lead.version == 1 + written + by_hand


def test_control_row_by_row_in_any_order_deadlocks(workspace):
    """The same edits without the order of locks."""
    leads = make_leads(workspace, 40)

    def write(number: int) -> None:
        for _ in range(4):
            mixed = random.sample(leads, len(leads))
            with transaction.atomic():
                for lead in mixed:
                    Lead.objects.filter(pk=lead.pk).update(source=str(number))

    assert [error for error in at_once(4, write) if is_deadlock(error)]


def test_undone_by_two_at_once_it_is_undone_once(workspace):
    make_leads(workspace, 20)
    operation = bulk.start(plan(workspace, "fair"))
    errors = at_once(4, lambda _: bulk.undo(operation, by=None))
    assert [type(error) for error in errors] == [Conflict] * 3
    operation.refresh_from_db()
    assert operation.undone == 20


def test_applied_by_two_at_once_it_is_applied_once(workspace):
    make_leads(workspace, 20)
    operation = plan(workspace, "fair")
    assert len(at_once(4, lambda _: bulk.start(operation))) == 3
    assert set(Lead.objects.values_list("version", flat=True)) == {2}


def worker() -> subprocess.Popen:
    """A process that drains bulk operations and imports until it is killed."""
    made = connection.settings_dict
    login = made["USER"] + (f":{made['PASSWORD']}" if made["PASSWORD"] else "")
    port = f":{made['PORT']}" if made["PORT"] else ""
    host = f"{port}/{made['HOST']}" if made["HOST"][:1] == "/" else made["HOST"] + port
    code = (
        "import django; django.setup()\n"
        "from leads import bulk, importing\n"
        "while bulk.drain() or importing.drain(): pass\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"DATABASE_URL": f"postgres://{login}@{host}/{made['NAME']}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_until(is_over: Callable[[], bool], progress: Callable[[], int]) -> int:
    """Start workers and kill -9 each as soon as it got somewhere; how many died."""
    kills = 0
    while not is_over():
        process, before = worker(), progress()
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            if kills < 3 and progress() > before:
                process.kill()
                kills += 1
            time.sleep(0.02)
        process.wait()
    return kills


def test_workers_killed_while_applying_lose_and_double_nothing(workspace):
    make_leads(workspace, 20_000)
    qualified = stage(workspace, "Qualified")
    operation = bulk.plan(
        "update",
        workspace=workspace,
        by=None,
        selection=Lead.objects.for_workspace(workspace),
        changes=Changes(values={"stage": qualified.pk}, add_tags=("x",)),
    )
    bulk.start(operation)

    def applied() -> int:
        operation.refresh_from_db()
        return operation.applied

    kills = kill_until(lambda: applied() == 20_000, applied)
    assert kills == 3
    assert Lead.objects.filter(stage=qualified, tags=["x"], version=2).count() == 20_000
    stays = StageInterval.objects.filter(stage=qualified, bulk=operation)
    assert stays.count() == 20_000
    assert StageInterval.objects.count() == 40_000


def test_workers_killed_while_importing_lose_and_double_nothing(workspace):
    rows = "\n".join(f"Person {n},98{n:08d}" for n in range(20_000))
    file = b"name,phone\n" + rows.encode()
    job = importing.upload(workspace=workspace, by=None, filename="x.csv", content=file)
    importing.start(job, dry_run=False)

    def done() -> int:
        job.refresh_from_db()
        return job.cursor

    kills = kill_until(lambda: done() >= 0 and job.state == "imported", done)
    assert kills == 3
    assert Lead.objects.count() == 20_000
    assert Lead.objects.values("phone").distinct().count() == 20_000
    assert StageInterval.objects.count() == 20_000
    operation = ImportJob.objects.get().operation
    assert (operation.applied, operation.changes.count()) == (20_000, 20_000)


def test_two_merges_at_once_leave_one_head(workspace):
    """Into each other, and in a row: one of them stands, the tree stays flat."""
    for _ in range(20):
        one, two, three = make_leads(workspace, 3)
        pairs = [(one, two), (two, one), (three, one), (two, three)]
        errors = at_once(4, lambda n, p=pairs: merging.merge(*p[n], by=None))
        assert all(isinstance(error, Conflict) for error in errors), errors
        assert heads_of(workspace, one, two, three) >= 1
        roots = dict(Lead.objects.values_list("pk", "merged_into"))
        assert all(roots[root] is None for root in roots.values() if root)
        standing = MergeRecord.objects.filter(undone_at=None).count()
        assert standing == sum(root is not None for root in roots.values())


def test_without_the_lock_two_merges_swallow_each_other(workspace, monkeypatch):
    """The control: a circle, in which nobody is left to be listed."""

    def look_only(winner, loser, along=None):
        ids = {winner.pk, loser.pk}
        found = {row.pk: row for row in Lead.objects.filter(pk__in=ids)}
        time.sleep(0.05)
        return found, []

    monkeypatch.setattr(merging, "_lock", look_only)
    circles = 0
    for _ in range(10):
        one, two = make_leads(workspace, 2)
        pairs = [(one, two), (two, one)]
        at_once(2, lambda n, p=pairs: merging.merge(*p[n], by=None))
        circles += heads_of(workspace, one, two) == 0
    assert circles


def heads_of(workspace, *leads) -> int:
    """How many of them stand for themselves."""
    here = Lead.objects.filter(pk__in=[lead.pk for lead in leads])
    return here.filter(merged_into=None).count()


def test_one_split_of_two_at_once(workspace):
    one, two = make_leads(workspace, 2)
    record = merging.merge(one, two, by=None)
    errors = at_once(2, lambda n: merging.split(record, by=None))
    assert [type(error) for error in errors] == [Conflict]
    assert heads_of(workspace, one, two) == 2


def test_merges_beside_a_bulk_edit_do_not_deadlock(workspace):
    leads = make_leads(workspace, 60)
    operation = plan(workspace, "fair")
    bulk.start(operation)

    def work(number: int) -> None:
        if number == 0:
            for _ in range(5):
                bulk.undo(plan_and_apply(workspace), by=None)
            return
        mine = leads[number::4]
        random.shuffle(mine)
        for winner, loser in zip(mine[::2], mine[1::2], strict=False):
            record = merging.merge(winner, loser, by=None)
            merging.split(record, by=None)

    assert at_once(4, work) == []
    assert Lead.objects.filter(merged_into=None).count() == 60


def plan_and_apply(workspace) -> BulkOperation:
    return bulk.start(plan(workspace, random.choice("abc") * 3))
