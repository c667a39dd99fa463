"""Sending what is queued to a platform that answers in 20 ms, against the HTTP calls
alone with as many at once."""

import os
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import requests
from django.conf import settings
from django.db import connection, transaction

from benchmarks import places, stream
from flexoraa.lib import http
from flexoraa.sandbox import graph, story
from flexoraa.sandbox.processes import free_port
from inbox import delivery, ingest, replies
from inbox.models import ChannelAccount, Conversation, Message, WebhookDelivery

SENDS = 1_500  # a round
SECONDS = 0.02


def measure(rounds: int) -> Iterator[str]:
    """Sends per second of both, in every round."""
    stream.connect_accounts()
    ChannelAccount.objects.update(sends_per_second=100_000)
    make_conversations()
    port = free_port("127.0.0.1", 8116)
    command = [sys.executable, "manage.py", "run_sandbox", "--port", str(port)]
    ours, floors = [], []
    with places.running(command, dict(os.environ)):
        places.wait_for_port(port)
        settings.GRAPH_URL = f"http://127.0.0.1:{port}"
        rules = {"seconds": SECONDS}
        requests.post(f"{settings.GRAPH_URL}/_sandbox/rules", json=rules, timeout=10)
        for number in range(rounds):
            ours.append(sent_by_us(number))
            floors.append(floor())
            yield (
                f"round {number + 1}: replies {ours[-1]:.0f}/s, "
                f"HTTP calls alone {floors[-1]:.0f}/s"
            )
    ratios = [a / b for a, b in zip(ours, floors, strict=True)]
    yield (
        f"reply path, {settings.SEND_SLOTS} at once, answers in "
        f"{SECONDS * 1000:.0f} ms: {statistics.median(ours):.0f} sends/s; ratio to the "
        f"calls alone {statistics.median(ratios):.2f} (goal 0.5), "
        f"{min(ratios):.2f} to {max(ratios):.2f}"
    )


def make_conversations() -> None:
    """One for each send of a round: everybody wrote just now."""
    now = datetime.now(UTC)
    for number in range(SENDS):
        person = stream.events.Person(f"9196{number:08d}", "P")
        body = stream.events.text(story.NUMBER, person, f"w{number}", now, "Hello?")
        WebhookDelivery.accept("whatsapp", body, {}, b"%d" % (number % 7))
    while ingest.drain():
        pass


def sent_by_us(number: int) -> float:
    """Queue a reply in each conversation, then send them all."""
    with transaction.atomic():
        for conversation in Conversation.objects.select_related("account"):
            replies.queue(conversation, author=None, text=f"Reply {number}")
    connection.cursor().execute("ANALYZE inbox_message")
    started = time.perf_counter()
    while delivery.drain():
        pass
    passed = time.perf_counter() - started
    assert not Message.objects.filter(status__in=("queued", "unknown")).exists()
    return SENDS / passed


def floor() -> float:
    """The same calls by threads that do nothing else."""
    url = f"{settings.GRAPH_URL}/{settings.GRAPH_VERSION}"
    url += f"/{story.NUMBER.external_id}/messages"
    headers = {"Authorization": f"Bearer {graph.token_of(story.NUMBER)}"}

    def call(number: int) -> None:
        document = {
            "messaging_product": "whatsapp",
            "to": f"+9196{number:08d}",
            "type": "text",
            "text": {"body": "Reply"},
            "biz_opaque_callback_data": f"floor{number}",
        }
        answer = http.call("POST", url, json=document, headers=headers)
        assert answer.status == 200

    with ThreadPoolExecutor(settings.SEND_SLOTS) as pool:
        started = time.perf_counter()
        list(pool.map(call, range(SENDS)))
        return SENDS / (time.perf_counter() - started)
