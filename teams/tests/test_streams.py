"""The live stream over its real application: who hears what, and for how long."""

import time
from uuid import uuid4

import pgtrigger
import pytest
from django.db import transaction
from django.test import Client

from flexoraa.lib import stream
from teams.models import ApiKey, Membership, User
from teams.tests.streaming import stage, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def events():
    with stage() as running:
        yield running


@pytest.fixture
def member(workspace, make_member):
    return make_member(workspace, "sdr")


@pytest.fixture
def browser(member):
    client = Client()
    client.force_login(member)
    return client


def test_a_change_is_told_to_its_workspace_alone(
    events, browser, workspace, make_workspace, make_member
):
    other = make_workspace("other")
    stranger = Client()
    stranger.force_login(make_member(other))
    mine, theirs = events.listen("acme", browser), events.listen("other", stranger)
    for listening in (mine, theirs):
        assert listening.status == 200
        assert listening.headers["content-type"].startswith("text/event-stream")
        assert listening.headers["x-accel-buffering"] == "no"
        assert listening.next().data == {"resumed": False}
    key = uuid4()
    stream.publish(workspace.pk, "message.created", [key, key])
    told = mine.next()
    assert (told.kind, told.data) == ("message.created", {"ids": [str(key)]})
    assert theirs.is_quiet()


def test_what_rolls_back_was_never_told(events, browser, workspace):
    listening = events.listen("acme", browser)
    listening.next()
    with transaction.atomic():
        stream.publish(workspace.pk, "message.created", [uuid4()])
        transaction.set_rollback(True)
    assert listening.is_quiet()


def test_a_removed_member_hears_nothing_after_five_seconds(
    events, browser, workspace, member
):
    listening = events.listen("acme", browser)
    Membership.objects.filter(user=member).delete()
    assert listening.is_closed(5)
    stream.publish(workspace.pk, "message.created", [uuid4()])
    time.sleep(0.3)
    assert b"message.created" not in listening.body
    assert events.listen("acme", browser).status == 404


def remove(member, key):
    """By a bare statement: whoever does it, the database tells."""
    Membership.objects.filter(user=member).delete()


def revoke(member, key):
    key.delete()


def machine(workspace, member, role="sdr"):
    """The headers of a machine with a key, and the key."""
    key, text = ApiKey.objects.make(
        workspace=workspace, made_by=member, name="Shop", role=role
    )
    return {"authorization": f"Bearer {text}"}, key


@pytest.mark.parametrize("how", [remove, revoke])
def test_what_the_database_tells_is_obeyed_at_once(
    how, events, browser, workspace, member, monkeypatch
):
    monkeypatch.setattr("teams.streams.CHECK_SECONDS", 60)
    headers, key = machine(workspace, member)
    cookie = events.listen("acme", browser)
    by_key = events.listen("acme", headers=headers)
    assert (cookie.status, by_key.status) == (200, 200)
    how(member, key)
    assert by_key.is_closed(2)
    assert events.listen("acme", headers=headers).status in (401, 404)
    if how is remove:
        assert cookie.is_closed(2)
    else:
        assert cookie.next().kind == "ready"
        assert cookie.next().kind == "key.removed"


def test_without_being_told_nobody_knows(
    events, browser, workspace, member, monkeypatch
):
    """The control: with the triggers off, the stream goes on until the next look."""
    monkeypatch.setattr("teams.streams.CHECK_SECONDS", 60)
    headers, key = machine(workspace, member)
    by_key = events.listen("acme", headers=headers)
    with pgtrigger.ignore("teams.ApiKey:tell_delete"):
        key.delete()
    assert not by_key.is_closed(1)


def test_a_machine_follows_its_own_workspace_until_its_key_goes(
    events, workspace, member, make_workspace
):
    other = make_workspace("other")
    Membership.objects.create(workspace=other, user=member, role="owner")
    headers, key = machine(workspace, member)
    assert events.listen("other", headers=headers).status == 404
    listening = events.listen("acme", headers=headers)
    assert listening.next().kind == "ready"
    told = uuid4()
    stream.publish(other.pk, "message.created", [uuid4()])
    stream.publish(workspace.pk, "message.created", [told])
    assert listening.ids(1) == [str(told)]
    Membership.objects.filter(user=member, workspace=workspace).update(role="member")
    assert listening.next().kind == "membership.updated"
    assert not listening.is_closed(0.3)  # members may read
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert listening.is_closed(5)
    assert events.listen("acme", headers=headers).status == 401


@pytest.mark.parametrize("how", ["logout", "password", "deactivated"])
def test_a_stream_ends_with_its_session(events, browser, member, how):
    listening = events.listen("acme", browser)
    assert listening.status == 200
    cookie = browser.cookies["sessionid"].value
    if how == "logout":
        browser.logout()
    elif how == "password":
        member.set_password("another long one")
        member.save()
    else:
        member.is_active = False
        member.save()
    assert listening.is_closed(5)
    again = events.listen("acme", headers={"cookie": f"sessionid={cookie}"})
    assert again.status == 401


def test_who_stays_is_not_disturbed(events, browser, workspace, make_member):
    other = make_member(workspace, "admin")
    client = Client()
    client.force_login(other)
    staying, going = events.listen("acme", browser), events.listen("acme", client)
    Membership.objects.filter(user=other).delete()
    assert going.is_closed(5)
    assert staying.next().kind == "ready"
    assert staying.next().kind == "membership.removed"
    key = uuid4()
    stream.publish(workspace.pk, "lead.updated", [key])
    assert staying.ids(1) == [str(key)]


def test_refusals_are_problems(events, browser, workspace, make_workspace):
    make_workspace("other")
    for slug, client, status in (
        ("acme", None, 401),
        ("other", browser, 404),
        ("absent", browser, 404),
        ("acme/more", browser, 404),
    ):
        refused = events.listen(slug, client)
        assert refused.status == status
        assert refused.headers["content-type"] == "application/json"
        assert b'"errors":[{"code":' in refused.body
    assert events.listen("acme", browser, method="POST").status == 405
    assert events.listen("acme", browser, path="/api/me").status == 404
    wrong = events.listen("acme", browser, headers={"host": "evil host"})
    assert wrong.status == 400


def test_a_user_has_so_many_streams(events, browser, workspace, monkeypatch):
    monkeypatch.setattr("teams.streams.MOST_STREAMS", 2)
    first, second = [events.listen("acme", browser) for _ in range(2)]
    assert (first.status, second.status) == (200, 200)
    assert events.listen("acme", browser).status == 429
    first.leave()
    assert events.listen("acme", browser).status == 200


def test_health_counts_the_streams(events, browser, workspace):
    wait_until(lambda: events.listen("", path="/readyz").status == 200)
    events.listen("acme", browser)
    assert b'"streams": 1' in events.listen("", path="/livez").body
