"""Points for facts: each fact, when scores are counted again, rules over the API."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from leads import merging, scoring
from leads.models import (
    CustomField,
    Lead,
    LeadSettings,
    Revenue,
    ScoreRule,
    Stale,
    Touch,
)
from leads.models.scoring import MOST_RULES
from leads.tests.conftest import problems
from leads.tests.world import make_lead, make_leads

pytestmark = pytest.mark.django_db


def rule(workspace, fact, argument="", points=10):
    made = ScoreRule(workspace=workspace, fact=fact, argument=argument, points=points)
    made.full_clean(exclude=["workspace"])
    made.save()
    return made


def count():
    while scoring.drain():
        pass


def scores(*leads):
    count()
    return [Lead.objects.get(pk=lead.pk).score for lead in leads]


@contextmanager
def untold():
    """Writes of which no trigger hears."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def touch(lead, days=0):
    at = timezone.now() - timedelta(days=days)
    return Touch.objects.create(
        workspace=lead.workspace, lead=lead, kind="manual", at=at
    )


def paid(lead, paise):
    return Revenue.objects.create(
        workspace=lead.workspace, lead=lead, amount_paise=paise, at=timezone.now()
    )


@pytest.fixture
def gold(workspace):
    return CustomField.objects.create(
        workspace=workspace, key="plan", label="Plan", kind="text"
    )


@pytest.mark.parametrize(
    ("fact", "argument", "those", "others"),
    [
        ("has_phone", "", {"phone": "+919812345678"}, {}),
        ("has_email", "", {"email": "a@example.com"}, {}),
        ("has_company", "", {"company": "Rao"}, {}),
        ("has_tag", "vip", {"tags": ["x", "vip"]}, {"tags": ["vips"]}),
        ("has_source", "Fair", {"source": "fair"}, {"source": "fairy"}),
        ("value_from", "500", {"value_paise": 50_000}, {"value_paise": 49_999}),
        ("custom_is", "plan=gold", {"custom": {"plan": "gold"}}, {}),
    ],
)
def test_a_fact_of_the_lead_gives_its_points(
    workspace, gold, fact, argument, those, others
):
    rule(workspace, fact, argument, 25)
    yes, no = make_lead(workspace, **those), make_lead(workspace, **others)
    assert scores(yes, no) == [25, 0]
    yes.refresh_from_db()
    words = str(ScoreRule.objects.get())
    assert (yes.score_parts, yes.version) == ([[words, 25]], 1)
    Lead.objects.filter(pk=yes.pk).update(
        **{key: type(value)() for key, value in those.items()}
    )
    assert scores(yes) == [0]


def test_touches_money_and_silence_give_points_too(workspace):
    rule(workspace, "touched_within", "7", 5)
    rule(workspace, "paid", "", 50)
    rule(workspace, "quiet_for", "30", -20)
    fresh, old, quiet = make_leads(workspace, 3)
    touch(fresh)
    touch(old, days=8)
    paid(old, 900)
    Lead.objects.filter(pk=quiet.pk).update(score=0)
    with untold():
        Lead.objects.filter(pk=quiet.pk).update(
            updated_at=timezone.now() - timedelta(days=31)
        )
    assert scores(fresh, old, quiet) == [5, 50, -20]
    refund = paid(old, -900)
    assert scores(old) == [0]
    refund.delete()
    assert scores(old) == [50]


def test_who_was_merged_counts_with_the_winner(workspace):
    rule(workspace, "paid", "", 50)
    winner, loser = make_leads(workspace, 2)
    paid(loser, 100)
    assert scores(winner, loser) == [0, 50]
    record = merging.merge(winner, loser, by=None)
    assert scores(winner) == [50]
    paid(loser, 100)
    merging.split(record, by=None)
    assert scores(winner, loser) == [0, 50]


