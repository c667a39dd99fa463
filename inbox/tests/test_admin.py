"""The back office of the inbox: what it shows, what it replays, what it never shows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from flexoraa.lib import pagination
from inbox import ingest
from inbox.models import ChannelAccount, Contact, Conversation, Message, WebhookDelivery
from inbox.tests import bodies, hostile
from teams.models import User

pytestmark = pytest.mark.django_db
MODELS = [
    "inbox_webhookdelivery",
    "inbox_channelaccount",
    "inbox_contact",
    "inbox_conversation",
    "inbox_message",
    "inbox_channelevent",
    "inbox_refusedwebhook",
    "teams_user",
    "teams_workspace",
]
HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"]


@pytest.fixture
def staff(client):
    """A browser in which platform staff is signed in."""
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    return client


def page(model: str, pk: int | None = None) -> str:
    if pk is None:
        return reverse(f"admin:{model}_changelist")
    return reverse(f"admin:{model}_change", args=[pk])


@pytest.mark.parametrize("model", MODELS)
def test_lists_open_empty_and_full(model, staff, account, receive):
    assert staff.get(page(model)).status_code == 200
    receive("whatsapp", bodies.whatsapp(bodies.text(1)), b"garbage", "account_alert")
    assert staff.get(page(model)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_strangers_and_plain_staff_are_turned_away(model, client, db):
    assert client.get(page(model)).status_code == 302
    user = User.objects.create_user("staff@example.com", "x", is_staff=True)
    client.force_login(user)
    assert client.get(page(model)).status_code == 302


def test_every_row_opens(staff, account, receive):
    receive("whatsapp", bodies.whatsapp(bodies.text(1)), b"garbage", "account_alert")
    for model in (WebhookDelivery, ChannelAccount, Contact, Conversation, Message):
        for row in model.objects.all():
            url = page(f"inbox_{model._meta.model_name}", row.pk)
            assert staff.get(url).status_code == 200, url
    missing = staff.get(page("inbox_conversation", 999))
    assert missing.status_code == 302


def test_the_first_page_counts(staff, account, receive):
    receive("whatsapp", bodies.whatsapp(bodies.text(1)), b"garbage")
    cards = {c["title"]: c for c in staff.get(reverse("admin:index")).context["cards"]}
    assert cards["Open conversations"]["value"] == 1
    assert cards["Dead webhooks"]["value"] == 1
    assert cards["Dead webhooks"]["alarm"]


def test_a_delivery_shows_its_body_and_why_it_died(staff, account, receive):
    broken, good = receive("whatsapp", b"garbage", bodies.whatsapp(bodies.text(1)))
    shown = staff.get(page("inbox_webhookdelivery", broken.pk)).content.decode()
    assert "The body is not JSON" in shown
    assert "garbage" in shown
    shown = staff.get(page("inbox_webhookdelivery", good.pk)).content.decode()
    assert "&quot;phone_number_id&quot;: &quot;200000000000001&quot;" in shown
    assert "message 1" in shown


@pytest.mark.parametrize("name", list(hostile.DEAD) + list(hostile.KEPT))
def test_hostile_bodies_can_be_looked_at(name, staff, account, receive):
    (delivery,) = receive("whatsapp", {**hostile.DEAD, **hostile.KEPT}[name])
    assert staff.get(page("inbox_webhookdelivery", delivery.pk)).status_code == 200
    raw = staff.get(reverse("admin:inbox_raw", args=[delivery.pk]))
    assert raw.content == bytes(delivery.body)
    assert raw["Content-Disposition"].startswith("attachment")
    assert raw["Content-Type"] == "application/octet-stream"
    dry = staff.get(reverse("admin:inbox_dry_run", args=[delivery.pk]))
    assert dry.status_code == 200


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


def act(staff, action: str, chosen: list[int], **more) -> object:
    data = {"action": action, "_selected_action": chosen, **more}
    return staff.post(page("inbox_webhookdelivery") + more.pop("query", ""), data)


def test_selected_deliveries_are_replayed_after_a_question(staff, account, receive):
    first, second = receive("whatsapp", b"one", b"two")
    asked = act(staff, "replay", [first.pk])
    assert b"dead" in asked.content
    assert WebhookDelivery.objects.filter(state="new").count() == 0
    act(staff, "replay", [first.pk], confirmed="yes")
    states = dict(WebhookDelivery.objects.values_list("pk", "state"))
    assert states == {first.pk: "new", second.pk: "dead"}


def test_all_that_match_the_filter_are_replayed(staff, account, receive):
    receive("whatsapp", b"one", b"two", bodies.whatsapp(bodies.text(1)))
    chosen = list(WebhookDelivery.objects.values_list("pk", flat=True)[:1])
    data = {
        "action": "replay",
        "_selected_action": chosen,
        "select_across": "1",
        "confirmed": "yes",
    }
    staff.post(page("inbox_webhookdelivery") + "?state__exact=dead", data)
    states = sorted(WebhookDelivery.objects.values_list("state", flat=True))
    assert states == ["done", "new", "new"]


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    staff, account, receive, post_webhook
):
    receive("whatsapp", bodies.whatsapp(bodies.text(1)))
    post_webhook("whatsapp", bodies.whatsapp(bodies.text(2)))
    waiting = WebhookDelivery.objects.get(state="new")
    shown = staff.get(reverse("admin:inbox_dry_run", args=[waiting.pk]))
    ((_, found),) = shown.context["rehearsals"]
    assert found["state"] == "done"
    assert found["rows"]["inbox_message"] == [1, 0, 0]
    assert Message.objects.count() == 1
    waiting.refresh_from_db()
    assert waiting.state == "new"
    shown = act(staff, "dry_run", [waiting.pk])
    assert shown.status_code == 200
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("term", "count"), [("", 3), ("{pk}", 1), ("{sha}", 1), ("The body", 1), ("x", 0)]
)
def test_deliveries_are_found(term, count, staff, account, receive):
    good, _, broken = receive(
        "whatsapp", *[bodies.whatsapp(bodies.text(n)) for n in (1, 2)], b"x"
    )
    query = term.format(pk=good.pk, sha=broken.sha256)
    found = staff.get(page("inbox_webhookdelivery"), {"q": query})
    assert found.context["cl"].result_count == count


@pytest.mark.parametrize(
    ("age", "count"), [("hour", 1), ("day", 2), ("week", 3), ("older", 1)]
)
def test_deliveries_are_filtered_by_age(age, count, staff, db):
    now = datetime.now(UTC)
    for hours in (0.5, 5, 50, 500):
        WebhookDelivery.accept("whatsapp", b"{}", {}, b"")
        newest = WebhookDelivery.objects.order_by("-pk").first()
        WebhookDelivery.objects.filter(pk=newest.pk).update(
            received_at=now - timedelta(hours=hours)
        )
    found = staff.get(page("inbox_webhookdelivery"), {"age": age})
    assert found.context["cl"].result_count == count


def form(account: ChannelAccount | None = None, **changes) -> dict:
    return {
        "workspace": account.workspace_id if account else "",
        "channel": "whatsapp",
        "name": "Renamed",
        "external_id": "200000000000001",
        "parent_external_id": "300000000000001",
        "status": "connected",
        "status_reason": "",
        "access_token": "",
        **changes,
    }


def test_a_token_goes_in_and_never_comes_out(staff, account):
    url = page("inbox_channelaccount", account.pk)
    staff.post(url, form(account, access_token="EAAG-new"))
    account.refresh_from_db()
    assert (account.name, account.token.reveal()) == ("Renamed", "EAAG-new")
    staff.post(url, form(account, name="Again"))
    account.refresh_from_db()
    assert (account.name, account.token.reveal()) == ("Again", "EAAG-new")
    for shown in (url, page("inbox_channelaccount"), f"{url}../history/"):
        assert b"EAAG" not in staff.get(shown, follow=True).content
    assert not [e for e in LogEntry.objects.all() if "EAAG" in e.change_message]


def test_connecting_an_account_takes_up_what_waited(staff, workspace, receive):
    receive("whatsapp", bodies.whatsapp(bodies.text(1)))
    url = reverse("admin:inbox_channelaccount_add")
    answer = staff.post(url, form(workspace=workspace.pk), follow=True)
    assert "1 webhooks that waited" in answer.content.decode()
    ingest.drain()
    assert Message.objects.count() == 1


def test_an_account_twice_is_a_form_error(staff, account):
    url = reverse("admin:inbox_channelaccount_add")
    answer = staff.post(url, form(account))
    assert answer.status_code == 200
    assert "already connected" in answer.content.decode()


def test_an_account_with_conversations_cannot_be_deleted(staff, account, receive):
    receive("whatsapp", bodies.whatsapp(bodies.text(1)))
    url = reverse("admin:inbox_channelaccount_delete", args=[account.pk])
    assert staff.post(url, {"post": "yes"}).status_code == 403
    assert ChannelAccount.objects.exists()


def test_a_thread_is_a_chat_with_all_kinds(staff, account, receive):
    quoted = bodies.text(2, context={"id": "wamid.in1"})
    unsupported = bodies.text(4, type="hologram")
    receive(
        "whatsapp",
        bodies.whatsapp(bodies.text(1), quoted, unsupported),
        bodies.echo(3),
        bodies.whatsapp(bodies.status("wamid.out3", "read")),
    )
    shown = staff.get(page("inbox_conversation", Conversation.objects.get().pk))
    html = shown.content.decode()
    assert html.index("message 1") < html.index("answer 3")
    assert 'class="fx-quote"' in html
    assert "✓✓" in html
    assert "does not pass on" in html


def test_days_are_those_of_the_workspace(staff, account, receive):
    """23:30 and 00:30 in Kolkata are two days, in UTC they are one."""
    evening = int(datetime(2026, 3, 1, 18, 0, tzinfo=UTC).timestamp()) - bodies.BASE
    receive(
        "whatsapp",
        bodies.whatsapp(bodies.text(1, at=evening), bodies.text(2, at=evening + 3600)),
    )
    html = staff.get(page("inbox_conversation", Conversation.objects.get().pk))
    assert "1 March 2026" in html.content.decode()
    assert "2 March 2026" in html.content.decode()
    assert "23:30" in html.content.decode()


def test_older_messages_are_a_link_away(staff, account, receive):
    receive("whatsapp", bodies.whatsapp(*[bodies.text(n) for n in range(130)]))
    url = page("inbox_conversation", Conversation.objects.get().pk)
    latest = staff.get(url)
    assert [m.text for _, day in latest.context["days"] for m in day][0] == "message 30"
    older = staff.get(url, {"before": latest.context["older"]})
    texts = [m.text for _, day in older.context["days"] for m in day]
    assert (texts[0], texts[-1], len(texts)) == ("message 0", "message 29", 30)
    for odd in (
        "x",
        "~",
        "2026-99-99T00:00:00Z~1",
        "2026-01-01~1",
        "2026-01-01T00:00:00Z~x",
    ):
        assert staff.get(url, {"before": odd}).status_code == 200


def test_a_conversation_is_resolved_and_reopened_by_post(staff, account, receive):
    receive("whatsapp", bodies.whatsapp(bodies.text(1)))
    conversation = Conversation.objects.get()
    url = reverse("admin:inbox_conversation_state", args=[conversation.pk])
    staff.get(url, {"change": "resolve"})
    staff.post(url, {"change": "explode"})
    assert Conversation.objects.get().status == "open"
    staff.post(url, {"change": "read"})
    assert Conversation.objects.get().unread_count == 0
    staff.post(url, {"change": "resolve"})
    assert Conversation.objects.get().status == "resolved"
    receive("whatsapp", bodies.whatsapp(bodies.text(2)))
    Conversation.objects.filter(pk=conversation.pk).update(
        status="resolved", resolved_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    receive("whatsapp", bodies.whatsapp(bodies.text(3)))
    assert Conversation.objects.count() == 2
    answer = staff.post(url, {"change": "reopen"}, follow=True)
    assert "another open conversation" in answer.content.decode()


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_write_is_never_markup(text, staff, account, receive):
    value = bodies.text(1, text={"body": text})
    value["contacts"][0]["profile"]["name"] = text
    receive("whatsapp", bodies.whatsapp(value))
    for model in (WebhookDelivery, Contact, Conversation, Message):
        name = f"inbox_{model._meta.model_name}"
        for url in (page(name), page(name, model.objects.get().pk)):
            html = staff.get(url).content.decode()
            assert "<script>alert" not in html
            assert "<img src=x" not in html
            assert ">49<" not in html


@pytest.mark.parametrize(
    "model",
    ["inbox_webhookdelivery", "inbox_contact", "inbox_conversation", "inbox_message"],
)
def test_lists_ask_the_same_number_of_questions_at_10_and_45_rows(
    model, staff, account, receive
):
    counts = []
    for numbers in (range(10), range(10, 45)):
        receive(
            "whatsapp", *[bodies.whatsapp(bodies.text(n, person=n)) for n in numbers]
        )
        with CaptureQueriesContext(connection) as captured:
            staff.get(page(model))
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_thread_asks_the_same_number_of_questions_however_long(
    staff, account, receive
):
    counts = []
    for numbers in (range(5), range(5, 80)):
        receive("whatsapp", bodies.whatsapp(*map(bodies.text, numbers)))
        url = page("inbox_conversation", Conversation.objects.get().pk)
        with CaptureQueriesContext(connection) as captured:
            staff.get(url)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_large_table_is_not_counted(staff, account, receive, monkeypatch):
    monkeypatch.setattr(pagination.EstimatedPaginator, "LIMIT", 5)
    receive("whatsapp", bodies.whatsapp(*map(bodies.text, range(30))))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inbox_message")
    with CaptureQueriesContext(connection) as captured:
        answer = staff.get(page("inbox_message"))
    assert answer.context["cl"].result_count == 30
    whole = 'COUNT(*) AS "__count" FROM "inbox_message"'
    assert not [query for query in captured if whole in query["sql"]]


def test_users_are_made_by_e_mail(staff):
    url = reverse("admin:teams_user_add")
    password = "correct horse battery"
    data = {"email": "New@Example.com", "name": "New"}
    staff.post(url, data | {"password1": password, "password2": password})
    user = User.objects.get(name="New")
    assert user.email == "new@example.com"
    assert user.check_password(password)
    assert staff.get(page("teams_user", user.pk)).status_code == 200
