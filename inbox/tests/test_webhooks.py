"""The door: what it lets in, what it turns away, and that bytes are on disk by 200."""

import random

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from conftest import payload, sign
from flexoraa.lib import refusals
from inbox import webhooks
from inbox.adapters.meta import SIGNATURE
from inbox.models import RefusedWebhook, WebhookDelivery
from inbox.webhooks import MAX_BODY

pytestmark = pytest.mark.django_db
CHANNELS = ["whatsapp", "instagram", "facebook"]
BODY = '{"object":"page","text":"नमस्ते 🙂",   "odd" :"spacing"}'.encode()


@pytest.mark.parametrize("channel", CHANNELS)
def test_signed_bytes_are_stored_as_they_came(channel, post_webhook):
    answer = post_webhook(channel, BODY)
    assert (answer.status_code, answer.content) == (200, b"EVENT_RECEIVED")
    row = WebhookDelivery.objects.get()
    assert (row.route, row.state, bytes(row.body)) == (channel, "new", BODY)
    assert row.headers[SIGNATURE] == sign(BODY)


def test_only_listed_headers_are_kept(post_webhook):
    post_webhook("whatsapp", BODY, headers={"Authorization": "x", "Cookie": "y=z"})
    assert set(WebhookDelivery.objects.get().headers) == {
        "Content-Type",
        "Content-Encoding",
        "User-Agent",
        SIGNATURE,
    }


def test_both_secrets_are_good_while_one_replaces_the_other(post_webhook):
    for secret in settings.META_APP_SECRETS:
        headers = {SIGNATURE: sign(BODY, secret)}
        assert post_webhook("whatsapp", BODY, headers=headers).status_code == 200


def wrong_signatures() -> dict[str, str]:
    good = sign(BODY)
    return {
        "missing": "",
        "no prefix": good.removeprefix("sha256="),
        "sha1 prefix": good.replace("sha256=", "sha1="),
        "upper case": "sha256=" + good.removeprefix("sha256=").upper(),
        "cut": good[:-1],
        "longer": good + "0",
        "of other bytes": sign(BODY + b" "),
        "of no bytes": sign(b""),
        "by a stranger": sign(BODY, "another-secret"),
        "by an empty secret": "sha256="
        + __import__("hmac").new(b"", BODY, "sha256").hexdigest(),
        "not ASCII": "sha256=é",
    }


@pytest.mark.parametrize("case", list(wrong_signatures()))
def test_a_wrong_signature_is_turned_away_with_a_constant_answer(case, post_webhook):
    answer = post_webhook(
        "whatsapp", BODY, headers={SIGNATURE: wrong_signatures()[case]}
    )
    assert (answer.status_code, answer.content) == (401, b"invalid signature")
    assert not WebhookDelivery.objects.exists()


def test_ten_thousand_mutations_are_all_refused(db):
    chance = random.Random(7)
    good, view = sign(BODY), webhooks.ADAPTERS["whatsapp"]
    accepted = 0
    for _ in range(10_000):
        body, signature = bytearray(BODY), bytearray(good.encode())
        target = chance.choice([body, signature])
        place = chance.randrange(len(target))
        match chance.randrange(3):
            case 0:
                target[place] ^= 1 << chance.randrange(7)
            case 1:
                del target[place]
            case 2:
                target.insert(place, chance.randrange(128))
        headers = {SIGNATURE: signature.decode("latin-1")}
        same = bytes(body) == BODY and headers[SIGNATURE] == good
        accepted += view.is_authentic(headers, bytes(body)) and not same
    assert accepted == 0


def test_refusals_are_counted_and_not_stored(post_webhook):
    for _ in range(3):
        post_webhook("facebook", BODY, headers={SIGNATURE: "sha256=0"})
    webhooks.refusals.flush()
    post_webhook("facebook", BODY, headers={SIGNATURE: "sha256=0"})
    webhooks.refusals.flush()
    row = RefusedWebhook.objects.get()
    assert (row.route, row.reason, row.count) == ("facebook", "signature", 4)