def test_rules_are_counted_for_everybody_and_their_end_too(workspace, make_workspace):
    theirs = make_lead(make_workspace("theirs"), phone="+919812345678")
    leads = make_leads(workspace, 2_300, phone="+919812345678")
    made = rule(workspace, "has_phone", "", 10)
    assert scores(leads[0], leads[-1], theirs) == [10, 10, 0]
    ScoreRule.objects.filter(pk=made.pk).update(points=7)
    assert scores(leads[0], leads[-1]) == [7, 7]
    made.delete()
    assert scores(leads[0], leads[-1], theirs) == [0, 0, 0]
    assert Lead.objects.get(pk=leads[0].pk).score_parts == []
    assert not Stale.objects.filter(look="score").exists()


def test_without_rules_nothing_is_noted_and_a_score_makes_nothing_stale(workspace):
    lead = make_lead(workspace)
    Lead.objects.filter(pk=lead.pk).update(name="Asha")
    touch(lead)
    assert not Stale.objects.filter(look="score").exists()
    rule(workspace, "has_phone")
    count()
    Lead.objects.filter(pk=lead.pk).update(score=3)
    assert not Stale.objects.filter(look="score").exists()


def test_days_are_counted_once_a_day_where_rules_speak_of_them(workspace):
    rule(workspace, "touched_within", "7", 5)
    lead = make_lead(workspace)
    gone = touch(lead)
    assert scores(lead) == [5]
    with untold():  # a week goes by, and nobody writes
        Touch.objects.filter(pk=gone.pk).update(at=timezone.now() - timedelta(days=8))
    assert scores(lead) == [5]
    LeadSettings.objects.update(scored_on=timezone.now().date() - timedelta(days=3))
    assert scores(lead) == [0]


def test_rules_over_the_api(workspace, api, as_role, gold):
    answer = api.post(
        "score-rules", {"fact": "value_from", "argument": "0500", "points": 9}
    )
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["argument"], made["text"]) == ("500", "is worth 500 rupees or more")
    assert api.results("score-rules") == [made]
    assert problems(api.post("score-rules", made)) == [("unique", "argument")]
    for bad, attr in (
        ({"fact": "value_from", "argument": "much", "points": 1}, "argument"),
        ({"fact": "quiet_for", "argument": "0", "points": 1}, "argument"),
        ({"fact": "quiet_for", "argument": "٣", "points": 1}, "argument"),
        ({"fact": "has_tag", "points": 1}, "argument"),
        ({"fact": "has_phone", "argument": "x", "points": 1}, "argument"),
        ({"fact": "custom_is", "argument": "size=L", "points": 1}, "argument"),
        ({"fact": "custom_is", "argument": "plan=", "points": 1}, "argument"),
        ({"fact": "has_phone", "points": 101}, "points"),
        ({"fact": "rich", "points": 1}, "fact"),
    ):
        answer = api.post("score-rules", bad)
        assert answer.status_code == 400, (bad, answer.content)
        assert problems(answer)[0][1] == attr
    url = f"score-rules/{made['id']}"
    assert api.patch(url, {"points": -3}).json()["points"] == -3
    assert as_role("sdr").post("score-rules", made).status_code == 403
    lead = make_lead(workspace, value_paise=90_000)
    count()
    shown = api.get(f"leads/{lead.public_id}").json()
    assert (shown["score"], shown["score_parts"]) == (
        -3,
        [["is worth 500 rupees or more", -3]],
    )
    assert api.delete(url).status_code == 204
    count()
    assert api.get(f"leads/{lead.public_id}").json()["score"] == 0


def test_a_workspace_has_so_many_rules_at_most(workspace, api):
    ScoreRule.objects.bulk_create(
        ScoreRule(workspace=workspace, fact="has_tag", argument=f"t{n}", points=1)
        for n in range(MOST_RULES)
    )
    answer = api.post("score-rules", {"fact": "has_phone", "points": 1})
    assert (answer.status_code, problems(answer)[0][0]) == (409, "too_many")
    lead = make_lead(workspace, tags=[f"t{n}" for n in range(50)])
    assert scores(lead) == [50]


def test_a_rule_whose_field_is_gone_gives_nothing(workspace, gold):
    rule(workspace, "custom_is", "plan=gold", 9)
    lead = make_lead(workspace, custom={"plan": "gold"})
    assert scores(lead) == [9]
    gold.delete()
    Lead.objects.filter(pk=lead.pk).update(name="Asha")
    assert scores(lead) == [0]
