"""Conversions to Meta: once each, only about who agreed and came through an ad."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics import conversions, meta_events
from analytics.models import ConversionEvent, ConversionSettings
from flexoraa.sandbox.meta import DATASET
from inbox import leading
from leads.models import Lead, Revenue, Stage
from teams.models import AuditEvent, User

pytestmark = pytest.mark.django_db
TOKEN = "EAAG-secret-token"


@pytest.fixture(autouse=True)
def _at_the_sandbox(settings, graph_api):
    settings.GRAPH_URL = graph_api.url


@pytest.fixture
def wish(workspace) -> ConversionSettings:
    """Told are leads that get to the second stage, and revenue."""
    return ConversionSettings.objects.create(
        workspace=workspace,
        is_on=True,
        dataset_id=DATASET,
        token=TOKEN,
        lead_stage=Stage.objects.for_workspace(workspace).order_by("position")[1],
    )


@pytest.fixture
def lead(account, receive, wish) -> Lead:
    """Somebody who came through an ad on WhatsApp, and agreed."""
    receive("whatsapp", "text_from_ad")
    while leading.drain():
        pass
    Lead.objects.update(consent="granted")
    return Lead.objects.get()


def qualify(lead: Lead) -> None:
    wish = ConversionSettings.objects.get(workspace=lead.workspace_id)
    Lead.objects.filter(pk=lead.pk).update(stage=wish.lead_stage)


def earn(lead: Lead, paise: int = 149_950, **fields) -> Revenue:
    return Revenue.objects.create(
        workspace=lead.workspace,
        lead=lead,
        amount_paise=paise,
        at=fields.pop("at", timezone.now()),
        **fields,
    )


def due_now() -> None:
    ConversionEvent.objects.filter(state="waiting").update(due_at=Now())


def told(graph_api) -> list[dict]:
    return list(graph_api.datasets[DATASET].values())


def states() -> list[tuple[str, str]]:
    events = ConversionEvent.objects.order_by("id")
    return list(events.values_list("name", "state"))


def test_a_lead_and_a_purchase_are_told_once(lead, graph_api):
    qualify(lead)
    earn(lead)
    while conversions.drain():
        pass
    due_now()
    assert conversions.drain() == 0
    assert sorted(states()) == [("LeadSubmitted", "sent"), ("Purchase", "sent")]
    submitted, purchase = sorted(told(graph_api), key=lambda e: e["event_name"])
    assert submitted["action_source"] == "business_messaging"
    assert submitted["messaging_channel"] == "whatsapp"
    assert submitted["user_data"] == {
        "whatsapp_business_account_id": "300000000000001",
        "ctwa_clid": "clid-FLX-0001",
    }
    assert "custom_data" not in submitted
    assert purchase["custom_data"] == {"currency": "INR", "value": 1499.5}
    events = ConversionEvent.objects.in_bulk(field_name="public_id")
    assert {e["event_id"] for e in told(graph_api)} == {str(key) for key in events}
    assert all(event.trace_id for event in events.values())
    assert len(graph_api.ledger.calls(account=DATASET)) == 2


def test_moving_back_and_forth_is_one_lead(lead, graph_api):
    first = lead.stage
    for _ in range(3):
        qualify(lead)
        Lead.objects.filter(pk=lead.pk).update(stage=first)
        conversions.drain()
    assert states() == [("LeadSubmitted", "sent")]


def test_a_death_between_call_and_commit_counts_once(lead, graph_api, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*args):
        raise Killed

    earn(lead)
    with monkeypatch.context() as dying:
        dying.setattr(conversions, "settle", die)
        with pytest.raises(Killed):
            conversions.drain()
    assert states() == [("Purchase", "waiting")]  # its lease runs
    assert conversions.drain() == 0
    due_now()  # the lease has ended
    assert conversions.drain() == 1
    assert states() == [("Purchase", "sent")]
    assert len(graph_api.ledger.calls(kind="Purchase")) == 2
    assert len(told(graph_api)) == 1


def test_control_with_another_id_it_would_count_twice(lead, graph_api):
    earn(lead)
    conversions.drain()
    ConversionEvent.objects.update(
        state="waiting", public_id="01a21249-61d1-7f28-b24f-2e2fcfa98bff", due_at=Now()
    )
    conversions.drain()
    assert len(told(graph_api)) == 2


@pytest.mark.parametrize("how", ["reset", "garbage", "cut"])
def test_a_lost_answer_is_asked_again_with_the_same_id(how, lead, graph_api):
    graph_api.faults.add(when="after", how=how, path="/events$")
    earn(lead)
    conversions.drain()
    assert states() == [("Purchase", "waiting")]
    event = ConversionEvent.objects.get()
    assert event.attempts == 1
    assert event.due_at > timezone.now() + timedelta(seconds=5)
    assert conversions.drain() == 0
    due_now()
    conversions.drain()
    assert states() == [("Purchase", "sent")]
    assert len(told(graph_api)) == 1


def test_trouble_waits_longer_each_time_and_ends(lead, graph_api):
    graph_api.faults.add(when="before", status=503, path="/events$", count=None)
    earn(lead)
    pauses = []
    for _ in range(conversions.MOST_ATTEMPTS):
        due_now()
        began = timezone.now()
        conversions.drain()
        pauses.append(ConversionEvent.objects.get().due_at - began)
    assert states() == [("Purchase", "failed")]
    grown = pauses[:-1]
    assert grown == sorted(grown)
    assert grown[0] < timedelta(seconds=30) < timedelta(hours=1) < grown[-1]
    assert told(graph_api) == []


def test_a_refusal_is_final_and_says_why(lead, graph_api):
    graph_api.expire(TOKEN)
    earn(lead)
    conversions.drain()
    event = ConversionEvent.objects.get()
    assert (event.state, event.attempts) == ("failed", 1)
    assert "Session has expired" in event.said


def test_nobody_is_told_about_who_did_not_agree(lead, graph_api):
    Lead.objects.update(consent="unknown")
    earn(lead)
    conversions.drain()
    event = ConversionEvent.objects.get()
    assert (event.state, event.said) == ("waiting", conversions.NO_CONSENT)
    Lead.objects.update(consent="withdrawn")
    due_now()
    conversions.drain()
    event.refresh_from_db()
    assert (event.state, event.said) == ("skipped", conversions.WITHDRAWN)
    assert graph_api.ledger.calls(account=DATASET) == []


def test_who_agrees_within_the_week_is_told(lead, graph_api):
    Lead.objects.update(consent="unknown")
    earn(lead)
    conversions.drain()
    Lead.objects.update(consent="granted")
    due_now()
    conversions.drain()
    assert states() == [("Purchase", "sent")]


def test_what_meta_would_not_take_any_more_is_left_out(lead, graph_api):
    Lead.objects.update(consent="unknown")
    earn(lead)
    conversions.drain()
    ConversionEvent.objects.update(at=timezone.now() - timedelta(days=7))
    Lead.objects.update(consent="granted")
    due_now()
    conversions.drain()
    assert states() == [("Purchase", "skipped")]
    assert told(graph_api) == []


def test_who_came_without_an_ad_is_left_out(account, receive, wish, graph_api):
    receive("whatsapp", "text")
    while leading.drain():
        pass
    Lead.objects.update(consent="granted")
    earn(Lead.objects.get())
    conversions.drain()
    assert ConversionEvent.objects.get().said == conversions.NO_AD
    assert graph_api.ledger.calls(account=DATASET) == []


def test_refunds_the_past_and_others_are_not_told(lead, wish, graph_api):
    earn(lead, -5_000)
    earn(lead, at=wish.since - timedelta(minutes=1))
    conversions.drain()
    assert states() == []
    wish.is_on = False
    wish.save()
    earn(lead)
    conversions.drain()
    assert states() == []
    wish.is_on = True
    wish.save()  # what happened while it was off stays untold
    conversions.drain()
    assert states() == []


def test_switched_off_in_between_leaves_it_out(lead, wish, graph_api):
    earn(lead)
    conversions.collect()
    wish.is_on = False
    wish.save()
    conversions.drain()
    assert states() == [("Purchase", "skipped")]


def test_collecting_twice_makes_no_more(lead):
    earn(lead)
    qualify(lead)
    assert conversions.collect() == 2
    assert conversions.collect() == 0


def test_without_dataset_and_token_it_cannot_be_on(workspace):
    with pytest.raises(IntegrityError), transaction.atomic():
        ConversionSettings.objects.create(workspace=workspace, is_on=True)


@pytest.mark.parametrize(
    ("channel", "names"),
    [
        ("whatsapp", {"whatsapp_business_account_id": "P", "ctwa_clid": "C"}),
        ("facebook", {"page_id": "A", "page_scoped_user_id": "N"}),
        ("instagram", {"instagram_business_account_id": "A", "ig_sid": "N"}),
        ("letter", {}),
    ],
)
def test_each_channel_names_people_its_own_way(channel, names, graph_api):
    whose = meta_events.person(channel, account="A", parent="P", name="N", click_id="C")
    assert whose == names
    less = meta_events.person(channel, account="A", parent="P", name="", click_id="")
    assert less == {}
    if whose:
        event = meta_events.Told(
            event_id="1",
            name="LeadSubmitted",
            at=timezone.now(),
            channel=channel,
            whose=whose,
        )
        assert meta_events.tell(DATASET, TOKEN, event).came == "told"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "Lead"}, "Invalid Event Type"),
        ({"at": timezone.now() - timedelta(days=8)}, "Too Old"),
        ({"whose": {}}, "user_data"),
    ],
)
def test_the_stand_in_refuses_what_meta_refuses(change, words, graph_api):
    event = {
        "event_id": "1",
        "name": "LeadSubmitted",
        "at": timezone.now(),
        "channel": "facebook",
        "whose": {"page_id": "1", "page_scoped_user_id": "2"},
    } | change
    found = meta_events.tell(DATASET, TOKEN, meta_events.Told(**event))
    assert found.came == "refused"
    assert words in found.said


@pytest.fixture
def owner(workspace, make_member) -> Client:
    user = make_member(workspace)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def test_an_owner_switches_it_on_and_the_token_never_comes_back(owner, workspace):
    url = reverse("admin:analytics_conversionsettings_add")
    given = {"workspace": workspace.pk, "is_on": "on", "tells_purchases": "on"}
    answer = owner.post(url, given)
    assert b"Give a token to tell Meta." in answer.content
    given |= {"dataset_id": DATASET, "access_token": "EAAG-very-secret"}
    assert owner.post(url, given).status_code == 302
    row = ConversionSettings.objects.get()
    assert (row.token.reveal(), row.is_on) == ("EAAG-very-secret", True)
    page = owner.get(
        reverse("admin:analytics_conversionsettings_change", args=[row.pk])
    )
    assert b"EAAG-very-secret" not in page.content
    trail = AuditEvent.objects.filter(subject="conversions")
    assert trail.exists()
    assert "EAAG" not in str(list(trail.values_list("changes", flat=True)))


def test_the_log_shows_each_and_tries_refused_ones_again(owner, lead, graph_api):
    graph_api.faults.add(when="before", code=100, path="/events$")
    earn(lead)
    conversions.drain()
    url = reverse("admin:analytics_conversionevent_changelist")
    page = owner.get(url).content.decode()
    assert "Refused" in page
    assert "INR 1,499.50" in page
    ids = list(ConversionEvent.objects.values_list("pk", flat=True))
    owner.post(url, {"action": "tell_again", "_selected_action": ids})
    conversions.drain()
    assert states() == [("Purchase", "sent")]
    owner.post(url, {"action": "tell_again", "_selected_action": ids})
    assert states() == [("Purchase", "sent")]  # told stays told
