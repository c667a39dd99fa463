"""Two companies and everybody who may ask, made once for all tests of a module."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import responses
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone

from flexoraa.lib import sets
from flexoraa.tests.asking import Absent, Ids
from flexoraa.tests.rows import Rows, tenant_models
from teams import crossings
from teams.models import ApiKey, Membership, SupportVisit, User, Workspace
from teams.roles import SUPPORT, Role

MARK = "Canary"  # in whatever the other company has
OUTSIDERS = ("anonymous", "stranger", "ex-member", "superuser", "staff", "their key")
INSIDERS = {role: role for role in Role.values} | {
    "support": SUPPORT,
    "owner's key": "owner",
    "sdr's key": "sdr",  # made by the owner
}  # and the line of teams/roles.py that holds for them


@dataclass
class Worlds:
    """Ours, theirs, and a browser for each kind of asker of OUR workspace."""

    ours: Rows
    theirs: Rows
    browsers: dict[str, Client]

    def ids(self, fallback: str = "") -> tuple[Ids, Ids, Ids]:
        """Those of our rows, of theirs, of nothing."""
        theirs = Ids(self.theirs, fallback, is_ours=False)
        return Ids(self.ours, fallback), theirs, Absent()

    def __post_init__(self) -> None:
        self.before = checksums(self.theirs.workspace)

    def touched(self) -> set[str]:
        """Tables in which a row of the other company is not as it was."""
        now = checksums(self.theirs.workspace)
        return {name for name in now if now[name] != self.before[name]}

    def is_leaking(self, told: bytes) -> bool:
        """Whether an answer has anything of the other company in it."""
        return MARK.encode() in told


def checksums(workspace: Workspace) -> dict[str, str]:
    """One for each table's rows of a workspace, and for those of its people."""
    parts = [
        f"SELECT '{model._meta.label}', md5(string_agg(t::text, ';' ORDER BY t::text)) "
        f'FROM "{model._meta.db_table}" t WHERE workspace_id = {workspace.pk}'
        for model in tenant_models()
    ]
    parts.append(
        "SELECT 'teams.Workspace', md5(t::text) FROM teams_workspace t "
        f"WHERE id = {workspace.pk}"
    )
    parts.append(
        "SELECT 'teams.User', md5(string_agg(t::text, ';' ORDER BY t.id)) "
        "FROM teams_user t JOIN teams_membership m ON m.user_id = t.id "
        f"WHERE m.workspace_id = {workspace.pk}"
    )
    return dict(sets.fetch(" UNION ALL ".join(parts)))


@pytest.fixture(scope="module")
def worlds(django_db_setup: Any, django_db_blocker: Any) -> Iterator[Worlds]:
    """Made in a transaction of the module's, in which each test has its savepoint."""
    with django_db_blocker.unblock():
        cache.clear()
        module = transaction.atomic()
        module.__enter__()
        try:
            yield build()
        finally:
            transaction.set_rollback(True)
            module.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def _nothing_leaves() -> Iterator[None]:
    """A call to a platform meets nobody."""
    with responses.RequestsMock(assert_all_requests_are_fired=False):
        yield


def build() -> Worlds:
    """Both companies with a row of everything; nobody's password is ever asked."""
    acme = Workspace.objects.create(name="Acme", slug="acme")
    other = Workspace.objects.create(name=f"{MARK} Corp", slug="canary-corp")
    ours, theirs = Rows(acme, "Asha").fill(), Rows(other, MARK).fill()
    people: dict[str, User | None] = {
        role: member(acme, role) for role in Role.values
    } | {
        "anonymous": None,
        "stranger": member(other, "owner", MARK.lower() + "-owner"),
        "ex-member": member(acme, "owner", "gone"),
        "superuser": User.objects.create_superuser("root@example.com", None),
        "staff": User.objects.create(email="staff@example.com", is_staff=True),
    }
    Membership.objects.filter(user=people["ex-member"]).delete()
    helper = User.objects.create_superuser("support@example.com", None)
    now = timezone.now()
    SupportVisit.objects.create(
        workspace=acme,
        visitor=helper,
        reason="To have a look",
        created_at=now,
        ends_at=now + timedelta(hours=8),
    )
    browsers = {who: browser(user) for who, user in people.items()} | {
        "support": browser(helper),
        "their key": machine(other, people["stranger"], "owner"),
        "owner's key": machine(acme, people["owner"], "owner"),
        "sdr's key": machine(acme, people["owner"], "sdr"),
    }
    return Worlds(ours, theirs, browsers)


def member(workspace: Workspace, role: str, name: str = "", **fields: Any) -> User:
    """Somebody with this role there."""
    name = name or role
    user = User.objects.create(
        email=f"{name}@{workspace.slug}.example",
        name=name.title(),
        password=make_password(None),
        **fields,
    )
    Membership.objects.create(
        workspace=workspace, user=user, role=role, last_seen_at=timezone.now()
    )
    return user


def browser(user: User | None) -> Client:
    """One in which this user is signed in; crashes are answers."""
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user)
    return client


def machine(workspace: Workspace, maker: User | None, role: str) -> Client:
    """What asks with an API key of this workspace."""
    _, text = ApiKey.objects.make(
        workspace=workspace,
        made_by=maker,
        name="Key",
        role=role,
        last_used_at=timezone.now(),
    )
    headers = {"Authorization": f"Bearer {text}"}
    return Client(raise_request_exception=False, headers=headers)


def body_of(response: Any) -> bytes:
    """All that an answer says: headers, and content however it comes."""
    content = (
        b"".join(response.streaming_content)
        if response.streaming and not response.is_async
        else getattr(response, "content", b"")
    )
    return str(response.headers).encode() + content


def references_that_cross() -> dict[str, int]:
    """The walk over every foreign key."""
    return crossings.found()