@pytest.mark.parametrize("channel", CHANNELS)
def test_handshake_echoes_the_challenge(channel, client):
    query = {
        "hub.mode": "subscribe",
        "hub.verify_token": "verify-me",
        "hub.challenge": "1158201444<b>",
    }
    answer = client.get(f"/webhooks/{channel}", query)
    assert (answer.status_code, answer.content) == (200, b"1158201444<b>")
    assert answer["Content-Type"].startswith("text/plain")
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"hub.mode": "subscribe", "hub.challenge": "1"},
        {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"},
        {"hub.mode": "subscribe", "hub.verify_token": "wrong", "hub.challenge": "1"},
        {"hub.mode": "other", "hub.verify_token": "verify-me", "hub.challenge": "1"},
    ],
)
def test_handshake_with_another_token_is_forbidden(query, client):
    assert client.get("/webhooks/whatsapp", query).status_code == 403


def test_an_empty_verify_token_matches_nothing(client, settings):
    settings.META_VERIFY_TOKEN = ""
    query = {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}
    assert client.get("/webhooks/whatsapp", query).status_code == 403


def test_three_mebibytes_are_welcome(post_webhook):
    body = b'"' + b"x" * (3 * 1024 * 1024 - 2) + b'"'
    assert post_webhook("whatsapp", body).status_code == 200
    assert WebhookDelivery.objects.get().size == 3_145_728


def test_a_body_of_exactly_the_limit_is_welcome(post_webhook):
    assert post_webhook("whatsapp", b" " * MAX_BODY).status_code == 200


class Unreadable:
    """A request body that must not be touched."""

    def read(self, *args):
        raise AssertionError("the body was read")

    readline = read


def test_a_larger_body_is_refused_before_it_is_read():
    answer = Client().generic(
        "POST",
        "/webhooks/whatsapp",
        b"",
        headers={SIGNATURE: sign(b"")},
        CONTENT_LENGTH=str(5 * 1024 * 1024),
        **{"wsgi.input": Unreadable()},
    )
    assert (answer.status_code, answer.content) == (413, b"body too large")


def test_a_content_length_in_words_is_no_crash(post_webhook):
    answer = Client().generic(
        "POST", "/webhooks/whatsapp", b"{}", CONTENT_LENGTH="many"
    )
    assert answer.status_code == 401


def test_no_session_csrf_or_login_is_involved(post_webhook):
    answer = Client(enforce_csrf_checks=True).post(
        "/webhooks/whatsapp",
        BODY,
        content_type="application/json",
        headers={SIGNATURE: sign(BODY)},
    )
    assert answer.status_code == 200
    assert not answer.cookies


def test_other_methods_and_routes_do_not_exist(client):
    assert client.put("/webhooks/whatsapp").status_code == 405
    assert client.get("/webhooks/telegram").status_code == 404


def test_without_a_database_nothing_is_acknowledged(post_webhook, monkeypatch):
    def down(*args):
        raise OperationalError("the database is shutting down")

    monkeypatch.setattr(WebhookDelivery, "accept", down)
    monkeypatch.setattr(connection, "close", lambda: None)
    answer = post_webhook("whatsapp", BODY)
    assert (answer.status_code, answer.content) == (
        503,
        b"not stored, send it again",
    )


def test_nothing_but_the_insert_asks_the_database(
    post_webhook, django_assert_num_queries
):
    webhooks.bell.ring()  # the next half second is silent
    with django_assert_num_queries(0):  # the insert passes Django's counter by
        post_webhook("whatsapp", payload("whatsapp", "text"))
    assert WebhookDelivery.objects.count() == 1


def test_a_charset_in_the_header_changes_nothing(post_webhook):
    post_webhook("whatsapp", BODY, headers={"Content-Type": "text/x; charset=utf-7"})
    assert bytes(WebhookDelivery.objects.get().body) == BODY


def test_counting_refusals_survives_a_database_that_is_away(monkeypatch):
    counting = webhooks.Refusals("inbox_refusedwebhook")
    tries: list[float] = []
    monkeypatch.setattr(counting, "_flush_in", tries.append)
    counting.count("whatsapp", "signature")
    closed = []
    monkeypatch.setattr(
        "flexoraa.lib.refusals.connection.close", lambda: closed.append(1)
    )

    def down(*args):
        raise OperationalError("away")

    with monkeypatch.context() as away:
        away.setattr("flexoraa.lib.refusals.sets.execute", down)
        counting._flush_and_close()
    assert (closed, tries) == ([1], [refusals.FLUSH_SECONDS, refusals.RETRY_SECONDS])
    counting._flush_and_close()
    assert RefusedWebhook.objects.get().count == 1
