"""Replies over the API: what is asked for, what is refused, what is done once."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection

from inbox.models import Conversation, Gesture, Mention, Message
from inbox.tests.replying import approve, file, say, talk
from inbox.tests.sandboxed import deliver
from inbox.tests.world import as_user
from teams.models import IdempotencyKey

OLD = timedelta(hours=25)


@pytest.fixture
def agent(account, make_member):
    return make_member(account.workspace, "sdr")


@pytest.fixture
def client(agent):
    return as_user(agent)


def url_of(conversation: Conversation, edge: str = "messages") -> str:
    return f"/api/workspaces/acme/conversations/{conversation.public_id}/{edge}"


def post(client, url: str, body: dict | None = None, key: str = "", **headers):
    headers["Idempotency-Key"] = key or str(uuid.uuid4())
    return client.post(url, body or {}, "application/json", headers=headers)


@pytest.mark.django_db
def test_a_reply_is_queued(account, client, agent):
    conversation = talk(account)
    theirs = conversation.messages.get()
    answer = post(
        client,
        url_of(conversation),
        {
            "text": "Which one?",
            "choices": [{"id": "a", "title": "A"}],
            "reply_to": str(theirs.public_id),
        },
    )
    told = answer.json()
    assert (answer.status_code, told["status"], told["kind"]) == (
        201,
        "queued",
        "interactive",
    )
    assert told["author"]["id"] == str(agent.public_id)
    assert told["parts"] == [told["id"]]
    assert told["reply_to"] == theirs.external_id


@pytest.mark.django_db
def test_a_long_text_is_split_where_that_is_asked_for(account, client):
    conversation = talk(account)
    long = "word " * 1000
    refused = post(client, url_of(conversation), {"text": long})
    problem = refused.json()["errors"][0]
    assert (refused.status_code, problem["code"], problem["attr"]) == (
        400,
        "text_too_long",
        "text",
    )
    told = post(client, url_of(conversation), {"text": long, "split": True}).json()
    assert len(told["parts"]) == 2
    second = client.get(f"/api/workspaces/acme/messages/{told['parts'][1]}").json()
    assert second["depends_on"] == told["id"]


@pytest.mark.django_db
def test_a_closed_window_says_what_can_be_sent_instead(account, client):
    conversation = talk(account, wrote=OLD)
    refused = post(client, url_of(conversation), {"text": "Hi"})
    problem = refused.json()
    assert (refused.status_code, problem["errors"][0]["code"]) == (
        409,
        "window_closed",
    )
    assert problem["allowed"] == ["template", "note"]
    assert problem["rule"] == "template"
    approve(account)
    use = {"name": "hello", "language": "en", "parameters": {"1": "Asha"}}
    told = post(client, url_of(conversation), {"template": use}).json()
    assert told["text"] == "Hello Asha, it is ready."
    empty = {"name": "hello", "language": "en"}
    refused = post(client, url_of(conversation), {"template": empty})
    assert refused.json()["errors"][0]["attr"] == "template"


@pytest.mark.django_db
def test_a_stopped_channel_says_why(account, client):
    conversation = talk(account)
    account.stop_sending("Sale is over")
    refused = post(client, url_of(conversation), {"text": "Hi"})
    problem = refused.json()["errors"][0]
    assert (problem["code"], "Sale is over" in problem["detail"]) == (
        "channel_closed",
        True,
    )


@pytest.mark.django_db
def test_a_note_mentions_colleagues_of_the_workspace(
    account, client, make_member, make_workspace
):
    conversation = talk(account)
    colleague = make_member(account.workspace, "admin")
    stranger = make_member(make_workspace("theirs"), "owner")
    body = {"kind": "note", "text": "Look", "mentions": [str(colleague.public_id)]}
    told = post(client, url_of(conversation), body).json()
    assert [who["user"] for who in told["mentions"]] == [str(colleague.public_id)]
    assert (told["direction"], told["status"]) == ("note", "noted")
    body["mentions"] = [str(stranger.public_id)]
    assert post(client, url_of(conversation), body).status_code == 400
    assert Mention.objects.count() == 1
    found = "/api/workspaces/acme/conversations?mentions=me"
    (row,) = as_user(colleague).get(found).json()["results"]
    assert row["id"] == str(conversation.public_id)
    assert client.get(found).json()["results"] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "   "},
        {"text": "x" * 50_001},
        {"kind": "shout", "text": "x"},
        {"text": "x", "reply_to": "nothing"},
        {"text": "x", "reply_to": str(uuid.uuid4())},
        {"text": "x", "attachments": [str(uuid.uuid4())]},
        {"text": "x", "choices": [{"id": "a"}]},
        {"text": "x", "choices": [{"id": "a", "title": "t" * 21}]},
        {"template": {"name": "x"}},
        {"template": {"name": "none", "language": "en"}},
        {"text": "x", "mentions": ["x"]},
    ],
)
def test_what_cannot_be_said_is_refused_in_words(body, account, client):
    answer = post(client, url_of(talk(account)), body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"]
    assert Message.objects.filter(direction="out").count() == 0


@pytest.mark.django_db
def test_files_go_with_the_reply_and_only_once(account, client):
    conversation = talk(account)
    picture = file(account)
    body = {"text": "Look", "attachments": [str(picture.public_id)]}
    told = post(client, url_of(conversation), body).json()
    assert (told["kind"], told["text"]) == ("image", "Look")
    assert [row["id"] for row in told["attachments"]] == [str(picture.public_id)]
    assert post(client, url_of(conversation), body).status_code == 400
    many = [str(file(account).public_id) for _ in range(11)]
    assert post(client, url_of(conversation), {"attachments": many}).status_code == 400


@pytest.mark.django_db
def test_a_key_is_needed_and_answers_again(account, client):
    conversation = talk(account)
    url = url_of(conversation)
    missing = client.post(url, {"text": "Hi"}, "application/json")
    assert missing.status_code == 400
    first = post(client, url, {"text": "Hi"}, "one")
    again = post(client, url, {"text": "Hi"}, "one")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert post(client, url, {"text": "Other"}, "one").status_code == 422
    assert Message.objects.filter(direction="out").count() == 1


@pytest.mark.django_db
def test_another_user_has_keys_of_their_own(account, client, make_member):
    url = url_of(talk(account))
    other = as_user(make_member(account.workspace, "admin"))
    assert post(client, url, {"text": "Hi"}, "one").status_code == 201
    assert post(other, url, {"text": "Hi"}, "one").status_code == 201
    assert Message.objects.filter(direction="out").count() == 2


def at_once(agent, url: str, keys: list[str]) -> list[int]:
    """The statuses of as many requests at the same time as there are keys."""
    barrier, found = threading.Barrier(len(keys)), []

    def ask(key: str) -> None:
        browser = as_user(agent)
        barrier.wait()
        try:
            found.append(post(browser, url, {"text": "Once"}, key).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=[key]) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_with_one_key_have_one_effect(account, agent):
    conversation = talk(account)
    statuses = at_once(agent, url_of(conversation), ["same"] * 20)
    assert set(statuses) <= {201, 409}
    assert statuses.count(201) >= 1
    assert Message.objects.filter(direction="out").count() == 1
    assert IdempotencyKey.objects.get().status == 201


@pytest.mark.django_db(transaction=True)
def test_the_control_with_a_key_for_each_has_as_many(account, agent):
    conversation = talk(account)
    keys = [str(n) for n in range(5)]
    assert at_once(agent, url_of(conversation), keys) == [201] * 5
    assert Message.objects.filter(direction="out").count() == 5


@pytest.mark.django_db
def test_failed_messages_are_sent_again_or_marked(account, client):
    root = "/api/workspaces/acme/messages"
    first, second = say(talk(account)), say(talk(account, "2"))
    Message.objects.filter(pk=first.pk).update(status="failed", status_rank=4)
    Message.objects.filter(pk=second.pk).update(status="unconfirmed", status_rank=2)
    again = post(client, f"{root}/{first.public_id}/resend")
    assert (again.status_code, again.json()["status"]) == (200, "queued")
    assert post(client, f"{root}/{first.public_id}/resend").status_code == 409
    marked = post(client, f"{root}/{second.public_id}/mark-sent")
    assert marked.json()["status"] == "sent"


@pytest.mark.django_db
def test_it_is_kept_who_decided(number, meta, make_member):
    agent = make_member(number.workspace, "sdr")
    meta.faults.add(when="after", how="reset")
    message = say(talk(number))
    deliver()
    Message.objects.filter(status="unknown").update(status="unconfirmed")
    url = f"/api/workspaces/acme/messages/{message.public_id}/resend"
    assert post(as_user(agent), url).status_code == 200
    deliver()
    first, second = message.sends.order_by("number")
    assert (first.decision, first.decided_by) == ("resent", agent)
    assert first.decided_at
    assert (second.decision, second.decided_by) == ("", None)


@pytest.mark.django_db
def test_reactions_reading_and_typing(account, client):
    conversation = talk(account)
    theirs = conversation.messages.get()
    Conversation.objects.update(unread_count=1)
    url = f"/api/workspaces/acme/messages/{theirs.public_id}/react"
    told = post(client, url, {"emoji": "👍"}).json()
    assert [(r["emoji"], r["contact"]) for r in told["reactions"]] == [("👍", None)]
    assert client.post(url_of(conversation, "typing")).status_code == 204
    assert client.post(url_of(conversation, "read")).status_code == 200
    assert client.post(url_of(conversation, "read")).status_code == 200
    kinds = Gesture.objects.values_list("kind", flat=True)
    assert sorted(kinds) == ["reaction", "seen", "typing"]


@pytest.mark.django_db
def test_a_member_who_only_reads_writes_nothing(account, make_member):
    conversation = talk(account)
    client = as_user(make_member(account.workspace, "member"))
    assert post(client, url_of(conversation), {"text": "Hi"}).status_code == 403
    assert client.post(url_of(conversation, "typing")).status_code == 403
    assert client.get(url_of(conversation, "window")).status_code == 200
