"""Reports of a large company over HTTP, against the same reports counted from the rows
themselves; and how the cost grows from a small company to the large one."""

import gc
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analytics import asking, presenting, rollups
from analytics.counting import from_rows
from analytics.families import FAMILIES
from analytics.models import ReportSettings
from benchmarks import company
from benchmarks.reading import figures, timed
from teams.models import Membership, Workspace

LEADS, MESSAGES, CAMPAIGNS = 1_000_000, 5_000_000, 200
SMALLER = 100  # times: the company to compare the growth with
CALLS = 20  # of each report in a round
PERIODS = {"30 days": 30, "a year": 365}
WORST: dict[str, dict[str, str]] = {
    "roi": {"model": "linear", "clock": "cohort"},
    "conversion": {"by": "campaign"},
    "team": {},
    "inbox": {},
}


def measure(rounds: int) -> Iterator[str]:
    """p95, times the speed of counting from rows, equality, and growth."""
    sizes = {
        "small": company.Size(LEADS // SMALLER, MESSAGES // SMALLER, CAMPAIGNS),
        "large": company.Size(LEADS, MESSAGES, CAMPAIGNS),
    }
    for slug, size in sizes.items():
        for line in company.make(slug, size):
            yield f"{slug}: {line}"
        yield from count(Workspace.objects.get(slug=slug))
    gc.collect()
    gc.freeze()  # as the web process does
    yield from growth(rounds)
    yield from against_rows(Workspace.objects.get(slug="large"))
    yield from worst(rounds, Workspace.objects.get(slug="large"))


def count(workspace: Workspace) -> Iterator[str]:
    """Every day of it, as the worker does after a change of the pipeline."""
    days = rollups.all_days(workspace)
    for family in FAMILIES:
        started = time.monotonic()
        rollups.recount(family, ReportSettings.of(workspace), days)
        yield (
            f"{workspace.slug}: {len(days)} days of {family} counted in "
            f"{time.monotonic() - started:.0f} s"
        )
    connection.cursor().execute("VACUUM ANALYZE")


def growth(rounds: int) -> Iterator[str]:
    """Each report at both sizes, in turns."""
    for name in asking.CHOICES:
        for words, days in PERIODS.items():
            taken: dict[str, list[float]] = {"small": [], "large": []}
            for _ in range(rounds):
                for slug, mine in taken.items():
                    ours = caller(Workspace.objects.get(slug=slug), name, days)
                    timed(ours, 2)
                    mine += timed(ours, CALLS)
            times = statistics.median(taken["large"]) / statistics.median(
                taken["small"]
            )
            yield (
                f"{name}, {words}: {figures(taken['large'])} (goal p95 150 ms); with "
                f"{SMALLER} times less {figures(taken['small'])}; grows {times:.1f} "
                "times"
            )


def against_rows(workspace: Workspace) -> Iterator[str]:
    """Each report from rollups and from rows: how many times faster, and the same to
    the last figure."""
    for name, options in WORST.items():
        query = options | period(30)
        asked = asking.ask(workspace, name, query)
        ours = timed(lambda a=asked, n=name: asking.answer(n, a), CALLS)
        slow = replace(asked, count=from_rows)
        started = time.perf_counter()
        expected = asking.answer(name, slow)
        taken = (time.perf_counter() - started) * 1000
        same = shown(asking.answer(name, asked), asked) == shown(expected, asked)
        yield (
            f"{name}, 30 days: from rows {taken:.0f} ms, "
            f"{taken / statistics.median(ours):.0f} times the report's "
            f"(goal 20); {'equal' if same else 'NOT EQUAL'}"
        )


def worst(rounds: int, workspace: Workspace) -> Iterator[str]:
    """Every route of every report, over two years and split the most."""
    browser = reader(workspace)
    root = f"/api/workspaces/{workspace.slug}/analytics"
    for name, options in WORST.items():
        query = options | period(731)
        answer = browser.get(f"{root}/{name}", query).json()
        figure = next(
            shown["rows"]
            for line in [answer["total"], *answer["lines"]]
            for shown in line["figures"].values()
            if "rows" in shown and shown["value"]
        )
        for words, url, given in (
            ("", f"{root}/{name}", query),
            (".csv", f"{root}/{name}.csv", query),
            (" rows", figure + "&limit=100", {}),
        ):
            taken = [
                one
                for _ in range(rounds)
                for one in timed(lambda u=url, g=given: read(browser, u, g), CALLS // 4)
            ]
            with CaptureQueriesContext(connection) as queries:
                read(browser, url, given)
            yield (
                f"{name}{words}, two years: {figures(taken)} (goal p95 500 ms), "
                f"{len(queries)} queries"
            )


def caller(workspace: Workspace, name: str, days: int) -> Callable[[], Any]:
    """The report through the whole application."""
    browser = reader(workspace)
    url = f"/api/workspaces/{workspace.slug}/analytics/{name}"
    return lambda: read(browser, url, WORST[name] | period(days))


def read(browser: Client, url: str, query: dict[str, str]) -> bytes:
    """The whole answer."""
    response = browser.get(url, query)
    assert response.status_code == 200, (url, response.status_code)
    return response.getvalue()


def reader(workspace: Workspace) -> Client:
    """The owner's browser."""
    browser = Client(headers={"host": "127.0.0.1"})
    owner = Membership.objects.get(workspace=workspace, role="owner")
    browser.force_login(owner.user)
    return browser


def period(days: int) -> dict[str, str]:
    """So many days, today the last of them."""
    end = timezone.localdate() + timedelta(days=1)
    return {
        "from": (end - timedelta(days=days)).isoformat(),
        "to": end.isoformat(),
    }


def shown(report: Any, asked: Any) -> str:
    """The report as the API says it, to be compared."""
    said = presenting.as_json(report, asked, "")
    said.pop("as_of")
    return json.dumps(said, sort_keys=True, default=str)
