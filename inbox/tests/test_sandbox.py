"""The stand-in for Meta: its bodies are authentic, and its story comes out as told."""

import json
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from flexoraa.sandbox import events, story
from flexoraa.sandbox.platform import Platform
from flexoraa.sandbox.processes import free_port
from flexoraa.sandbox.workspace import count_rows, make_workspace
from inbox import ingest
from inbox.adapters import ADAPTERS
from inbox.models import ContactIdentity, Conversation, Message, StatusEvent

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_its_signature_is_metas(settings):
    body = b'{"a": 1}'
    headers = {"X-Hub-Signature-256": events.sign(body, settings.META_APP_SECRETS[0])}
    assert ADAPTERS["whatsapp"].is_authentic(headers, body)


def test_it_escapes_as_meta_does():
    body = events.text(story.GALLERY, story.ZOE, "m1", NOW, "schön 🙂")
    assert b"sch\\u00f6n \\ud83d\\ude42" in body


@pytest.mark.django_db
def test_the_story_comes_out_as_told(post_webhook):
    make_workspace(story.ACCOUNTS)
    make_workspace(story.ACCOUNTS)  # a second run changes nothing
    for channel, body in story.story(NOW):
        assert post_webhook(channel, body).status_code == 200
    while ingest.drain():
        pass
    rows, expected = count_rows(), story.Expected()
    assert rows["deliveries"]["dead"] == expected.dead
    assert rows["deliveries"]["unroutable"] == expected.unroutable
    assert tuple(sorted(rows["conversations"])) == expected.channels
    assert Message.objects.values("external_id").distinct().count() == (
        Message.objects.count()
    )
    assert not StatusEvent.objects.filter(message=None).exists()
    statuses = set(Message.objects.values_list("status", flat=True))
    assert statuses >= {"received", "sent", "delivered", "read", "failed"}
    nameless = ContactIdentity.objects.filter(contact__name="")
    people = {person.id for person in story.PEOPLE}  # they are looked up
    assert set(nameless.values_list("value", flat=True)) == people


@pytest.mark.django_db
def test_life_goes_on(post_webhook):
    make_workspace(story.ACCOUNTS)
    posts = story.live(NOW)
    for _ in range(30):
        channel, body = next(posts)
        assert post_webhook(channel, body).status_code == 200
    while ingest.drain():
        pass
    assert count_rows()["deliveries"] == {"done": 30}
    assert Conversation.objects.count() > 3


def test_posts_can_be_merged_into_one():
    posts = [
        events.text(story.NUMBER, story.ASHA, f"wamid.{n}", NOW, "x") for n in range(3)
    ]
    parsed = ADAPTERS["whatsapp"].parse(json.loads(events.merge(*posts)))
    assert [event.external_id for event in parsed.events] == [
        "wamid.0",
        "wamid.1",
        "wamid.2",
    ]


def test_the_platform_repeats_what_was_not_taken(monkeypatch):
    answers = [503, 0, 200, 200]
    platform = Platform("http://127.0.0.1:9", "secret")
    monkeypatch.setattr(platform, "post", lambda post: answers.pop(0))
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    seen: list[int] = []
    counted = platform.tell([story.Post("whatsapp", b"a")] * 2, seen.append)
    assert counted == {503: 1, 0: 1, 200: 2}
    assert seen == [1, 2]


def test_nobody_at_home_is_no_crash():
    platform = Platform(f"http://127.0.0.1:{free_port('127.0.0.1', 9100)}", "secret")
    assert platform.post(story.Post("whatsapp", b"a")) == 0
    assert platform.readiness() == {}
    assert not platform.wait_until(bool, 0.1)


def test_the_demo_refuses_outside_the_sandbox(settings):
    settings.SANDBOX = False
    with pytest.raises(CommandError, match="SANDBOX=true"):
        call_command("demo")
