"""Staff of a workspace in the back office: theirs, as the role allows, and no more."""

import pytest
from django.urls import reverse

from inbox.models import ChannelAccount, Contact, Conversation
from inbox.tests.office import page
from inbox.tests.world import build
from teams.models import Membership, User

pytestmark = pytest.mark.django_db
TENANT = ["channelaccount", "contact", "conversation", "message", "channelevent"]
PLATFORM = ["webhookdelivery", "refusedwebhook"]


@pytest.fixture
def ours(workspace):
    return build(workspace, "Asha")


@pytest.fixture
def theirs(make_workspace):
    return build(make_workspace("theirs"), "Canary")


@pytest.fixture
def enter(client, ours, theirs, make_member):
    """enter("sdr") -> a browser of somebody with this role, who may enter the back
    office; enter("sdr", elsewhere="member") has a place in the other workspace too."""

    def enter(role: str, elsewhere: str = ""):
        user = make_member(ours.workspace, role)
        User.objects.filter(pk=user.pk).update(is_staff=True)
        if elsewhere:
            Membership.objects.create(
                workspace=theirs.workspace, user=user, role=elsewhere
            )
        client.force_login(user)
        return client

    return enter


@pytest.mark.parametrize("model", TENANT)
def test_lists_have_only_ours(model, enter):
    staff = enter("owner")
    answer = staff.get(page(f"inbox_{model}"), {"q": "C"})
    assert answer.status_code == 200
    assert "Canary" not in answer.content.decode()
    assert staff.get(page(f"inbox_{model}")).status_code == 200


@pytest.mark.parametrize("model", PLATFORM)
def test_what_has_no_workspace_is_for_the_platform(model, enter):
    staff = enter("owner")
    assert staff.get(page(f"inbox_{model}")).status_code == 403
    assert (
        page(f"inbox_{model}") not in staff.get(reverse("admin:index")).content.decode()
    )


def test_theirs_is_like_absent(enter, ours, theirs):
    staff = enter("owner")
    for row in (theirs.account, theirs.contact, theirs.conversation, theirs.message):
        name = f"inbox_{row._meta.model_name}"
        for view in ("change", "history", "delete"):
            answers = [
                staff.get(reverse(f"admin:{name}_{view}", args=[pk]))
                for pk in (row.pk, 10**9)
            ]
            codes = [answer.status_code for answer in answers]
            assert codes[0] == codes[1] != 200, (name, view)
            assert "Canary" not in answers[0].content.decode()
    state = reverse("admin:inbox_conversation_state", args=[theirs.conversation.pk])
    assert staff.post(state, {"change": "resolve"}).status_code == 404
    theirs.conversation.refresh_from_db()
    assert theirs.conversation.status == "open"


@pytest.mark.parametrize(
    ("role", "may_work", "may_connect"),
    [
        ("owner", True, True),
        ("admin", True, True),
        ("sdr", True, False),
        ("member", False, False),
    ],
)
def test_the_table_decides_in_the_back_office_too(
    role, may_work, may_connect, enter, ours
):
    staff = enter(role)
    state = reverse("admin:inbox_conversation_state", args=[ours.conversation.pk])
    assert staff.post(state, {"change": "resolve"}).status_code == (
        302 if may_work else 403
    )
    ours.conversation.refresh_from_db()
    assert (ours.conversation.status == "resolved") == may_work
    assert staff.get(reverse("admin:inbox_channelaccount_add")).status_code == (
        200 if may_connect else 403
    )
    contact = staff.get(page("inbox_contact", ours.contact.pk)).content.decode()
    assert ('name="_save"' in contact) == may_work


def test_a_channel_is_connected_to_none_but_ours(enter, ours, theirs):
    staff = enter("owner", elsewhere="member")
    data = {
        "channel": "whatsapp",
        "name": "New",
        "external_id": "1",
        "status": "connected",
    }
    url = reverse("admin:inbox_channelaccount_add")
    refused = staff.post(url, data | {"workspace": theirs.workspace.pk})
    assert "workspace" in refused.context["adminform"].form.errors
    assert staff.post(url, data | {"workspace": ours.workspace.pk}).status_code == 302
    assert ChannelAccount.objects.get(name="New").workspace == ours.workspace


def test_filters_name_nobody_elses_rows(enter, ours, theirs):
    staff = enter("owner")
    for model in ("contact", "conversation"):
        url = page(f"inbox_{model}")
        answer = staff.get(url, {"workspace__id__exact": theirs.workspace.pk})
        assert "Theirs" not in answer.content.decode()
        assert answer.context["cl"].result_count == 0
    guess = staff.get(
        page("inbox_conversation"), {"assignee__password__startswith": "m"}
    )
    assert guess.status_code == 400


def test_choices_that_are_typed_are_ours(enter, ours, theirs):
    staff = enter("owner", elsewhere="")
    for field in ("workspace", "assignee"):
        found = staff.get(
            reverse("admin:autocomplete"),
            {"app_label": "inbox", "model_name": "conversation", "field_name": field},
        ).json()["results"]
        shown = {row["text"] for row in found}
        assert shown == {"Acme"} if field == "workspace" else {"Owner"}


def test_the_first_page_counts_ours(enter, theirs):
    theirs.converse(unread_count=7)
    cards = enter("sdr").get(reverse("admin:index")).context["cards"]
    assert {card["title"]: card["value"] for card in cards} == {
        "Open conversations": 1,
        "Unread messages": 3,
        "Channels connected": 1,
    }


def test_a_membership_that_ends_closes_the_door(enter, workspace):
    staff = enter("owner")
    assert staff.get(reverse("admin:index")).status_code == 200
    workspace.memberships.all().delete()
    assert staff.get(reverse("admin:index")).status_code == 302


def test_a_name_may_be_corrected_only_where_the_role_allows(enter, ours, theirs):
    staff = enter("sdr", elsewhere="member")
    forms = {"identities-TOTAL_FORMS": 0, "identities-INITIAL_FORMS": 0}
    for world, code in ((ours, 302), (theirs, 403)):
        url = page("inbox_contact", world.contact.pk)
        assert staff.get(url).status_code == 200
        answer = staff.post(url, {"name": "Corrected", **forms})
        assert answer.status_code == code
    names = set(
        Contact.objects.filter(name="Corrected").values_list("workspace", flat=True)
    )
    assert names == {ours.workspace.pk}
    assert Conversation.objects.count() == 2
