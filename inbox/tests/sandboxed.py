"""A platform to send to, over real HTTP, and what its ledger says."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from conftest import EXTERNAL_IDS
from flexoraa.sandbox import graph
from flexoraa.sandbox.events import Account
from flexoraa.sandbox.meta import Meta
from inbox import delivery
from inbox.models import ChannelAccount, Message

PARENT = "300000000000001"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def meta(settings) -> Iterator[Meta]:
    """A stand-in for Meta that knows the accounts of the fixtures."""
    accounts = [
        Account(channel, external_id, PARENT if channel == "whatsapp" else "")
        for channel, external_id in EXTERNAL_IDS.items()
    ]
    delivery._posts.clear()
    with graph.serve(accounts=accounts) as meta:
        settings.GRAPH_URL = meta.url
        settings.INSTAGRAM_GRAPH_URL = f"{meta.url}/instagram"
        settings.SEND_READ_SECONDS = 0.5
        yield meta
    delivery._posts.clear()


@pytest.fixture
def connect(meta, make_account) -> Callable[..., ChannelAccount]:
    """connect("instagram") -> an account that the stand-in knows."""

    def make(channel: str = "whatsapp", **fields) -> ChannelAccount:
        external_id = fields.get("external_id", EXTERNAL_IDS[channel])
        if external_id not in EXTERNAL_IDS.values():
            meta.connect(
                Account(channel, external_id, PARENT), f"sandbox-token-{external_id}"
            )
        token = f"sandbox-token-{external_id}"
        return make_account(channel, **{"token": token, **fields})

    return make


@pytest.fixture
def number(connect) -> ChannelAccount:
    """A WhatsApp number that can send."""
    return connect()


def deliver() -> None:
    """Send what is due, until nothing is under way."""
    while delivery.drain():
        pass


def due_now() -> None:
    """As if the pauses were over."""
    Message.objects.filter(status="queued").update(next_attempt_at=LONG_AGO)


@pytest.fixture
def hear(meta, receive) -> Callable[[], None]:
    """hear() -> what the stand-in would have posted is posted, and worked off."""

    def hear() -> None:
        for post in meta.callbacks.take():
            receive(post.channel, post.body)

    return hear


def states(*messages: Message) -> list[str]:
    """How far these messages are."""
    found = dict(Message.objects.values_list("pk", "status"))
    return [found[message.pk] for message in messages]


def long_ago() -> None:
    """As if enough time had passed for a status to come."""
    Message.objects.filter(status="unknown").update(uncertain_at=LONG_AGO)


def confirm_another(account: ChannelAccount) -> None:
    """The account's confirmations do arrive."""
    ChannelAccount.objects.heard_from([account.pk], [account.pk])
