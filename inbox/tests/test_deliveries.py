"""The ledger as a queue: claiming, leases, settling, retries, replay."""

import threading

import pytest
from django.db import connection, connections

from flexoraa.lib.deliveries import LANES, LeaseLost, Settled
from inbox.models import WebhookDelivery

pytestmark = pytest.mark.django_db


def accept(count: int = 1, key: bytes = b"a", body: bytes = b"{}") -> None:
    for _ in range(count):
        WebhookDelivery.accept("whatsapp", body, {"User-Agent": "test"}, key)


def states() -> list[str]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("state", flat=True))


def test_a_body_is_kept_byte_by_byte():
    body = bytes(range(256))
    accept(body=body)
    row = WebhookDelivery.objects.get()
    assert bytes(row.body) == body
    assert row.size == 256
    assert row.sha256.startswith("40aff2e9d2d8922e")
    assert row.headers == {"User-Agent": "test"}
    assert (row.state, row.failures, row.outcome, row.unrouted) == ("new", 0, {}, [])


def test_claimed_rows_are_not_claimed_again():
    accept(3)
    assert len(WebhookDelivery.objects.claim(2)) == 2
    assert len(WebhookDelivery.objects.claim(2)) == 1
    assert WebhookDelivery.objects.claim(2) == []


def test_busy_lanes_share_a_claim():
    accept(20, key=b"flood")
    accept(2, key=b"other")
    routes = WebhookDelivery.objects.claim(8)
    lanes = list(
        WebhookDelivery.objects.filter(pk__in=[row.id for row in routes]).values_list(
            "lane", flat=True
        )
    )
    assert len(set(lanes)) == 2
    assert len(lanes) == 6  # four of the flood, both of the other


def test_every_fairness_key_falls_into_a_lane():
    for key in (b"", b"1", b"x" * 100, bytes(range(256))):
        accept(key=key)
    assert all(0 <= row.lane < LANES for row in WebhookDelivery.objects.all())


def test_a_claim_does_not_take_more_bytes_than_it_should():
    accept(4, body=b"x" * 1000)
    assert len(WebhookDelivery.objects.claim(10, max_bytes=2000)) == 2


def test_settling_writes_the_outcome_and_frees_the_row():
    accept()
    (claimed,) = WebhookDelivery.objects.claim(1)
    WebhookDelivery.objects.settle([Settled(claimed.id, "done", {"Event": 2})])
    row = WebhookDelivery.objects.get()
    assert (row.state, row.outcome, row.leased_by) == ("done", {"Event": 2}, None)
    assert row.finished_at is not None


def test_a_lost_lease_is_noticed_when_settling():
    accept()
    (claimed,) = WebhookDelivery.objects.claim(1)
    WebhookDelivery.objects.update(leased_by=1)
    with pytest.raises(LeaseLost):
        WebhookDelivery.objects.settle([Settled(claimed.id, "done")])


def test_retries_wait_longer_each_time_and_come_back():
    accept()
    waits = []
    for _ in range(3):
        (claimed,) = WebhookDelivery.objects.claim(1)
        WebhookDelivery.objects.settle([Settled(claimed.id, "retry", error="why")])
        row = WebhookDelivery.objects.get()
        waits.append((row.due_at - row.finished_at).total_seconds())
        WebhookDelivery.objects.housekeep()
        assert states() == ["retry"]
        WebhookDelivery.objects.update(due_at=row.received_at)
        WebhookDelivery.objects.housekeep()
        assert states() == ["new"]
    assert 0.7 < waits[0] < 1.3
    assert 1.4 < waits[1] < 2.6
    assert 2.9 < waits[2] < 5.1
    assert WebhookDelivery.objects.get().failures == 3


def test_a_living_worker_keeps_its_rows():
    accept()
    WebhookDelivery.objects.claim(1)
    WebhookDelivery.objects.housekeep()
    assert states() == ["running"]


def test_rows_of_a_dead_session_are_free_at_once():
    accept()
    WebhookDelivery.objects.claim(1)
    WebhookDelivery.objects.update(leased_by=2**31 - 1)
    WebhookDelivery.objects.housekeep()
    row = WebhookDelivery.objects.get()
    assert (row.state, row.crashes, row.leased_by) == ("new", 1, None)


def test_an_expired_lease_is_free():
    accept()
    WebhookDelivery.objects.claim(1)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_webhookdelivery SET lease_until = now() - interval '1 min'"
        )
    WebhookDelivery.objects.housekeep()
    assert states() == ["new"]


def test_what_was_there_at_two_crashes_runs_alone():
    accept(3)
    WebhookDelivery.objects.filter(pk=WebhookDelivery.objects.first().pk).update(
        crashes=2
    )
    assert len(WebhookDelivery.objects.claim(10)) == 2
    assert len(WebhookDelivery.objects.claim_loner()) == 1
    assert WebhookDelivery.objects.claim_loner() == []


def test_what_kills_the_worker_again_and_again_is_dead():
    accept()
    for _ in range(5):
        WebhookDelivery.objects.claim(1) or WebhookDelivery.objects.claim_loner()
        WebhookDelivery.objects.update(leased_by=2**31 - 1)
        WebhookDelivery.objects.housekeep()
    row = WebhookDelivery.objects.get()
    assert row.state == "dead"
    assert "worker died" in row.error


def test_replay_makes_anything_but_running_rows_new():
    accept(5)
    rows = WebhookDelivery.objects.order_by("pk")
    for row, state in zip(
        rows, ["done", "dead", "retry", "unroutable", "running"], strict=True
    ):
        WebhookDelivery.objects.filter(pk=row.pk).update(
            state=state, error="e", failures=3
        )
    assert WebhookDelivery.objects.all().replay() == 4
    assert states() == ["new", "new", "new", "new", "running"]
    first = WebhookDelivery.objects.order_by("pk").first()
    assert (first.replays, first.failures, first.error) == (1, 0, "")


def test_rows_given_back_are_new():
    accept()
    (claimed,) = WebhookDelivery.objects.claim(1)
    WebhookDelivery.objects.release([claimed.id])
    assert states() == ["new"]


def test_backlog_counts_what_waits():
    assert WebhookDelivery.objects.backlog() == {"waiting": 0, "oldest_seconds": 0}
    accept(2)
    assert WebhookDelivery.objects.backlog()["waiting"] == 2


@pytest.mark.django_db(transaction=True)
def test_parallel_claims_never_share_a_row():
    accept(200)
    taken: list[int] = []

    def claim() -> None:
        while rows := WebhookDelivery.objects.claim(7):
            taken.extend(row.id for row in rows)
        connections.close_all()

    threads = [threading.Thread(target=claim) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 200
