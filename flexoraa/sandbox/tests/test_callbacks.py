"""The webhooks that the sandbox sends back, read by our own adapters."""

import json

import pytest
from django.utils import timezone

from flexoraa.sandbox import graph, story
from flexoraa.sandbox.tests.conftest import error
from inbox.adapters import ADAPTERS


@pytest.fixture
def meta(door):
    with graph.serve(webhooks=door.url, secret="new-app-secret") as meta:
        meta.manners.delays = {"sent": 0.0, "delivered": 0.01}
        yield meta


def events(posts: list) -> list:
    """What our adapters read in them."""
    return [
        event
        for post in posts
        for event in ADAPTERS[post.channel].parse(json.loads(post.body)).events
    ]


def test_statuses_of_whatsapp_are_signed_and_carry_our_reference(meta, door, whatsapp):
    mid = whatsapp(text={"body": "x"}, biz_opaque_callback_data="ref-1").json()
    posts = door.wait(2)
    adapter = ADAPTERS["whatsapp"]
    assert all(adapter.is_authentic(post.headers, post.body) for post in posts)
    found = [e for p in posts for e in adapter.parse(json.loads(p.body)).events]
    assert [type(event).__name__ for event in found] == ["StatusUpdate"] * 2
    assert [event.status for event in found] == ["sent", "delivered"]
    assert {event.external_id for event in found} == {mid["messages"][0]["id"]}
    statuses = [json.loads(p.body)["entry"][0]["changes"][0]["value"] for p in posts]
    refs = [s["statuses"][0]["biz_opaque_callback_data"] for s in statuses]
    assert refs == ["ref-1", "ref-1"]


def test_echoes_of_the_others_carry_it_too(meta, page, gallery):
    meta.manners.withheld = True
    meta.manners.delays = {"sent": 0, "delivered": 0.1, "read": 0.2}
    mid = page(text="x", metadata="ref-2").json()["message_id"]
    posts = meta.callbacks.take()
    echo, *rest = events(posts)
    assert type(echo).__name__ == "Echo"
    assert echo.external_id == mid
    message = json.loads(posts[0].body)["entry"][0]["messaging"][0]["message"]
    assert message["metadata"] == "ref-2"
    assert {event.status for event in rest} == {"delivered", "read"}
    gallery(text="x", metadata="ref-3")
    assert len(meta.callbacks.take()) == 2  # Instagram tells of no delivery
    meta.rules.echoes_metadata = set()
    gallery(text="x", metadata="ref-3")
    assert b"ref-3" not in meta.callbacks.take()[0].body


def test_a_reaction_only_gets_sent(meta, whatsapp):
    meta.manners.withheld = True
    meta.manners.delays = {"sent": 0, "delivered": 0, "read": 0}
    whatsapp(reaction={"message_id": "wamid.x", "emoji": "👍"})
    (post,) = meta.callbacks.take()
    assert b'"status":"sent"' in post.body


def test_what_the_door_did_not_take_comes_again(meta, door, whatsapp):
    door.answers = [503]
    meta.manners.delays = {"sent": 0.0}
    whatsapp(text={"body": "x"})
    first, second = door.wait(2)
    assert first.body == second.body


def test_they_can_come_twice_in_any_order_and_many_at_once(meta, door, whatsapp):
    meta.manners.withheld = True
    meta.manners.duplicates, meta.manners.shuffled = 1, True
    meta.manners.batch = 1000
    for _ in range(3):
        whatsapp(text={"body": "x"})
    assert meta.callbacks.waiting() == 12
    meta.callbacks.release()
    door.wait(1)
    statuses = 0
    while statuses < 12:
        bodies = [json.loads(post.body) for post in door.wait(len(door.posts))]
        statuses = sum(len(body["entry"]) for body in bodies)
    assert statuses == 12


def test_nothing_comes_to_who_did_not_subscribe(meta, call, page, whatsapp):
    meta.manners.withheld = True
    meta.rules.subscribed_by_hand = True
    page(text="x")
    assert meta.callbacks.take() == []
    fields = {"subscribed_fields": "messages"}
    assert call("POST", f"{story.PAGE.external_id}/subscribed_apps", fields).ok
    page(text="x")
    assert len(meta.callbacks.take()) == 2


def test_people_of_the_story_are_known_once_it_was_heard(meta, session, whatsapp, page):
    meta.manners.withheld = True
    meta.rules.strict = True
    assert error(page(text="x"))[2] == 2018001
    for post in story.story(timezone.now()):
        url = f"{meta.url}/_sandbox/heard"
        assert session.post(url, post.body, timeout=5).ok
    assert page(to=story.LEELA.id, text="x").ok
    thread = meta.people.thread(story.NUMBER.external_id, story.ASHA.id)
    assert "brass lamp from the ad" in thread[0]["text"]
    assert not thread[1]["mine"]
    names = {chat["person"]: chat["name"] for chat in meta.people.listing()}
    assert names[story.ASHA.id] == "Asha Kulkarni"
