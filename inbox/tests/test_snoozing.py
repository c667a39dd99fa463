"""Snoozed conversations come back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inbox import snoozing
from inbox.tests.world import build

pytestmark = pytest.mark.django_db


def test_what_is_due_opens_unread_and_says_so(workspace):
    world, now = build(workspace), timezone.now()
    due, later = world.converse(), world.converse()
    due.change_status("snoozed", now + timedelta(seconds=1))
    later.change_status("snoozed", now + timedelta(hours=1))
    type(due).objects.filter(pk=due.pk).update(snoozed_until=now - timedelta(hours=1))
    assert snoozing.wake() == 1
    due.refresh_from_db()
    later.refresh_from_db()
    assert (due.status, due.snoozed_until, due.unread_count) == ("open", None, 1)
    assert later.status == "snoozed"
    note = due.messages.get()
    assert (note.direction, note.kind, note.text) == ("note", "system", snoozing.WOKE)
    assert note.workspace == workspace


def test_an_idle_look_is_one_query(db, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert snoozing.wake() == 0
