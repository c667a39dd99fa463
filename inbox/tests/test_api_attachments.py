"""Files over the API: what may be uploaded, and how each byte of one is served."""

import io
import uuid

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from flexoraa.lib.serving import range_of
from inbox.models import Attachment
from inbox.tests.world import as_user, build, keep_file

pytestmark = pytest.mark.django_db
SCRIPT = b"<html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@pytest.fixture
def world(workspace):
    return build(workspace)


@pytest.fixture
def agent(world, make_member) -> Client:
    return as_user(make_member(world.workspace, "sdr"))


def body_of(response) -> bytes:
    return b"".join(response.streaming_content)


def upload(agent, world, body: bytes, name: str, **form):
    form = {"file": ContentFile(body, name), **form}
    return agent.post(f"{world.root}/attachments", form)


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (600, 300), "teal").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (SCRIPT, "a.html"),
        (SCRIPT, "a.png"),
        (SVG, "a.svg"),
        (SVG, "picture.jpg"),
        (b"<?xml version='1.0'?><x/>", "a.xml"),
        (b"GIF87a<script>alert(1)</script>"[6:], "a.gif"),
        (b"%PDF-1.7 <script>", "a.pdf"),
        (b"\0\1\2 anything", "a.bin"),
        (b"#!/bin/sh", 'x"; filename=evil.html'),
    ],
)
def test_only_pictures_sound_and_film_are_shown(agent, world, body, name):
    kept = keep_file(world.message, body, filename=name)
    response = agent.get(f"{world.root}/attachments/{kept.public_id}")
    assert response.status_code == 200
    assert body_of(response) == body
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "script-src" not in response["Content-Security-Policy"]


