"""The demo's half year: the API says what its generator knows to be true."""

from datetime import timedelta

import pytest
from django.db import transaction

from analytics import rollups
from flexoraa.lib import sets
from flexoraa.sandbox.market import make_market
from flexoraa.sandbox.season.plan import make_plan
from flexoraa.sandbox.season.truth import Truth
from flexoraa.sandbox.story import ACCOUNTS
from flexoraa.sandbox.workspace import make_workspace
from inbox.tests.world import as_user
from leads.models import Campaign, Stage
from teams.models import User, Workspace


@pytest.fixture(scope="module")
def season(django_db_setup, django_db_blocker):
    """(plan, ask): written and counted once for all of this module's tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        make_workspace(ACCOUNTS)
        plan = make_market()
        workspace = Workspace.objects.get(slug="demo")
        sets.execute("ANALYZE")  # nobody does so within a transaction
        rollups.catch_up(workspace)
        client = as_user(User.objects.get(email="owner@flexoraa.example"))

        def ask(name, start, end, **options):
            query = {"from": start.isoformat(), "to": end.isoformat(), **options}
            answer = client.get(f"/api/workspaces/demo/analytics/{name}", query)
            assert answer.status_code == 200, answer.content
            return answer.json()

        yield plan, ask
        transaction.set_rollback(True)


def value(line: dict, name: str) -> int:
    return line["figures"][name]["value"]


def spans(plan):
    """The whole half year, a month, a week, and a day."""
    yield plan.first, plan.end
    yield plan.end - timedelta(days=30), plan.end
    yield plan.first + timedelta(days=60), plan.first + timedelta(days=67)
    yield plan.first + timedelta(days=100), plan.first + timedelta(days=101)


OPTIONS = [
    (model, clock)
    for model in ("first", "last", "linear")
    for clock in ("cash", "cohort")
]


@pytest.mark.parametrize(("model", "clock"), OPTIONS)
def test_roi_is_the_truth_to_the_paisa(season, model, clock):
    plan, ask = season
    keys = dict(Campaign.objects.values_list("public_id", "code"))
    names = {str(key): code for key, code in keys.items()}
    names |= {"total": "total", "unattributed": ""}
    for start, end in spans(plan):
        truth = Truth(plan, start, end).roi(model, clock)
        report = ask("roi", start, end, model=model, clock=clock)
        lines = [*report["lines"], report["total"], *report["sections"]["unattributed"]]
        got = {
            names[line["key"]]: {
                name: value(line, name)
                for name in ("spend", "leads", "qualified", "won", "customers")
                + ("revenue", "profit")
            }
            for line in lines
        }
        for code, numbers in got.items():
            wanted = {name: truth.get(code, {}).get(name, 0) for name in numbers}
            assert numbers == wanted, (code, start, end)
        assert {code for code, one in truth.items() if any(one.values())} <= set(got)
    assert truth["total"]["spend"] > 0


def test_the_funnel_is_the_truth(season):
    plan, ask = season
    stages = {str(s.public_id): s.name for s in Stage.objects.all()}
    for start, end in spans(plan):
        truth = Truth(plan, start, end).conversion()
        report = ask("conversion", start, end)
        for line in report["lines"]:
            wanted = truth.get(stages[line["key"]], {})
            assert value(line, "reached") == wanted.get("reached", 0)
            assert value(line, "further") == wanted.get("further", 0)
        closed = truth.get("closed", {})
        assert value(report["total"], "won") == closed.get("won", 0)
        assert value(report["total"], "lost") == closed.get("lost", 0)


def test_the_team_is_the_truth(season):
    plan, ask = season
    people = {str(u.public_id): u.email for u in User.objects.all()}
    for start, end in spans(plan):
        truth = Truth(plan, start, end).team()
        found = {people[line["key"]]: line for line in ask("team", start, end)["lines"]}
        for email, wanted in truth.items():
            line = found[email]
            for name in (
                *("won", "lost", "qualified", "revenue", "won_value", "answered"),
                *("in_time", "breach", "due", "done_in_time", "active_days"),
                "handling_median",
            ):
                assert (value(line, name) or 0) == wanted.get(name, 0), (email, name)


def test_the_inbox_is_the_truth(season):
    plan, ask = season
    for start, end in spans(plan):
        truth = Truth(plan, start, end).inbox()
        report = ask("inbox", start, end)
        found = {line["key"]: line for line in report["lines"]}
        for channel, wanted in truth.items():
            if not any(wanted.values()):
                continue
            for name, number in wanted.items():
                assert value(found[channel], name) == number, (channel, name)


def test_the_half_year_is_believable(season):
    """Campaigns win and lose, one brings nobody, the weeks before Diwali are busier."""
    plan, _ = season
    truth = Truth(plan, plan.first, plan.end)
    roi = truth.roi()
    profits = {code: one["profit"] for code, one in roi.items() if code != "total"}
    assert sum(p > 0 for p in profits.values()) >= 4
    assert sum(p < 0 for p in profits.values()) >= 3
    assert roi["fc-road-billboard"].get("leads", 0) == 0
    assert sum(1 for one in truth.team().values() if one["answered"] > 50) == 5


def test_a_seed_tells_the_same_story_twice(season):
    plan, _ = season
    again = make_plan(plan.first, str(plan.zone))
    assert again == plan
    assert make_plan(plan.first, str(plan.zone), seed=1) != plan
