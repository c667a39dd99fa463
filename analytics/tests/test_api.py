"""The reports over HTTP: every figure is what its rows add up to."""

import csv
import io
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics import rollups
from analytics.counting import from_rows
from analytics.models import ReportSettings
from analytics.periods import Period
from inbox.tests.world import as_user
from leads.models import Campaign, Lead, Stage
from teams.models import Membership, User

VARIANTS = [
    ("roi", {"model": "first", "clock": "cash"}),
    ("roi", {"model": "linear", "clock": "cohort"}),
    ("roi", {"model": "last"}),
    ("conversion", {}),
    ("conversion", {"by": "campaign"}),
    ("conversion", {"by": "owner"}),
    ("team", {}),
    ("inbox", {}),
]


def figures_of(report: dict) -> list[tuple[str, str, dict]]:
    """(line's key, name, figure) of every figure in a report."""
    lines = [*report["lines"], *([report["total"]] if report["total"] else [])]
    for section in report["sections"].values():
        lines += section
    return [
        (line["key"], name, figure)
        for line in lines
        for name, figure in line["figures"].items()
    ]


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_every_number_is_the_sum_of_its_rows(get, browser, name, options):
    report = get(name, **options).json()
    linked = [one for one in figures_of(report) if "rows" in one[2]]
    assert len(linked) > 5
    for key, figure_name, figure in linked[:: max(1, len(linked) // 9)]:
        rows = browser.get(figure["rows"] + "&limit=100").json()
        assert rows["next"] is None, key
        if figure["unit"] in ("count", "paise"):
            assert sum(row["n"] for row in rows["results"]) == figure["value"], (
                key,
                figure_name,
            )
        elif "sample" in figure and figure_name.endswith(("_median", "_p90")):
            assert rows["count"] == figure["sample"]
        assert all(row["label"] != "–" and row["id"] for row in rows["results"])


def test_a_report_says_what_it_is(get, world):
    report = get("roi").json()
    assert report["timezone"] == world.workspace.timezone
    assert (report["from"], report["to"]) == ("2026-02-25", "2026-05-01")
    assert report["definition"] == "2026-11"
    assert report["as_of"].endswith("Z")
    assert [line["key"] for line in report["sections"]["unattributed"]] == [
        "unattributed"
    ]


def test_roi_is_what_its_parts_say(get):
    for line in get("roi").json()["lines"]:
        figures = {name: figure["value"] for name, figure in line["figures"].items()}
        spend, revenue = figures["spend"], figures["revenue"]
        assert figures["profit"] == revenue - spend
        if spend:
            assert figures["roi"] == pytest.approx((revenue - spend) / spend, abs=5e-5)
        else:
            assert line["figures"]["roi"]["reason"] == "no_spend"


def test_models_share_the_same_revenue_out(get, world):
    totals = {
        model: get("roi", model=model).json()["total"]["figures"]["revenue"]["value"]
        for model in ("first", "last", "linear")
    }
    assert len(set(totals.values())) == 1
    period = Period.of(date(2026, 2, 25), date(2026, 5, 1), world.workspace.timezone)
    counts = from_rows("campaigns", world.settings, period)
    assert totals["first"] == sum(
        count.n for key, count in counts.items() if key.measure == "revenue_cash_last"
    )


@pytest.mark.parametrize("name", ["roi", "conversion", "team", "inbox"])
def test_the_file_says_what_the_report_says(get, name):
    report, answer = get(name).json(), get(f"{name}.csv")
    table = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert answer["Content-Type"].startswith("text/csv")
    labels = [row[0] for row in table]
    assert {line["label"] for line in report["lines"]} <= set(labels)
    assert table[0][1].endswith(")")


def test_rows_come_as_a_file_and_page_by_page(get, browser):
    key, _, figure = next(
        one for one in figures_of(get("inbox").json()) if one[2].get("value", 0) > 5
    )
    first = browser.get(figure["rows"] + "&limit=2").json()
    second = browser.get(first["next"]).json()
    assert len(first["results"]) == 2
    assert first["results"] != second["results"]
    file = browser.get(figure["rows"].replace("/rows?", "/rows.csv?"))
    lines = file.getvalue().decode("utf-8-sig").strip().splitlines()
    assert len(lines) == first["count"] + 1, key


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-02"}, "to"),
        ({"from": "2020-01-01", "to": "2026-01-01"}, "to"),
        ({"from": "0001-01-01"}, "from"),
        ({"model": "magic"}, "model"),
        ({"clock": "sun"}, "clock"),
    ],
)
def test_a_bad_question_is_told_what_to_send(get, query, attr):
    answer = get("roi", **query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == attr


@pytest.mark.parametrize(
    "query",
    [
        {"line": "nobody", "figure": "spend"},
        {"line": "total", "figure": "roi"},  # made of two: no rows of its own
    ],
)
def test_rows_of_no_figure_do_not_exist(get, query):
    assert get("roi/rows", **query).status_code == 404


def test_rows_are_of_a_line_and_a_figure(get):
    answer = get("roi/rows", line="total")
    assert answer.status_code == 400
    assert [error["attr"] for error in answer.json()["errors"]] == ["figure"]


def test_an_sdr_sees_their_own_numbers(get, world):
    me = world.users[0]
    client = as_user(me)
    for name in ("roi", "conversion", "inbox"):
        assert get(name, client).status_code == 403
    report = get("team", client).json()
    assert [line["key"] for line in report["lines"]] == [str(me.public_id)]
    assert report["total"] is None
    other = get("team").json()["lines"]
    stranger = next(one for one in other if one["key"] != str(me.public_id))
    rows = get("team/rows", client, line=stranger["key"], figure="won")
    assert rows.status_code == 404


def test_the_ranking_is_shown_to_sdrs_where_the_workspace_says_so(get, world):
    ReportSettings.objects.update(sdr_sees="team")
    me = world.users[0]
    lines = get("team", as_user(me)).json()["lines"]
    assert len(lines) > 1
    theirs = [line for line in lines if line["key"] != str(me.public_id)]
    assert all(set(line["figures"]) == {"place", "score"} for line in theirs)
    assert not any("details" in line for line in theirs)


def test_the_number_of_queries_does_not_grow(get, world, django_assert_max_num_queries):
    for number in range(20):
        campaign = world.make_campaign(100 + number)
        world.spend().__class__.objects.filter(campaign=world.campaigns[0]).update(
            campaign=campaign
        )
        Stage.objects.create(
            workspace=world.workspace, name=f"More {number}", position=100 + number
        )
    rollups.catch_up(world.workspace)
    for name in ("roi", "conversion", "team", "inbox"):
        with django_assert_max_num_queries(14):
            assert get(name).status_code == 200
    assert Campaign.objects.count() > 20


FIGURES = {
    "roi": "spend",
    "conversion": "reached",
    "team": "answered",
    "inbox": "received",
}


@pytest.mark.parametrize("twin", ["", ".csv", "/rows", "/rows.csv"])
@pytest.mark.parametrize("name", FIGURES)
def test_a_hundred_rows_take_as_many_queries_as_ten(get, world, name, twin):
    """Of each report, its file, the rows behind a number, and those as a file."""

    def count() -> tuple[int, int]:
        """(queries, rows behind the number)."""
        report = get(name).json()
        line = report["lines"][0] if name == "conversion" else report["total"]
        query = {"line": line["key"], "figure": FIGURES[name]}
        behind = get(f"{name}/rows", **query).json()["count"]
        given = query | {"limit": "100"} if twin.startswith("/rows") else {}
        with CaptureQueriesContext(connection) as queries:
            answer = get(f"{name}{twin}", **given)
            assert answer.status_code == 200
            assert answer.getvalue()
        return len(queries), behind

    few, before = count()
    for number in range(40):
        campaign = world.make_campaign(100 + number)
        world.campaigns = [campaign]
        lead = world.make_lead()
        world.make_lead()
        world.earn(lead)
        world.converse()
        for _ in range(3):
            world.spend()
    rollups.catch_up(world.workspace)
    many, after = count()
    assert after > 2 * before
    assert many == few


def test_who_is_still_open_and_young_is_counted_once_for_all(
    get, world, django_assert_max_num_queries
):
    """Of leads that came today, in as many queries as of those long ago."""
    stages = {str(stage.public_id): stage for stage in world.stages}
    Lead.objects.create(
        workspace=world.workspace,
        name="New",
        stage=world.stages[0],
        campaign=world.campaigns[0],
    )
    rollups.catch_up(world.workspace)
    now = {"from": "", "to": ""}
    with django_assert_max_num_queries(16):
        report = get("conversion", by="campaign", **now).json()
    first = report["lines"][0]
    assert stages[first["key"]] == world.stages[0]
    assert first["figures"]["pending"]["value"] == 1
    of_campaign = report["sections"][world.campaigns[0].name][0]
    assert of_campaign["figures"]["pending"]["value"] == 1


def test_settings_are_read_and_changed(world, browser):
    url = f"/api/workspaces/{world.workspace.slug}/analytics/settings"
    changed = browser.patch(
        url,
        {"sla_seconds": 60, "hours": {"mon": [["10:00", "12:00"]]}},
        content_type="application/json",
    )
    assert changed.status_code == 200
    assert browser.get(url).json()["sla_seconds"] == 60
    bad = browser.patch(url, {"hours": {"mon": "all"}}, content_type="application/json")
    assert bad.status_code == 400
    member = User.objects.create(email="m@world.example")
    Membership.objects.create(workspace=world.workspace, user=member, role="member")
    refused = as_user(member).patch(
        url, {"sla_seconds": 1}, content_type="application/json"
    )
    assert refused.status_code == 403


def test_holidays_are_added_and_removed(world, browser):
    url = f"/api/workspaces/{world.workspace.slug}/analytics/holidays"
    made = browser.post(
        url, {"day": "2026-12-25", "name": "Christmas"}, content_type="application/json"
    )
    assert made.status_code == 201
    assert len(browser.get(url).json()["results"]) == 2
    assert browser.delete(f"{url}/{made.json()['id']}").status_code == 204
    twice = [
        browser.post(url, {"day": "2026-12-26"}, content_type="application/json")
        for _ in range(2)
    ]
    assert [answer.status_code for answer in twice] == [201, 400]
