"""The door for Razorpay's webhooks, and what becomes of what it stores."""

import json
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from flexoraa.sandbox.razorpay_hooks import Hooks
from payments import receiving, webhooks
from payments.models import RefusedWebhook, Subscription, WebhookDelivery
from payments.razorpay import entities, events
from payments.tests.conftest import pay, post, work

pytestmark = pytest.mark.django_db
SHARED = Path(__file__).resolve().parents[3] / "shared" / "payloads" / "razorpay"
SECRET = "sandbox-webhook-secret"


@pytest.fixture
def hooks() -> Hooks:
    return Hooks("", SECRET)


@pytest.fixture
def hook(hooks):
    return hooks.signed("payment.captured", 1, {"payment": {"id": "pay_" + "1" * 14}})


def send(body: bytes, **headers: str):
    return Client().post(
        "/webhooks/razorpay", body, content_type="application/json", headers=headers
    )


def test_what_is_signed_is_stored_byte_by_byte(hook):
    assert post(hook) == 200
    delivery = WebhookDelivery.objects.get()
    assert bytes(delivery.body) == hook.body
    assert (delivery.event_id, delivery.state) == (hook.id, "new")


def test_a_repeat_is_counted_and_not_stored_again(hook):
    for _ in range(3):
        assert post(hook) == 200
    assert WebhookDelivery.objects.get().repeats == 2


def test_the_same_bytes_under_another_id_are_no_new_event(hook):
    post(hook)
    signed = {"X-Razorpay-Signature": hook.signature, "X-Razorpay-Event-Id": "other"}
    assert send(hook.body, **signed).status_code == 200
    assert WebhookDelivery.objects.get().event_id == hook.id


def test_another_event_under_a_used_id_is_not_lost(hook, hooks):
    other = hooks.signed("payment.failed", 2, {"payment": {"id": "pay_" + "2" * 14}})
    post(hook)
    signed = {"X-Razorpay-Signature": other.signature, "X-Razorpay-Event-Id": hook.id}
    assert send(other.body, **signed).status_code == 200
    assert WebhookDelivery.objects.count() == 2


@pytest.mark.parametrize("signature", ["", "0" * 64, "ä", "sha256=" + "0" * 64])
def test_what_is_not_signed_is_401_and_counted(signature, hook):
    answer = send(hook.body, **{"X-Razorpay-Signature": signature})
    assert (answer.status_code, answer.content) == (401, b"invalid signature")
    webhooks.refusals.flush()
    assert not WebhookDelivery.objects.exists()
    assert RefusedWebhook.objects.get().reason == "signature"


@pytest.mark.parametrize("secrets", [[], [""]])
def test_without_a_secret_nothing_is_accepted(secrets, hook, settings):
    settings.RAZORPAY_WEBHOOK_SECRETS = secrets
    empty = Hooks("", "").signed("payment.captured", 1, {})
    assert post(hook) == post(empty) == 401


def test_the_old_secret_is_good_while_it_is_listed(hook, settings):
    settings.RAZORPAY_WEBHOOK_SECRETS = ["the-new-secret", SECRET]
    assert post(hook) == 200
    settings.RAZORPAY_WEBHOOK_SECRETS = ["the-new-secret"]
    assert post(hook) == 401


def test_what_is_too_large_is_not_read():
    request = RequestFactory().post(
        "/webhooks/razorpay", b"", content_type="application/json"
    )
    request.META["CONTENT_LENGTH"] = str(webhooks.MAX_BODY + 1)
    assert webhooks.webhook(request).status_code == 413
    webhooks.refusals.flush()
    assert RefusedWebhook.objects.get().reason == "too large"


def test_other_methods_are_405():
    assert Client().get("/webhooks/razorpay").status_code == 405


def test_a_database_that_is_away_is_503(hook, monkeypatch):
    def away(*args):
        raise OperationalError("away")

    monkeypatch.setattr(WebhookDelivery, "accept", away)
    monkeypatch.setattr(webhooks.connection, "close", lambda: None)
    assert post(hook) == 503


def test_one_broken_connection_is_tried_again(hook, monkeypatch):
    accept, tries = WebhookDelivery.accept, []

    def first_fails(*args):
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("gone")
        accept(*args)

    monkeypatch.setattr(WebhookDelivery, "accept", first_fails)
    monkeypatch.setattr(webhooks.connection, "close", lambda: None)
    assert post(hook) == 200
    assert WebhookDelivery.objects.count() == 1


