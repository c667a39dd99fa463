"""Fixtures that every app's tests share."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from flexoraa.lib import refusals
from flexoraa.sandbox import graph
from flexoraa.sandbox.events import Account
from flexoraa.sandbox.meta import Meta
from inbox import ingest, webhooks
from inbox.adapters.meta import SIGNATURE
from inbox.models import ChannelAccount, WebhookDelivery
from teams.models import Membership, User, Workspace

PAYLOADS = Path(__file__).parent / "inbox" / "tests" / "payloads"
EXTERNAL_IDS = {
    "whatsapp": "200000000000001",
    "instagram": "17840000000000001",
    "facebook": "100000000000001",
}


@pytest.fixture(autouse=True)
def _refusals_are_flushed_by_hand(monkeypatch) -> None:
    """No timer writes into another test's rows."""
    monkeypatch.setattr(refusals, "FLUSH_SECONDS", 3600)
    monkeypatch.setattr(webhooks, "refusals", refusals.Refusals("inbox_refusedwebhook"))


@pytest.fixture(scope="session")
def _media_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(autouse=True)
def _files_of_tests_are_apart(settings, _media_folder) -> None:
    """Nothing is kept beside the files of who develops here."""
    settings.MEDIA_ROOT = _media_folder


@pytest.fixture(autouse=True)
def _passwords_are_cheap(settings) -> None:
    """A quarter of a second for each user of a test adds up."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _no_platform_is_called(settings) -> None:
    """What is not met by a stand-in meets nobody."""
    settings.GRAPH_URL = settings.INSTAGRAM_GRAPH_URL = "http://127.0.0.1:1"


@pytest.fixture(scope="session")
def live_server(django_db_setup, django_db_blocker, live_server) -> Iterator:
    """pytest-django's, whose threads keep their sessions for the next request: they
    are ended before the test database is dropped."""
    yield live_server
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connection.close()


@pytest.fixture
def make_workspace(db) -> Callable[..., Workspace]:
    """make_workspace("acme") -> a workspace with that slug."""
    return lambda slug="acme", **fields: Workspace.objects.create(
        slug=slug, **{"name": slug.title(), **fields}
    )


@pytest.fixture
def workspace(make_workspace) -> Workspace:
    return make_workspace()


@pytest.fixture
def make_member(db) -> Callable[..., User]:
    """make_member(workspace, "sdr") -> a user with that role in it."""

    def make(workspace: Workspace, role: str = "owner", email: str = "") -> User:
        email = email or f"{role}@{workspace.slug}.example"
        user = User.objects.create_user(email, "a-long-password", name=role.title())
        Membership.objects.create(
            workspace=workspace, user=user, role=role, last_seen_at=timezone.now()
        )
        return user

    return make


@pytest.fixture
def make_account(workspace) -> Callable[..., ChannelAccount]:
    """make_account("instagram") -> the account that the payload files name."""

    def make(channel: str = "whatsapp", **fields) -> ChannelAccount:
        fields = {
            "workspace": workspace,
            "name": f"Our {channel}",
            "external_id": EXTERNAL_IDS[channel],
            "parent_external_id": "300000000000001" if channel == "whatsapp" else "",
            "token": "EAAG-secret-token",
            **fields,
        }
        return ChannelAccount.objects.create(channel=channel, **fields)

    return make


@pytest.fixture
def account(make_account) -> ChannelAccount:
    """A connected WhatsApp number."""
    return make_account()


@pytest.fixture
def graph_api() -> Iterator[Meta]:
    """Meta's Graph API as the sandbox plays it, at `graph_api.url` (Instagram's at
    `graph_api.url + "/instagram"`); it knows the accounts that make_account makes.

    Its webhooks wait for `deliver_callbacks`.
    """
    accounts = [
        Account(
            channel, external_id, "300000000000001" if channel == "whatsapp" else ""
        )
        for channel, external_id in EXTERNAL_IDS.items()
    ]
    secret = settings.META_APP_SECRETS[0]
    with graph.serve(accounts=(), secret=secret) as meta:
        for account in accounts:
            meta.connect(account, "EAAG-secret-token")
        yield meta


@pytest.fixture
def deliver_callbacks(graph_api, receive) -> Callable[[], int]:
    """deliver_callbacks() -> how many webhooks of the sandbox were worked off."""

    def deliver() -> int:
        posts = graph_api.callbacks.take()
        for channel, body in posts:
            receive(channel, body)
        return len(posts)

    return deliver


def sign(body: bytes, secret: str = "") -> str:
    """The header value with which Meta would sign these bytes."""
    key = (secret or settings.META_APP_SECRETS[0]).encode()
    return "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()


@pytest.fixture
def post_webhook(db) -> Callable:
    """post_webhook("whatsapp", body) -> the door's answer to exactly these bytes."""

    def post(channel: str, body: bytes, **kwargs):
        headers = {SIGNATURE: sign(body), **kwargs.pop("headers", {})}
        return Client().post(
            f"/webhooks/{channel}",
            body,
            content_type="application/json",
            headers=headers,
            **kwargs,
        )

    return post


@pytest.fixture
def receive(post_webhook) -> Callable:
    """receive("whatsapp", body or "payload name") -> posted and worked off."""

    def receive(channel: str, *bodies: bytes | str) -> list[WebhookDelivery]:
        before = set(WebhookDelivery.objects.values_list("pk", flat=True))
        for body in bodies:
            raw = payload(channel, body) if isinstance(body, str) else body
            assert post_webhook(channel, raw).status_code == 200
        while ingest.drain():
            pass
        return list(WebhookDelivery.objects.exclude(pk__in=before).order_by("pk"))

    return receive


def payload(channel: str, name: str) -> bytes:
    """The exact bytes of a payload file of ours."""
    return (PAYLOADS / channel / f"{name}.json").read_bytes()
