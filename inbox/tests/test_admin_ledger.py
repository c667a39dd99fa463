"""The ledger in the back office: bodies, replays, dry runs."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from flexoraa.lib import pagination
from inbox.models import Conversation, Message, WebhookDelivery
from inbox.tests import bodies, hostile
from inbox.tests.office import asked, page
from inbox.tests.world import rows_of
from teams.models import User

pytestmark = pytest.mark.django_db
LEDGER = "inbox_webhookdelivery"


def states() -> list[str]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("state", flat=True))


def act(staff, action: str, chosen: list[int], **more) -> object:
    """What a browser sends when an action is chosen for ticked rows."""
    return staff.post(
        page(LEDGER), {"action": action, "_selected_action": chosen, **more}
    )


def test_a_delivery_shows_its_body_and_why_it_died(staff, account, receive):
    broken, good = receive("whatsapp", b"garbage", bodies.whatsapp(bodies.text(1)))
    shown = staff.get(page(LEDGER, broken.pk)).content.decode()
    assert "The body is not JSON" in shown
    assert "garbage" in shown
    shown = staff.get(page(LEDGER, good.pk)).content.decode()
    assert "&quot;phone_number_id&quot;: &quot;200000000000001&quot;" in shown
    assert "message 1" in shown


@pytest.mark.parametrize("name", list(hostile.DEAD) + list(hostile.KEPT))
def test_hostile_bodies_can_be_looked_at(name, staff, account, receive):
    (delivery,) = receive("whatsapp", {**hostile.DEAD, **hostile.KEPT}[name])
    assert staff.get(page(LEDGER, delivery.pk)).status_code == 200
    raw = staff.get(reverse("admin:inbox_raw", args=[delivery.pk]))
    assert raw.content == bytes(delivery.body)
    assert raw["Content-Disposition"].startswith("attachment")
    assert raw["Content-Type"] == "application/octet-stream"
    dry = staff.get(reverse("admin:inbox_dry_run", args=[delivery.pk]))
    assert dry.status_code == 200


def test_a_raw_body_is_for_no_browser_to_interpret(staff, receive):
    (delivery,) = receive("whatsapp", b"<script>alert(1)</script>")
    raw = staff.get(reverse("admin:inbox_raw", args=[delivery.pk]))
    assert raw["X-Content-Type-Options"] == "nosniff"
    assert f"delivery-{delivery.pk}.bin" in raw["Content-Disposition"]


def test_a_long_body_is_cut_on_the_page(staff, receive):
    (delivery,) = receive("whatsapp", b'["a short one"]')
    most = 210_000 + len(staff.get(page(LEDGER, delivery.pk)).content)
    (delivery,) = receive("whatsapp", b'["' + b"x" * 300_000 + b'"]')
    shown = staff.get(page(LEDGER, delivery.pk)).content.decode()
    assert len(shown) < most
    deep = b"[" * 60 + b"0," * 1_000_000 + b"0" + b"]" * 60
    for odd in (deep, b"x" * 300_000, b"xy" + "€".encode() * 300_000, b"\xff" * 9000):
        (delivery,) = receive("whatsapp", odd)
        shown = staff.get(page(LEDGER, delivery.pk)).content.decode()
        assert len(shown) < most
        assert "cut here" in shown
    assert "ff ff ff" in shown


def test_a_delivery_leads_to_its_messages_and_repeats(staff, account, receive):
    body = bodies.whatsapp(bodies.text(1))
    first, second = receive("whatsapp", body, body)
    shown = staff.get(page(LEDGER, second.pk))
    assert [message.text for message in shown.context["brought"]] == ["message 1"]
    thread = page("inbox_conversation", Conversation.objects.get().pk)
    assert thread in shown.content.decode()
    assert shown.context["same"] == [first.pk]


def test_the_list_says_what_came_and_loads_no_body(staff, account, receive):
    values = bodies.text(1), bodies.text(2), bodies.status("wamid.x", "read")
    receive("whatsapp", bodies.whatsapp(*values), b"garbage")
    html = staff.get(page(LEDGER)).content.decode()
    assert "1 × status update, 2 × inbound message" in html
    assert "The body is not JSON" in html
    assert not [sql for sql in asked(staff, page(LEDGER)) if '"body"' in sql]


def test_one_delivery_is_replayed_by_post_only(staff, account, receive):
    (delivery,) = receive("whatsapp", bodies.whatsapp(bodies.text(1)))
    url = reverse("admin:inbox_replay", args=[delivery.pk])
    staff.get(url)
    delivery.refresh_from_db()
    assert delivery.state == "done"
    staff.post(url)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.replays) == ("new", 1)
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.user.email) == (str(delivery.pk), "root@example.com")


def test_a_replay_needs_the_token_of_the_form(staff, receive):
    (delivery,) = receive("whatsapp", b"garbage")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    for url in (
        reverse("admin:inbox_replay", args=[delivery.pk]),
        reverse("admin:inbox_replays"),
        page(LEDGER),
    ):
        data = {"action": "replay", "_selected_action": [delivery.pk], "confirmed": "y"}
        assert strict.post(url, data).status_code == 403
    assert states() == ["dead"]


def test_selected_deliveries_are_replayed_after_a_question(staff, account, receive):
    first, second = receive("whatsapp", b"one", b"two")
    asked = act(staff, "replay", [first.pk])
    assert b"dead" in asked.content
    assert WebhookDelivery.objects.filter(state="new").count() == 0
    act(staff, "replay", [first.pk], confirmed="yes")
    states = dict(WebhookDelivery.objects.values_list("pk", "state"))
    assert states == {first.pk: "new", second.pk: "dead"}


def test_a_selection_across_pages_is_replayed(staff, account, receive):
    receive("whatsapp", b"one", b"two", bodies.whatsapp(bodies.text(1)))
    chosen = list(WebhookDelivery.objects.values_list("pk", flat=True)[:1])
    data = {
        "action": "replay",
        "_selected_action": chosen,
        "select_across": "1",
        "confirmed": "yes",
    }
    staff.post(page(LEDGER) + "?state__exact=dead", data)
    assert sorted(states()) == ["done", "new", "new"]


def test_all_that_match_are_replayed_without_ticking(staff, account, receive):
    receive("whatsapp", b"one", b"two", bodies.whatsapp(bodies.text(1)))
    url = reverse("admin:inbox_replays") + "?state__exact=dead"
    assert (
        url.replace("&", "&amp;")
        in staff.get(page(LEDGER), {"state__exact": "dead"}).content.decode()
    )
    question = staff.get(url)
    assert question.context["counts"] == [("dead", 2)]
    assert states() == ["dead", "dead", "done"]
    answer = staff.post(url, follow=True)
    assert "2 deliveries are being taken up again" in answer.content.decode()
    assert states() == ["new", "new", "done"]
    assert LogEntry.objects.count() == 2


def test_all_that_a_search_finds_are_replayed(staff, receive):
    first, _ = receive("whatsapp", b"one", b"two")
    staff.post(reverse("admin:inbox_replays") + f"?q={first.pk}")
    assert states() == ["new", "dead"]


def test_the_question_counts_no_further_than_the_list(staff, receive, monkeypatch):
    monkeypatch.setattr(pagination.EstimatedPaginator, "LIMIT", 3)
    receive("whatsapp", *[b"x%d" % number for number in range(6)])
    question = staff.get(reverse("admin:inbox_replays"))
    assert (question.context["total"], question.context["is_more"]) == (3, True)
    assert "No filter is set" in question.content.decode()
    assert "3 or more" in question.content.decode()


def test_nonsense_in_a_filter_replays_nothing(staff, receive):
    receive("whatsapp", b"one")
    answer = staff.post(reverse("admin:inbox_replays") + "?state__in__x=1")
    assert answer.status_code in (302, 400)
    assert states() == ["dead"]


def test_what_runs_just_now_is_left_alone(staff, receive):
    (delivery,) = receive("whatsapp", b"one")
    WebhookDelivery.objects.update(state="running")
    staff.post(reverse("admin:inbox_replay", args=[delivery.pk]))
    assert states() == ["running"]


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    staff, account, receive, post_webhook
):
    receive("whatsapp", bodies.whatsapp(bodies.text(1)))
    post_webhook("whatsapp", bodies.whatsapp(bodies.text(2)))
    waiting = WebhookDelivery.objects.get(state="new")
    before = rows_of(account.workspace), list(WebhookDelivery.objects.values())
    shown = staff.get(reverse("admin:inbox_dry_run", args=[waiting.pk]))
    ((_, found),) = shown.context["rehearsals"]
    assert (found["state"], found["said"]) == ("done", "1 × inbound message")
    assert found["rows"]["inbox_message"] == [1, 0, 0]
    assert act(staff, "dry_run", [waiting.pk]).status_code == 200
    assert before == (
        rows_of(account.workspace),
        list(WebhookDelivery.objects.values()),
    )


def test_a_dry_run_of_what_is_broken_says_why(staff, account, receive):
    broken, good = receive("whatsapp", b"garbage", bodies.whatsapp(bodies.text(1)))
    shown = act(staff, "dry_run", [broken.pk, good.pk])
    (_, first), (_, second) = shown.context["rehearsals"]
    assert "not JSON" in first["error"]
    assert "inbox_message" not in second["rows"]
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("term", "count"),
    [
        ("", 3),
        ("{pk}", 1),
        ("{sha}", 1),
        ("the body", 1),
        ("body", 0),
        ("x", 0),
        ("²", 0),
        ("99999999999999999999", 0),
        ("-1", 0),
        ("%", 0),
    ],
)
def test_deliveries_are_found(term, count, staff, account, receive):
    good, _, broken = receive(
        "whatsapp", *[bodies.whatsapp(bodies.text(n)) for n in (1, 2)], b"x"
    )
    query = term.format(pk=good.pk, sha=broken.sha256)
    found = staff.get(page(LEDGER), {"q": query})
    assert found.context["cl"].result_count == count


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"route": "whatsapp"}, 1),
        ({"route": "instagram"}, 1),
        ({"route": "facebook"}, 0),
        ({"state__exact": "dead"}, 2),
        ({"state__exact": "done"}, 0),
    ],
)
def test_deliveries_are_filtered(query, count, staff, receive):
    receive("whatsapp", b"x")
    receive("instagram", b"x")
    found = staff.get(page(LEDGER), query)
    assert found.context["cl"].result_count == count


@pytest.mark.parametrize("limit", [10_000, 2])
@pytest.mark.parametrize(
    ("age", "count"), [("hour", 1), ("day", 2), ("week", 3), ("older", 1)]
)
def test_deliveries_are_filtered_by_age(age, count, limit, staff, db, monkeypatch):
    monkeypatch.setattr(pagination.EstimatedPaginator, "LIMIT", limit)
    now = datetime.now(UTC)
    for hours in (500, 50, 5, 0.5):
        WebhookDelivery.accept("whatsapp", b"{}", {}, b"")
        newest = WebhookDelivery.objects.order_by("-pk").first()
        WebhookDelivery.objects.filter(pk=newest.pk).update(
            received_at=now - timedelta(hours=hours)
        )
    found = staff.get(page(LEDGER), {"age": age})
    assert found.context["cl"].result_count == min(count, limit)
