"""Files in the back office: shown in chats, listed, and fetched once more."""

import pytest
from django.urls import reverse

from inbox.models import Attachment
from inbox.tests.office import page
from inbox.tests.world import build, keep_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(workspace):
    return build(workspace)


def served(kept: Attachment, what: str = "file") -> str:
    return reverse(f"admin:inbox_attachment_{what}", args=[kept.pk])


def test_a_chat_shows_our_copies(staff, world):
    page_file = keep_file(world.message, b"<svg/>", filename="x.svg")
    sound = keep_file(world.message, b"OggS" + bytes(9), kind="audio")
    lost = keep_file(world.message, b"a", filename="gone.txt")
    lost.state = "lost"
    lost.save()
    body = staff.get(page("inbox_conversation", world.conversation.pk)).content.decode()
    assert served(world.attachment, "thumbnail") in body
    assert served(page_file) in body
    assert f'<audio controls preload="none" src="{served(sound)}">' in body
    assert served(lost) not in body
    assert "Lost" in body
    assert "files.example" not in body


def test_files_are_served_with_safe_headers(staff, world):
    kept = keep_file(world.message, b"<svg onload=alert(1)/>", filename="x.svg")
    response = staff.get(served(kept))
    assert response["Content-Disposition"].startswith("attachment")
    assert "sandbox" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert staff.get(served(world.attachment))["Content-Type"] == "image/png"
    assert staff.get(served(world.attachment, "thumbnail")).status_code == 200
    kept.stored.path.unlink()
    assert staff.get(served(kept)).status_code == 404


def test_what_is_lost_can_be_fetched_again(staff, world):
    kept = world.attachment
    kept.state, kept.error, kept.attempts = "lost", "It expired.", 10
    kept.save()
    url = page("inbox_attachment")
    assert b"It expired." in staff.get(url).content
    assert staff.get(page("inbox_attachment", kept.pk)).status_code == 200
    response = staff.post(
        url, {"action": "fetch_again", "_selected_action": [kept.pk]}, follow=True
    )
    assert b"1 of them will be fetched" in response.content
    kept.refresh_from_db()
    assert (kept.state, kept.attempts) == ("pending", 0)


def test_staff_of_another_workspace_gets_none_of_it(
    client, world, make_workspace, make_member
):
    stranger = make_member(make_workspace("theirs"), "owner")
    stranger.is_staff = True
    stranger.save()
    client.force_login(stranger)
    assert client.get(served(world.attachment)).status_code in (302, 404)
    assert client.get(served(world.attachment, "thumbnail")).status_code in (302, 404)