def signed(body: bytes) -> dict[str, str]:
    from flexoraa.lib.signatures import hex_hmac_sha256

    return {"X-Razorpay-Signature": hex_hmac_sha256(SECRET, body)}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"[]", "names no event"),
        (b'{"event": 5e400}', "names no event"),
        (b"null", "names no event"),
    ],
)
def test_signed_nonsense_is_dead_at_once_and_says_why(body, said):
    assert send(body, **signed(body)).status_code == 200
    receiving.drain()
    delivery = WebhookDelivery.objects.get()
    assert delivery.state == "dead"
    assert said in delivery.error


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        {"payment": None},
        {"payment": {"entity": []}},
        {"payment": {"entity": {"id": 7, "amount": "x", "notes": [], "captured": "1"}}},
        {"subscription": {"entity": {"id": "sub_1", "notes": {"flx_sub": "no uuid"}}}},
        {"refund": {"entity": {"id": "rfnd_1", "payment_id": {}}}},
        {"order": {"entity": {"id": "order_1", "receipt": "\x00"}}},
    ],
)
def test_odd_events_are_nobodys_and_no_error(payload):
    body = json.dumps({"event": "payment.odd", "payload": payload}).encode()
    send(body, **signed(body))
    receiving.drain()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.outcome["for"]) == ("done", "nobody's")


def test_what_fails_is_tried_again_then_dead_and_can_be_replayed(hook, monkeypatch):
    def broken(*args):
        raise ZeroDivisionError

    monkeypatch.setattr(receiving, "settle", broken)
    post(hook)
    for _ in range(5):
        receiving.drain()
        WebhookDelivery.objects.filter(state="retry").update(state="new")
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.failures) == ("dead", 4)
    assert "ZeroDivisionError" in delivery.error
    monkeypatch.undo()
    WebhookDelivery.objects.all().replay()
    receiving.drain()
    assert WebhookDelivery.objects.get().state == "done"


def test_a_loner_is_taken_by_itself(hook):
    post(hook)
    WebhookDelivery.objects.update(crashes=3)
    assert receiving.drain() == 0
    receiving.housekeep()
    assert WebhookDelivery.objects.get().state == "done"
    assert receiving.backlog()["waiting"] == 0


def corpus(folder: str) -> list[Path]:
    return sorted((SHARED / folder).glob("*.json"))


@pytest.mark.skipif(not SHARED.exists(), reason="no shared payloads beside this")
def test_every_known_webhook_is_read_and_stored():
    files = corpus("webhook")
    assert len(files) > 60
    for file in files:
        body = file.read_bytes()
        assert send(body, **signed(body)).status_code == 200
    while receiving.drain():
        pass
    rows = WebhookDelivery.objects.all()
    assert {row.error for row in rows} == {""}
    # a payment that names no owner waits until Razorpay was asked for its invoice
    waiting = {row.pk for row in rows if row.state == "unroutable"}
    assert {row.state for row in rows} <= {"done", "unroutable"}
    assert waiting == {row.pk for row in rows if row.unrouted}
    assert all("waits for inv_" in row.outcome["for"] for row in rows if row.unrouted)
    for file in files:
        event = events.parse(json.loads(file.read_bytes()))
        assert file.name.startswith(event.name)
        kinds = [getattr(event, kind) for kind in events.KINDS]
        assert any(kinds), file.name


@pytest.mark.skipif(not SHARED.exists(), reason="no shared payloads beside this")
def test_every_known_entity_is_read():
    kinds = {**events.KINDS, "plan": entities.Plan, "customer": entities.Customer}
    found = 0
    for file in corpus("entity") + corpus("collection"):
        body = json.loads(file.read_bytes())
        for item in body.get("items", [body]):
            kind = kinds.get(item.get("entity", ""))
            if kind and item.get("id"):
                entity = kind.of(item)
                assert entity.id == item["id"]
                assert all(isinstance(note, str) for note in entity.notes.values())
                if "amount" in item:
                    assert entity.amount_paise == item["amount"]
                found += 1
    assert found > 80


@pytest.mark.skipif(not SHARED.exists(), reason="no shared payloads beside this")
def test_every_known_error_says_what_razorpay_said():
    import requests

    from payments.razorpay import errors

    for file in corpus("error"):
        body = json.loads(file.read_bytes())
        if "error" not in body:
            continue
        answer = requests.Response()
        answer.status_code = body.get("http_status", 400)
        answer._content = json.dumps(body).encode()
        problem = errors.of_response(answer)
        said = (body["error"] or {}).get("description") or ""
        assert problem.description == said, file.name
        assert str(answer.status_code) in str(problem)


def test_our_own_event_is_settled_from_the_ledger(plan, workspace, stand_in):
    from payments import subscribing

    row = subscribing.subscribe(workspace, plan, actor=None)
    pay(stand_in, row)
    work(stand_in)
    told = WebhookDelivery.objects.values_list("event", "outcome__for")
    assert ("subscription.charged", f"subscription {row.pk}") in set(told)
    assert Subscription.objects.get().status == "active"
