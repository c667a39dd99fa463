"""Labels, canned replies, assignment and merges in the back office."""

import pytest

from inbox.models import AssignmentRule, CannedReply, Contact, Desk, Label
from inbox.tests.office import page
from inbox.tests.world import build
from teams.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(client, workspace, make_member):
    build(workspace)
    user = make_member(workspace, "owner")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client.force_login(user)
    return user


def test_a_canned_reply_knows_its_author_and_its_variables(client, agent, workspace):
    url = page("inbox_cannedreply") + "add/"
    body = {"workspace": workspace.pk, "shortcut": "hi", "text": "Hi {{contact.nick}}"}
    answer = client.post(url, body)
    assert "Nothing fills contact.nick" in answer.content.decode()
    client.post(url, body | {"text": "Hi {{contact.name}}"})
    kept = CannedReply.objects.get(shortcut="hi")
    assert kept.created_by == agent
    client.post(
        page("inbox_cannedreply", kept.pk),
        body | {"text": "Hello", "shortcut": "hello"},
    )
    kept.refresh_from_db()
    assert (kept.shortcut, kept.created_by) == ("hello", agent)


def test_the_lists_show_what_there_is(client, agent, workspace):
    AssignmentRule.objects.create(workspace=workspace, strategy="round_robin")
    Desk.objects.create(workspace=workspace, user=agent, is_available=True)
    for model, word in (
        ("label", "Asha label"),
        ("cannedreply", "/Asha"),
        ("assignmentrule", "Round robin"),
        ("desk", "Owner"),
    ):
        assert word in client.get(page(f"inbox_{model}")).content.decode()
    client.post(
        page("inbox_label") + "add/",
        {"workspace": workspace.pk, "name": "VIP", "colour": "purple"},
    )
    assert str(Label.objects.get(name="VIP")) == "VIP"


def test_an_sdr_makes_labels_but_no_rules(client, workspace, make_member):
    user = make_member(workspace, "sdr")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client.force_login(user)
    assert client.get(page("inbox_label") + "add/").status_code == 200
    assert client.get(page("inbox_assignmentrule") + "add/").status_code == 403


def test_two_contacts_are_merged_and_split(client, agent, workspace):
    first, second, third = (
        Contact.objects.create(workspace=workspace, name=name) for name in "ABC"
    )

    def act(action, *people):
        body = {"action": action, "_selected_action": [one.pk for one in people]}
        page_ = client.post(page("inbox_contact"), body, follow=True)
        return page_.content.decode()

    assert "exactly two" in act("merge", first, second, third)
    assert "B joined A" in act("merge", second, first)
    second.refresh_from_db()
    assert second.merged_into == first
    assert "already" in act("merge", second, third)
    assert "B stands alone again" in act("split", second)
    second.refresh_from_db()
    assert second.merged_into is None
    assert "Nobody was merged into A" in act("split", first)
