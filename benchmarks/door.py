"""The webhook door against a bare view; and its delays while the worker drains."""

import statistics
from collections.abc import Iterator

from django.db import connection

from benchmarks import load, places, stream
from inbox.models import WebhookDelivery

CONNECTIONS = 16
SECONDS = 4.0
STEADY_SECONDS = 15


def measure(rounds: int) -> Iterator[str]:
    """Requests per second of both in turns, then p50 and p99 at 100 a second."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, body bytea)")
    wire = [stream.post(body) for body in stream.whatsapp_bodies(200)]
    floors, doors = [], []
    with (
        places.server("benchmarks.bare:application") as bare,
        places.server("flexoraa.wsgi:application") as door,
    ):
        for number in range(rounds + 1):
            floor = load.flood(bare, wire, CONNECTIONS, SECONDS).rate
            subject = load.flood(door, wire, CONNECTIONS, SECONDS).rate
            if number:  # the first round warms up
                floors.append(floor)
                doors.append(subject)
                yield f"round {number}: bare view {floor:.0f}/s, door {subject:.0f}/s"
    ratios = [door / floor for door, floor in zip(doors, floors, strict=True)]
    yield (
        f"door: {statistics.median(doors):.0f}/s of {statistics.median(floors):.0f}/s, "
        f"ratio {statistics.median(ratios):.2f} (goal 0.9), "
        f"{min(ratios):.2f} to {max(ratios):.2f}"
    )
    WebhookDelivery.objects.all()._raw_delete(WebhookDelivery.objects.db)
    yield from _delays()


def _delays() -> Iterator[str]:
    stream.connect_accounts()
    wire = [stream.post(body) for body in stream.whatsapp_bodies(100 * STEADY_SECONDS)]
    with places.server("flexoraa.wsgi:application") as port, places.worker():
        load.steady(port, wire[:200], 100, 2)
        result = load.steady(port, wire, 100, STEADY_SECONDS)
    yield (
        f"door at 100/s while the worker drains: p50 {result.percentile(0.5):.1f} ms, "
        f"p99 {result.percentile(0.99):.1f} ms (goal 250), "
        f"max {max(result.delays) * 1000:.0f} ms; {result.answers}"
    )
