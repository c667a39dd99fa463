"""The back office's "view as": what a member sees and may do, and why."""

import pytest
from django.urls import reverse

from inbox.seen import seen
from inbox.tests import bodies
from teams.models import Membership, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def sdr(workspace, make_member) -> Membership:
    return Membership.objects.get(user=make_member(workspace, "sdr"))


def test_what_a_member_sees_and_may_do(
    client, workspace, make_member, sdr, account, receive
):
    admin = make_member(workspace, "admin")
    User.objects.filter(pk=admin.pk).update(is_staff=True)
    receive("whatsapp", bodies.whatsapp(bodies.text(1)))
    client.force_login(admin)
    page = client.get(reverse("admin:teams_membership_change", args=[sdr.pk]))
    assert page.status_code == 200
    found = {item.name: item for item in page.context["seen"]}
    assert (found["Conversations"].count, found["Conversations"].total) == (1, 1)
    assert found["Leads"].why == (
        "SDRs see their own leads and those that are nobody's."
    )
    may = {item.name: item.is_allowed for item in page.context["actions"]}
    assert may["Answer, assign and resolve conversations"]
    assert not may["Connect and change channels"]


def test_as_it_would_be_with_another_role(client, workspace, make_member, sdr):
    owner = make_member(workspace, "owner")
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    client.force_login(owner)
    url = reverse("admin:teams_membership_seen_as", args=[sdr.pk])
    imagined = client.get(url, {"role": "owner"}).context
    assert imagined["role"] == "owner"
    assert all(item.is_allowed for item in imagined["actions"])
    leads = next(item for item in imagined["seen"] if item.name == "Leads")
    assert leads.why == "Owners see every lead."
    assert client.get(url, {"role": "no role"}).context["role"] == "sdr"
    assert Membership.objects.get(pk=sdr.pk).role == "sdr"


def test_a_role_that_reads_nothing_sees_nothing(sdr, account):
    assert [count for _, count, *_ in seen(sdr, "sdr")] == [0, 0, 1, 0]


def test_the_workspace_may_show_sdrs_every_lead(client, workspace, make_member, sdr):
    from leads.seen import why

    settings = workspace.lead_settings
    settings.sdr_sees_all = True
    settings.save()
    assert why(sdr) == "SDRs see every lead, as the workspace's settings say."
    sdr.role = "nobody"
    assert why(sdr) == "The role reads nothing."
