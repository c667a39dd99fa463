"""Fixtures of the inbox's tests alone."""

import pytest
from django.test import Client

from inbox.tests.sandboxed import connect, hear, meta, number  # noqa: F401
from teams.models import User


@pytest.fixture
def staff(client) -> Client:
    """A browser in which platform staff is signed in."""
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    return client