def test_a_picture_is_shown_safely_and_cached_privately(agent, world):
    url = f"{world.root}/attachments/{world.attachment.public_id}"
    response = agent.get(url, headers={"Accept": "image/png"})
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"] == 'inline; filename="Asha.png"'
    assert response["Cache-Control"] == "private, max-age=600"
    assert "sandbox" in response["Content-Security-Policy"]
    body_of(response)
    again = agent.get(url, headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_small_picture(agent, world):
    url = f"{world.root}/attachments/{world.attachment.public_id}/thumbnail"
    response = agent.get(url)
    assert response["Content-Type"] == "image/webp"
    with Image.open(io.BytesIO(body_of(response))) as image:
        assert image.size == (8, 6)
    kept = keep_file(world.message, b"no picture", filename="a.txt")
    missing = agent.get(f"{world.root}/attachments/{kept.public_id}/thumbnail")
    assert missing.status_code == 404


def test_sound_can_be_sought_in(agent, world):
    sound = b"OggS" + bytes(range(100))
    kept = keep_file(world.message, sound, filename="a.ogg")
    url = f"{world.root}/attachments/{kept.public_id}"
    for header, status, part, told in (
        ("bytes=0-3", 206, sound[:4], "bytes 0-3/104"),
        ("bytes=100-", 206, sound[100:], "bytes 100-103/104"),
        ("bytes=-4", 206, sound[-4:], "bytes 100-103/104"),
        ("bytes=50-9999", 206, sound[50:], "bytes 50-103/104"),
        ("bytes=0-1,5-6", 200, sound, None),
        ("lines=0-1", 200, sound, None),
    ):
        response = agent.get(url, headers={"Range": header})
        assert response.status_code == status, header
        assert body_of(response) == part
        assert response.headers.get("Content-Range") == told
        assert response["Content-Length"] == str(len(part))
        assert response["Accept-Ranges"] == "bytes"
        assert response["Content-Type"] == "audio/ogg"
    beyond = agent.get(url, headers={"Range": "bytes=104-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, "bytes */104")
    stale = agent.get(url, headers={"Range": "bytes=0-3", "If-Range": '"other"'})
    assert (stale.status_code, body_of(stale)) == (200, sound)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=-0", ()),
        ("bytes=10-", ()),
        ("bytes=0-0", (0, 0)),
        ("bytes=-99", (0, 9)),
        ("bytes=" + "9" * 15 + "-", ()),
        ("bytes=" + "9" * 16 + "-", None),
    ],
)
def test_ranges(header, found):
    assert range_of(header, 10) == found


def test_an_empty_file_has_no_range():
    assert range_of("bytes=-5", 0) == ()


@pytest.mark.parametrize(
    ("state", "words"),
    [("pending", "Being fetched"), ("lost", "It expired."), ("failed", "Refused")],
)
def test_what_is_not_there_says_why(agent, world, state, words):
    kept = world.attachment
    kept.state, kept.error = state, "It expired."
    kept.save()
    response = agent.get(f"{world.root}/attachments/{kept.public_id}")
    assert response.status_code == 409
    assert response.json()["errors"][0]["code"] == f"file_{state}"
    assert words in response.json()["errors"][0]["detail"]


def test_a_file_that_is_missing_on_disk(agent, world):
    world.attachment.stored.path.unlink()
    response = agent.get(f"{world.root}/attachments/{world.attachment.public_id}")
    assert response.json()["errors"][0]["code"] == "file_missing"


def test_an_upload_is_what_its_bytes_are(agent, world):
    response = upload(agent, world, png(), "holiday.pdf")
    assert response.status_code == 201
    answer = response.json()
    assert (answer["kind"], answer["mime_type"]) == ("image", "image/png")
    assert (answer["width"], answer["height"]) == (600, 300)
    assert (answer["state"], answer["has_thumbnail"]) == ("stored", True)
    assert answer["url"] == ""
    served = agent.get(f"{world.root}/attachments/{answer['id']}")
    assert body_of(served) == png()


def test_an_upload_goes_out_with_a_reply(agent, world, account):
    key = upload(agent, world, png(), "a.png").json()["id"]
    world.contact.identities.update(last_inbound_at=timezone.now())
    response = agent.post(
        f"{world.root}/conversations/{world.conversation.public_id}/messages",
        {"text": "Look", "attachments": [key]},
        content_type="application/json",
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    assert response.status_code == 201, response.json()
    sent = Attachment.objects.get(public_id=key)
    assert sent.message.direction == "out"
    assert response.json()["attachments"][0]["id"] == key


def test_a_channel_refuses_what_it_would_not_take(agent, world):
    talk = str(world.conversation.public_id)
    gif = b"GIF89a" + bytes(20)
    response = upload(agent, world, gif, "a.gif", conversation=talk)
    assert response.status_code == 400
    error = response.json()["errors"][0]
    assert (error["code"], error["attr"]) == ("file_type", "file")
    assert "use jpeg, png" in error["detail"]
    assert not Attachment.objects.filter(message=None).exists()
    assert upload(agent, world, png(), "a.png", conversation=talk).status_code == 201


def test_refused_uploads(agent, world, settings):
    url = f"{world.root}/attachments"
    assert agent.post(url, {}).status_code == 400
    assert upload(agent, world, b"", "empty.txt").status_code == 400
    assert agent.post(url, {"file": "x"}, "application/json").status_code == 415
    settings.MEDIA_MAX_MB = 0
    refused = upload(agent, world, b"x" * 70_000, "a.txt")
    assert refused.status_code == 413
    assert refused.json()["errors"][0]["code"] == "too_large"
    assert not Attachment.objects.filter(message=None).exists()


def test_a_thread_names_our_copy_and_no_link_of_the_provider(agent, world):
    url = f"{world.root}/conversations/{world.conversation.public_id}/messages"
    told = agent.get(url).json()["results"][0]["attachments"][0]
    assert told["id"] == str(world.attachment.public_id)
    assert (told["state"], told["url"]) == ("stored", "")
    assert b"files.example" not in agent.get(url).content


def test_the_number_of_queries_is_fixed(agent, world, django_assert_num_queries):
    url = f"{world.root}/attachments/{world.attachment.public_id}"
    with django_assert_num_queries(4):  # session, user, membership, file
        body_of(agent.get(url))
