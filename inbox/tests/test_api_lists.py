"""The inbox's lists: what a row holds, pages, order."""

from datetime import timedelta

import pytest

from inbox.models import Contact, Conversation
from inbox.tests.world import NOON, as_user, build

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(workspace):
    return build(workspace, "Asha")


@pytest.fixture
def api(workspace, make_member):
    return as_user(make_member(workspace))


def results(api, url) -> list[dict]:
    answer = api.get(url)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def pages(api, url, link="next") -> list[list[str]]:
    found = []
    while url:
        answer = api.get(url).json()
        found.append([row["id"] for row in answer["results"]])
        url = answer[link]
    return found


def test_a_conversation_in_a_list_is_the_conversation_itself(api, world, make_member):
    colleague = make_member(world.workspace, "sdr")
    Conversation.objects.update(assignee=colleague)
    (row,) = results(api, f"{world.root}/conversations")
    assert row == api.get(f"{world.root}/conversations/{row['id']}").json()
    assert row == {
        "id": str(world.conversation.public_id),
        "channel": "whatsapp",
        "account": {"id": str(world.account.public_id), "name": "Asha number"},
        # the conversation began with "Asha Old", who turned out to be her
        "contact": {
            "id": str(world.contact.public_id),
            "name": "Asha Rao",
            "username": "Asha.rao",
        },
        "status": "open",
        "assignee": {
            "id": str(colleague.public_id),
            "name": "Sdr",
            "email": "sdr@acme.example",
        },
        "labels": [
            {
                "id": str(world.label.public_id),
                "name": "Asha label",
                "colour": "grey",
            }
        ],
        "snoozed_until": None,
        "unread_count": 3,
        "preview": "Asha says hello",
        "last_message_at": "2026-11-20T12:00:00.000000Z",
        "last_inbound_at": "2026-11-20T12:00:00.000000Z",
        "waiting_since": "2026-11-20T12:00:00.000000Z",
        "created_at": row["created_at"],
        "resolved_at": None,
    }


def test_a_message_has_what_hangs_on_it(api, world):
    url = f"{world.root}/conversations/{world.conversation.public_id}/messages"
    (row,) = results(api, url)
    (file,), (reaction,) = row["attachments"], row["reactions"]
    assert (file["filename"], file["url"]) == ("Asha.png", "")  # we serve files
    assert (reaction["emoji"], reaction["contact"]) == ("👍", row["contact"])
    assert row["contact"]["name"] == "Asha Rao"
    assert row["payload"] == {"Asha": "Asha"}
    world.message.reactions.update(emoji="")  # taken off
    assert results(api, url)[0]["reactions"] == []


def test_a_person_has_all_their_names_and_the_merged_are_hidden(api, world):
    twin, row = results(api, f"{world.root}/contacts")
    assert (twin["name"], twin["identities"]) == ("Asha Twin", [])
    assert row == api.get(f"{world.root}/contacts/{row['id']}").json()
    assert row["name"] == "Asha Rao"
    assert [name["value"] for name in row["identities"]] == ["+Asha1", "+Asha2"]
    merged = Contact.objects.get(name="Asha Old")
    assert api.get(f"{world.root}/contacts/{merged.public_id}").status_code == 404


@pytest.mark.parametrize("ordering", ["-last_message_at", "last_message_at"])
def test_pages_go_forth_and_back_over_equal_times(ordering, api, world):
    for number in range(11):  # three at each moment
        world.converse(last_message_at=NOON - timedelta(minutes=number // 3))
    url = f"{world.root}/conversations?ordering={ordering}"
    (whole,) = pages(api, url)
    answer = api.get(f"{url}&limit=5").json()
    assert answer["previous"] is None
    assert [len(page) for page in pages(api, f"{url}&limit=5")] == [5, 5, 2]
    assert sum(pages(api, f"{url}&limit=5"), []) == whole
    while answer["next"]:
        answer = api.get(answer["next"]).json()
    backwards = pages(api, answer["previous"], "previous")
    assert sum(reversed(backwards), []) == whole[:10]


def test_rows_that_come_move_no_other_to_another_page(api, world):
    for _ in range(5):
        world.converse()
    url = f"{world.root}/conversations?limit=3"
    (first, second) = pages(api, url)
    link = api.get(url).json()["next"]
    world.converse(last_message_at=NOON + timedelta(days=1))
    assert [row["id"] for row in results(api, link)] == second
    assert not set(first) & set(second)


def test_the_limit_has_a_limit(api, world):
    for _ in range(120):
        world.converse()
    for limit, count in (("100", 100), ("101", 100), ("9" * 40, 100), ("x", 50)):
        url = f"{world.root}/conversations?limit={limit}"
        assert len(results(api, url)) == count
    assert len(results(api, f"{world.root}/conversations?limit=0")) == 1


def test_who_waited_longest_comes_first(api, world):
    for minutes in (5, 90, 30):
        world.converse(waiting_since=NOON - timedelta(minutes=minutes))
    world.converse()
    url = f"{world.root}/conversations?ordering=waiting_since&limit=2"
    found = sum(pages(api, url), [])
    waits = Conversation.objects.filter(waiting_since__isnull=False)
    assert found == [str(row.public_id) for row in waits.order_by("waiting_since")]
    assert len(results(api, f"{world.root}/conversations?waiting=true")) == 4
    assert len(results(api, f"{world.root}/conversations?waiting=false")) == 1
