"""A small company to report on."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from analytics import rollups
from analytics.tests.worlds import World
from inbox.tests.world import as_user
from teams.models import Membership, User

PERIOD = {"from": "2026-02-25", "to": "2026-05-01"}


@pytest.fixture
def world(db) -> World:
    """Counted, with an owner called owner@world.example."""
    world = World(7, size=8)
    owner = User.objects.create(email="owner@world.example", name="Owner")
    Membership.objects.create(workspace=world.workspace, user=owner, role="owner")
    rollups.catch_up(world.workspace)
    return world


@pytest.fixture
def browser(world) -> Client:
    """The owner's."""
    return as_user(User.objects.get(email="owner@world.example"))


@pytest.fixture
def get(world, browser) -> Callable[..., Any]:
    """get("roi", clock="cash") -> the report of the world's time."""

    def get(path: str, client: Client = browser, **query: Any) -> Any:
        root = f"/api/workspaces/{world.workspace.slug}/analytics"
        return client.get(f"{root}/{path}", {**PERIOD, **query})

    return get
