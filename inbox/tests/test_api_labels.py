"""Labels, canned replies, assignment, merges and words through the API."""

import pytest

from inbox.models import AssignmentInterval, ContactMerge, Desk, Label
from inbox.searching import Words
from inbox.tests.world import as_user, build

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(workspace):
    return build(workspace, "Asha")


@pytest.fixture
def owner(workspace, make_member):
    return make_member(workspace)


@pytest.fixture
def api(owner, world):
    """api("get", "labels", {...}) -> (status, answer)."""
    client = as_user(owner)

    def call(method, path, body=None):
        answer = getattr(client, method)(
            f"{world.root}/{path}",
            body,
            **({"content_type": "application/json"} if method != "get" else {}),
        )
        return answer.status_code, answer.json() if answer.content else None

    return call


def code_of(answer):
    return answer["errors"][0]["code"]


def test_a_label_is_made_put_on_filtered_by_and_deleted(api, world):
    status, label = api("post", "labels", {"name": "VIP", "colour": "purple"})
    assert (status, label["colour"]) == (201, "purple")
    talk = f"conversations/{world.conversation.public_id}"
    status, answer = api("patch", talk, {"labels": [label["id"]]})
    assert status == 200
    assert answer["labels"] == [{"id": label["id"], "name": "VIP", "colour": "purple"}]
    world.converse()
    _, found = api("get", f"conversations?label={label['id']}")
    assert [row["id"] for row in found["results"]] == [answer["id"]]
    assert api("delete", f"labels/{label['id']}")[0] == 204
    _, answer = api("get", talk)
    assert answer["labels"] == []


def test_a_name_is_taken_once_whatever_its_case(api, world):
    for body in ({"name": "asha LABEL"}, {"name": "Asha label"}):
        status, answer = api("post", "labels", body)
        assert (status, code_of(answer)) == (400, "unique")
    _, other = api("post", "labels", {"name": "Other"})
    status, answer = api("patch", f"labels/{other['id']}", {"name": "ASHA LABEL"})
    assert (status, answer["errors"][0]["attr"]) == (400, "name")


def test_labels_of_others_cannot_be_put_on(api, world, make_workspace):
    foreign = Label.objects.create(workspace=make_workspace("theirs"), name="X")
    talk = f"conversations/{world.conversation.public_id}"
    status, answer = api("patch", talk, {"labels": [str(foreign.public_id)]})
    assert (status, code_of(answer)) == (400, "does_not_exist")


def test_a_canned_reply_is_checked_kept_and_filled_in(api, world, owner):
    body = {"shortcut": "hi", "text": "Hi {{contact.name}}, {{contact.nick}}"}
    status, answer = api("post", "canned-replies", body)
    assert (status, code_of(answer)) == (400, "unknown_variable")
    body["text"] = "Hi {{contact.first_name}}, this is {{agent.name}} "
    status, reply = api("post", "canned-replies", body)
    assert status == 201
    talk = f"conversation={world.conversation.public_id}"
    _, answer = api("get", f"canned-replies/{reply['id']}/rendered?{talk}")
    assert answer == {"text": "Hi Asha, this is Owner ", "missing": []}
    type(owner).objects.update(name="")
    _, answer = api("get", f"canned-replies/{reply['id']}/rendered?{talk}")
    assert answer["missing"] == ["agent.name"]


@pytest.mark.parametrize(
    "body",
    [
        {"shortcut": "", "text": "x"},
        {"shortcut": "a b", "text": "x"},
        {"shortcut": "a/b", "text": "x"},
        {"shortcut": "asha", "text": "taken"},
        {"shortcut": "new", "text": "   "},
        {"shortcut": "new", "text": "x" * 4097},
    ],
)
def test_what_is_no_canned_reply(body, api):
    assert api("post", "canned-replies", body)[0] == 400


def test_assigning_leaves_a_receipt(api, world, owner):
    talk = f"conversations/{world.conversation.public_id}"
    assert api("patch", talk, {"assignee": str(owner.public_id)})[0] == 200
    assert api("patch", talk, {"assignee": None})[0] == 200
    status, answer = api("get", f"{talk}/assignments")
    assert status == 200
    (interval,) = answer["results"]
    assert interval["receipt"]["reason"] == "Owner chose themselves"
    assert interval["ended_at"]
    assert AssignmentInterval.objects.get().ended_by == owner


def test_a_reader_cannot_be_given_work(api, world, make_member):
    reader = make_member(world.workspace, "member")
    talk = f"conversations/{world.conversation.public_id}"
    status, answer = api("patch", talk, {"assignee": str(reader.public_id)})
    assert (status, code_of(answer)) == (409, "not_a_worker")


def test_the_rule_and_my_desk(api, owner):
    assert api("get", "assignment")[1] == {"strategy": "manual", "capacity": 20}
    change = {"strategy": "least_loaded", "capacity": 5}
    assert api("patch", "assignment", change) == (200, change)
    assert api("get", "assignment")[1] == change
    assert api("patch", "assignment", {"capacity": 5_000})[0] == 400
    assert api("get", "desk")[1]["is_available"] is False
    assert api("put", "desk", {})[0] == 400
    status, desk = api("put", "desk", {"is_available": True, "capacity": 3})
    assert (status, desk["capacity"]) == (200, 3)
    assert api("get", "desk")[1] == desk
    assert Desk.objects.get().user == owner


def test_merge_and_split(api, world):
    asha = f"contacts/{world.contact.public_id}"
    status, record = api(
        "post", f"{asha}/merge", {"contact": str(world.other.public_id)}
    )
    assert (status, record["joined"]["name"]) == (200, "Asha Twin")
    assert api("get", f"contacts/{world.other.public_id}")[0] == 404
    _, merges = api("get", f"{asha}/merges")
    assert [row["joined"]["name"] for row in merges["results"]] == [
        "Asha Twin",
        "Asha Old",
    ]
    status, undone = api("post", f"{asha}/split", {"merge": record["id"]})
    assert (status, undone["undone_by"]["name"]) == (200, "Owner")
    assert api("get", f"contacts/{world.other.public_id}")[0] == 200
    assert api("post", f"{asha}/split", {})[1]["joined"]["name"] == "Asha Old"
    status, answer = api("post", f"{asha}/split", {})
    assert (status, code_of(answer)) == (409, "not_merged")
    assert ContactMerge.objects.filter(undone_at=None).count() == 0
    status, answer = api("post", f"{asha}/merge", {"contact": "nobody"})
    assert status == 400


@pytest.mark.parametrize(("rare", "few"), [(20_000, 5_000), (0, 0), (20_000, 0)])
def test_words_find_conversations_and_messages(rare, few, api, world, monkeypatch):
    monkeypatch.setattr(Words, "RARE", rare)
    monkeypatch.setattr(Words, "FEW", few)
    talk = world.converse()
    said = world.say(talk, text="Do you have नारियल oil?")
    world.say(text="something else")
    for term in ("coconut", "नारियल", "नारि oil"):
        _, found = api("get", f"conversations?search={term}")
        wanted = [] if term == "coconut" else [str(talk.public_id)]
        assert [row["id"] for row in found["results"]] == wanted
        _, found = api("get", f"messages?search={term}")
        wanted = [] if term == "coconut" else [str(said.public_id)]
        assert [row["id"] for row in found["results"]] == wanted
    _, everything = api("get", "messages?limit=2")
    assert everything["results"][0]["text"] == "something else"
    assert everything["results"][0]["conversation"]["channel"] == "whatsapp"
