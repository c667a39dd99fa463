"""One worker, two runners: the same work under run_worker and under Celery with Redis
and RabbitMQ; a wiped broker loses nothing."""

import time

import pytest
import requests
from django.conf import settings

from flexoraa.sandbox import graph, story
from flexoraa.sandbox.customers import Phone
from flexoraa.sandbox.processes import free_port
from inbox.models import Conversation, Message, WebhookDelivery
from inbox.tests import bodies, live, runners
from inbox.tests.replying import say

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.broker,
    pytest.mark.slow,
]


def accept(numbers: range) -> None:
    """Store a webhook for each, as the door does."""
    for number in numbers:
        body = bodies.whatsapp(bodies.text(number, person=number % 50))
        WebhookDelivery.accept("whatsapp", body, {}, b"%d" % (number % 7))


def is_drained() -> bool:
    return not WebhookDelivery.objects.exclude(state="done").exists()


@pytest.mark.parametrize("broker", runners.BROKERS.values(), ids=runners.BROKERS)
def test_the_same_flow_under_every_runner(make_account, broker):
    """People write on each channel, are answered, and read it: all by the worker."""
    port = free_port("127.0.0.1", 8118)
    web = f"http://127.0.0.1:{port}"
    secret = settings.META_APP_SECRETS[0]
    with graph.serve(webhooks=web, secret=secret) as meta:
        calls = {"GRAPH_URL": meta.url, "INSTAGRAM_GRAPH_URL": f"{meta.url}/instagram"}
        for made in story.ACCOUNTS:
            make_account(
                made.channel,
                external_id=made.external_id,
                parent_external_id=made.parent,
                token=graph.token_of(made),
            )
        with (
            runners.running(broker, **calls) as runner,
            live.web(port=port, **runner.environment),
        ):
            phones = [
                Phone(meta, account.external_id, person.id)
                for account, person in story.WRITERS
            ]
            for phone in phones:
                assert phone.write("Is it still available?") == 200
            live.wait_until(lambda: Conversation.objects.count() == len(phones), 60)
            for conversation in Conversation.objects.all():
                say(conversation, f"Yes, {conversation.pk}")
            live.wait_until(lambda: statuses() <= {"sent", "delivered"}, 60)
            for phone in phones:
                live.wait_until(phone.read, 30)
            live.wait_until(lambda: statuses() == {"read"}, 60)
        assert meta.ledger.count_sends() == len(phones)
        assert meta.ledger.doubles(by="text") == {}


def statuses() -> set[str]:
    """How far our answers are."""
    return set(Message.objects.filter(direction="out").values_list("status", flat=True))


@pytest.mark.parametrize("broker", [runners.REDIS, runners.RABBIT])
def test_the_door_kicks_the_worker_without_a_tick(account, broker):
    with runners.running(broker, beat=False) as runner:
        with live.web(**runner.environment) as url, requests.Session() as session:

            def post_one() -> bool:
                body = bodies.whatsapp(bodies.text(WebhookDelivery.objects.count()))
                assert live.post(url, "whatsapp", body, session) == 200
                return Message.objects.exists()

            live.wait_until(post_one, 30)


def test_the_door_answers_while_the_broker_is_away(account, tmp_path):
    away = {"CELERY_BROKER_URL": "redis://127.0.0.1:9/0"}
    with live.web(**away) as url, requests.Session() as session:
        for number in range(20):
            body = bodies.whatsapp(bodies.text(number))
            started = time.monotonic()
            assert live.post(url, "whatsapp", body, session) == 200
            assert time.monotonic() - started < 2
    assert WebhookDelivery.objects.count() == 20


def test_a_wiped_broker_loses_nothing(account, tmp_path):
    """T05: FLUSHALL again and again during 1,000 events."""
    with runners.redis_of_our_own(tmp_path) as (url, client):
        with runners.running(url):
            for start in range(0, 1000, 100):
                accept(range(start, start + 100))
                client.flushall()
            live.wait_until(is_drained, 60)
    assert Message.objects.count() == 1000
    assert Message.objects.values("external_id").distinct().count() == 1000


def test_a_killed_celery_worker_loses_nothing(account):
    with runners.running(runners.REDIS) as runner:
        accept(range(500))
        live.wait_until(lambda: Message.objects.exists(), 60)
        live.kill(runner.processes[0])
        accept(range(500, 600))
        runner.start_worker()
        live.wait_until(is_drained, 60)
    assert Message.objects.count() == 600
