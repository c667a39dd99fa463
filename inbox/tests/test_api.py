"""The inbox's API: what lists hold, what may be changed, and how it refuses."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inbox.models import ChannelAccount, Conversation, Message
from inbox.tests import bodies, hostile
from inbox.tests.world import as_user, build

pytestmark = pytest.mark.django_db
SCHEMA = Path(__file__).parents[2] / "docs" / "openapi.yaml"


@pytest.fixture
def world(workspace):
    return build(workspace, "Asha")


@pytest.fixture
def owner(workspace, make_member):
    """A browser of an owner."""
    return as_user(make_member(workspace, "owner"))


def ids(answer) -> list[str]:
    return [row["id"] for row in answer.json()["results"]]


def test_a_webhook_is_in_the_thread(account, receive, owner):
    receive("whatsapp", bodies.whatsapp(bodies.text(1)), bodies.echo(2))
    conversations = owner.get("/api/workspaces/acme/conversations").json()["results"]
    assert conversations[0]["contact"]["name"] == "Person 1"
    assert conversations[0]["unread_count"] == 1
    url = f"/api/workspaces/acme/conversations/{conversations[0]['id']}/messages"
    said = owner.get(url).json()["results"]
    assert [(row["direction"], row["text"]) for row in said] == [
        ("out", "answer 2"),
        ("in", "message 1"),
    ]
    assert said[1]["provider_at"].endswith("Z")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=open", {"plain", "mine"}),
        ("status=resolved", {"resolved"}),
        ("channel=whatsapp", {"plain", "mine", "resolved"}),
        ("channel=instagram", set()),
        ("assignee=me", {"mine"}),
        ("assignee=none", {"plain", "resolved"}),
        ("unread=true", {"mine"}),
        ("unread=false", {"plain", "resolved"}),
        ("search=Mee", {"mine"}),
        ("search=nobody", set()),
    ],
)
def test_conversations_are_filtered(query, found, world, workspace, make_member):
    user = make_member(workspace, "sdr")
    world.conversation.delete()
    made = {
        "plain": world.converse(),
        "mine": world.converse(assignee=user, unread_count=2),
        "resolved": world.converse(
            status="resolved", resolved_at="2026-01-01T00:00:00Z"
        ),
    }
    made["mine"].contact.name = "Meena"
    made["mine"].contact.save()
    answer = as_user(user).get(f"{world.root}/conversations?{query}")
    assert set(ids(answer)) == {str(made[name].public_id) for name in found}


@pytest.mark.parametrize(
    "query",
    [
        "status=exploded",
        "channel=fax",
        "assignee=somebody",
        "unread=maybe",
        "ordering=password",
        "cursor=made-up",
        "search=%00",
    ],
)
def test_what_cannot_be_asked_is_a_problem_and_no_crash(query, world, owner):
    answer = owner.get(f"{world.root}/conversations?{query}")
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["type"] == "validation_error"
    assert problem["request_id"]
    assert problem["errors"][0]["attr"] == query.split("=")[0]


def test_pages_hold_everything_once(world, owner):
    for _ in range(24):
        world.converse()
    seen, url = [], f"{world.root}/conversations?limit=10"
    while url:
        answer = owner.get(url)
        seen += ids(answer)
        url = answer.json()["next"]
    assert len(seen) == len(set(seen)) == 25
    times = Conversation.objects.order_by("-last_message_at", "-id")
    assert seen == [str(row.public_id) for row in times]


@pytest.mark.parametrize("path", ["conversations", "contacts", "channels"])
def test_lists_ask_the_same_number_of_questions(path, world, owner):
    counts = []
    for more in (9, 90):
        for _ in range(more):
            world.converse()
        with CaptureQueriesContext(connection) as captured:
            answer = owner.get(f"{world.root}/{path}?limit=100")
        assert answer.status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_thread_asks_the_same_number_of_questions(world, owner):
    url = f"{world.root}/conversations/{world.conversation.public_id}/messages"
    counts = []
    for more in (9, 80):
        for _ in range(more):
            world.say()
        with CaptureQueriesContext(connection) as captured:
            assert owner.get(f"{url}?limit=100").status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_conversation_is_changed_under_its_tag(world, owner):
    url = f"{world.root}/conversations/{world.conversation.public_id}"
    tag = owner.get(url)["ETag"]
    change = {"status": "resolved"}
    headers = {"If-Match": tag}
    answer = owner.patch(url, change, "application/json", headers=headers)
    assert answer.status_code == 200
    assert answer.json()["resolved_at"]
    stale = owner.patch(url, change, "application/json", headers=headers)
    assert stale.status_code == 412
    assert stale.json()["errors"][0]["code"] == "precondition_failed"


def test_reopening_beside_another_open_one_is_a_conflict(world, owner):
    world.conversation.resolve()
    world.converse(contact=world.conversation.contact)
    url = f"{world.root}/conversations/{world.conversation.public_id}"
    answer = owner.patch(url, {"status": "open"}, "application/json")
    assert answer.status_code == 409


def test_only_members_can_be_assigned(world, owner, make_workspace, make_member):
    url = f"{world.root}/conversations/{world.conversation.public_id}"
    stranger = make_member(make_workspace("other"), "sdr")
    for given in (str(stranger.public_id), "x", 7):
        answer = owner.patch(url, {"assignee": given}, "application/json")
        assert answer.status_code == 400
    colleague = make_member(world.workspace, "sdr")
    given = {"assignee": str(colleague.public_id)}
    answer = owner.patch(url, given, "application/json")
    assert answer.json()["assignee"]["email"] == colleague.email


def test_only_what_is_declared_can_be_changed(world, owner):
    url = f"{world.root}/conversations/{world.conversation.public_id}"
    given = {"unread_count": 99, "preview": "x", "workspace": 1, "channel": "facebook"}
    owner.patch(url, given, "application/json")
    row = Conversation.objects.get(pk=world.conversation.pk)
    assert (row.channel, row.workspace_id) == ("whatsapp", world.workspace.pk)
    assert row.unread_count != 99
    assert row.preview != "x"


def channel(**changes) -> dict:
    return {
        "channel": "whatsapp",
        "name": "Second",
        "external_id": "200000000000077",
        "token": "EAAG-very-secret",
        **changes,
    }


def test_a_channel_is_connected_and_takes_up_what_waited(owner, receive):
    receive("whatsapp", bodies.whatsapp(bodies.text(1), account="200000000000077"))
    answer = owner.post("/api/workspaces/acme/channels", channel(), "application/json")
    assert answer.status_code == 201
    assert answer.json()["taken_up"] == 1
    assert "EAAG" not in answer.content.decode()
    assert ChannelAccount.objects.get().token.reveal() == "EAAG-very-secret"


def test_a_channels_token_is_never_answered(owner):
    made = owner.post("/api/workspaces/acme/channels", channel(), "application/json")
    url = f"/api/workspaces/acme/channels/{made.json()['id']}"
    renamed = owner.patch(url, {"name": "New"}, "application/json")
    assert renamed.json()["name"] == "New"
    assert ChannelAccount.objects.get().token.reveal() == "EAAG-very-secret"
    for answer in (owner.get(url), owner.get("/api/workspaces/acme/channels")):
        assert "EAAG" not in answer.content.decode()
        assert "token" not in answer.json()


def test_a_channel_of_somebody_else_is_refused_without_saying_whose(
    owner, make_workspace, make_account
):
    other = make_account(
        workspace=make_workspace("other"), external_id="200000000000077"
    )
    answer = owner.post("/api/workspaces/acme/channels", channel(), "application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "external_id"
    assert other.workspace.name not in answer.content.decode()


def test_a_channel_with_conversations_is_not_deleted(world, owner):
    url = f"{world.root}/channels/{world.account.public_id}"
    assert owner.delete(url).status_code == 409
    empty = owner.post(f"{world.root}/channels", channel(), "application/json").json()
    assert owner.delete(f"{world.root}/channels/{empty['id']}").status_code == 204


@pytest.mark.parametrize("name", list(hostile.DEAD) + list(hostile.KEPT))
def test_hostile_json_is_the_senders_mistake(name, world, owner):
    body = {**hostile.DEAD, **hostile.KEPT}[name]
    url = f"{world.root}/conversations/{world.conversation.public_id}"
    for method, path in (("POST", f"{world.root}/channels"), ("PATCH", url)):
        answer = owner.generic(method, path, body, "application/json")
        assert answer.status_code < 500
    assert owner.get(f"{world.root}/conversations").status_code == 200
    assert owner.get(f"{world.root}/channels").status_code == 200


def test_strange_characters_are_stored_clean(owner):
    given = json.dumps(channel(name="a\x00b\ud800c")).encode()
    answer = owner.post("/api/workspaces/acme/channels", given, "application/json")
    assert answer.status_code == 201
    assert answer.json()["name"] == "ab�c"


def test_marking_as_read(world, owner):
    Conversation.objects.update(unread_count=4)
    url = f"{world.root}/conversations/{world.conversation.public_id}/read"
    assert owner.post(url).json()["unread_count"] == 0


def test_health_without_signing_in(client, db):
    assert client.get("/livez").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert ready["status"] == "degraded"  # no worker runs in this test
    assert ready["backlog"]["webhooks"]["waiting"] == 0


def test_every_answer_carries_a_request_id(client, db):
    assert len(client.get("/livez")["X-Request-ID"]) == 32
    given = {"X-Request-ID": "from-the-proxy-1"}
    assert client.get("/livez", headers=given)["X-Request-ID"] == "from-the-proxy-1"
    forged = {"X-Request-ID": "a b<script>"}
    assert client.get("/livez", headers=forged)["X-Request-ID"] != "a b<script>"


def test_the_committed_schema_is_in_step(tmp_path):
    fresh = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(fresh), validate=True, fail_on_warn=True)
    assert fresh.read_text() == SCHEMA.read_text(), "run make schema"


def test_the_documentation_page_needs_nothing_from_outside(owner):
    html = owner.get(reverse("docs")).content.decode()
    assert "swagger-ui" in html
    assert "https://" not in html.replace("https://www.w3.org", "")


def test_messages_can_be_filtered(world, owner):
    world.say(direction="out", status="sent")
    url = f"{world.root}/conversations/{world.conversation.public_id}/messages"
    assert len(ids(owner.get(f"{url}?direction=out"))) == 1
    assert owner.get(f"{url}?kind=hologram").status_code == 400
    assert Message.objects.count() == 2
