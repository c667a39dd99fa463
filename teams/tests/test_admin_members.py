"""Members and invitations in the back office: in bulk, shown before it is done."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.urls import reverse

from teams import invitations
from teams.models import Departure, Membership, User

pytestmark = pytest.mark.django_db
LIST = "admin:teams_membership_changelist"


@pytest.fixture
def team(workspace, make_member):
    """{"owner": …} of our workspace, each of whom may enter the back office."""
    people = {
        role: make_member(workspace, role)
        for role in ("owner", "admin", "sdr", "member")
    }
    User.objects.update(is_staff=True)
    return {
        role: Membership.objects.get(user=user, workspace=workspace)
        for role, user in people.items()
    }


@pytest.fixture
def theirs(make_workspace, make_member):
    other = make_workspace("theirs")
    make_member(other, "owner")
    return Membership.objects.get(user=make_member(other, "sdr"))


def act(client, action, rows, **data):
    ids = [row.pk for row in rows]
    return client.post(
        reverse(LIST),
        {"action": action, "index": 0, "_selected_action": ids, **data},
    )


def roles(*memberships) -> list[str]:
    return [Membership.objects.get(pk=row.pk).role for row in memberships]


def test_a_role_is_shown_before_it_is_given(client, team):
    client.force_login(team["owner"].user)
    both = [team["sdr"], team["member"]]
    page = act(client, "give_role", both, role="admin")
    shown = page.content.decode()
    assert "SDR → Admin" in shown
    assert "Member → Admin" in shown
    assert page.context["allowed"] == 2
    assert roles(*both) == ["sdr", "member"]
    done = act(client, "give_role", both, role="admin", confirmed="yes")
    assert done.status_code == 302
    assert roles(*both) == ["admin", "admin"]
    assert LogEntry.objects.count() == 2


def test_each_row_that_may_not_be_is_told_why(client, team):
    client.force_login(team["admin"].user)
    everybody = list(team.values())
    page = act(client, "give_role", everybody, role="sdr")
    refused = {
        outcome.member.role: outcome.refused for outcome in page.context["outcomes"]
    }
    assert refused["owner"]
    assert not refused["sdr"]
    assert not refused["member"]
    assert roles(team["owner"], team["member"]) == ["owner", "member"]


@pytest.mark.parametrize("across", ["0", "1"])
def test_of_fifty_members_ten_are_above_an_admin(
    across, client, team, workspace, make_member
):
    """T22: forty done, ten told why not, never fifty."""
    many = [
        make_member(workspace, role, f"{role}{number}@acme.example")
        for role, count in (("member", 40), ("owner", 10))
        for number in range(count)
    ]
    rows = list(workspace.memberships.filter(user__in=many))
    assert len(rows) == 50
    client.force_login(team["admin"].user)
    listed = {"select_across": across}  # with it, whoever is in the list
    owners = [row.pk for row in rows if row.role == "owner"]
    if across == "1":
        owners.append(team["owner"].pk)
    page = act(client, "give_role", rows, role="sdr", **listed)
    refused = [each.member.pk for each in page.context["outcomes"] if each.refused]
    assert set(owners) <= set(refused)
    assert page.context["allowed"] >= 40
    act(client, "give_role", rows, role="sdr", confirmed="yes", **listed)
    assert workspace.memberships.filter(user__in=many, role="sdr").count() == 40
    assert workspace.memberships.filter(user__in=many, role="owner").count() == 10
    assert roles(team["owner"]) == ["owner"]


def test_nobody_gives_a_role_above_their_own(client, team):
    client.force_login(team["admin"].user)
    act(client, "give_role", [team["sdr"]], role="owner", confirmed="yes")
    assert roles(team["sdr"]) == ["sdr"]


def test_the_last_owner_stays_even_when_all_are_chosen(
    client, team, workspace, make_member
):
    second = Membership.objects.get(user=make_member(workspace, "owner", "b@x.example"))
    client.force_login(team["owner"].user)
    page = act(client, "give_role", [second, team["owner"]], role="sdr")
    assert sum(bool(outcome.refused) for outcome in page.context["outcomes"]) == 1
    act(client, "give_role", [second, team["owner"]], role="sdr", confirmed="yes")
    assert workspace.memberships.filter(role="owner").count() == 1


def test_who_is_removed_leaves_their_work_to_an_heir(client, team):
    client.force_login(team["owner"].user)
    page = act(client, "remove", [team["member"]])
    assert "Member → removed" in page.content.decode()
    assert team["sdr"].user in page.context["heirs"]
    assert team["member"].user not in page.context["heirs"]
    act(
        client,
        "remove",
        [team["member"]],
        heir=team["sdr"].user.pk,
        confirmed="yes",
    )
    assert not Membership.objects.filter(pk=team["member"].pk).exists()
    assert Departure.objects.get().heir == team["sdr"].user


def test_an_heir_who_may_not_work_is_refused(client, team):
    client.force_login(team["owner"].user)
    page = act(client, "remove", [team["sdr"]], heir=team["member"].user.pk)
    assert page.context["outcomes"][0].refused
    act(client, "remove", [team["sdr"]], heir="no number", confirmed="yes")
    assert Departure.objects.get().heir is None


@pytest.mark.parametrize("role", ["sdr", "member"])
def test_who_may_not_manage_the_team_has_no_such_action(role, client, team):
    client.force_login(team[role].user)
    act(client, "give_role", [team["member"]], role="owner", confirmed="yes")
    act(client, "remove", [team["owner"]], confirmed="yes")
    assert roles(*team.values()) == ["owner", "admin", "sdr", "member"]


def test_where_the_role_is_lower_the_rows_are_left_out(client, team, theirs):
    owner = team["owner"].user
    Membership.objects.create(workspace=theirs.workspace, user=owner, role="member")
    client.force_login(owner)
    both = [team["member"], theirs]
    page = act(client, "give_role", both, role="admin")
    assert [outcome.member for outcome in page.context["outcomes"]] == [team["member"]]
    act(client, "give_role", both, role="admin", confirmed="yes", select_across=1)
    assert roles(theirs) == ["sdr"]


def test_a_superuser_changes_nothing_where_they_are_no_member(client, team):
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    page = act(client, "give_role", [team["sdr"]], role="owner")
    assert "no member" in page.context["outcomes"][0].refused
    act(client, "give_role", [team["sdr"]], role="owner", confirmed="yes")
    assert roles(team["sdr"]) == ["sdr"]


def test_nobody_elses_member_is_looked_at(client, team, theirs):
    client.force_login(team["owner"].user)
    url = reverse("admin:teams_membership_seen_as", args=[theirs.pk])
    assert client.get(url).status_code == 404


@pytest.fixture
def invited(team, workspace):
    wanted = {"new@example.com": "sdr"}
    (outcome,) = invitations.invite(workspace, wanted, actor=team["owner"])
    return outcome.invitation


def test_invitations_are_sent_again_and_revoked(client, team, invited):
    client.force_login(team["owner"].user)
    url = reverse("admin:teams_invitation_changelist")
    assert "Pending" in client.get(url).content.decode()
    shown = client.get(reverse("admin:teams_invitation_change", args=[invited.pk]))
    assert bytes(invited.token_hash).hex() not in shown.content.decode()
    old = bytes(invited.token_hash)
    data = {"index": 0, "_selected_action": [invited.pk]}
    client.post(url, {"action": "send_again", **data})
    invited.refresh_from_db()
    assert bytes(invited.token_hash) != old
    client.post(url, {"action": "revoke", **data})
    invited.refresh_from_db()
    assert invited.revoked_at
    assert "Revoked" in client.get(url).content.decode()
    assert isinstance(mail.outbox, list)


@pytest.mark.parametrize("role", ["sdr", "member"])
def test_invitations_are_for_who_manages_the_team(role, client, team, invited):
    client.force_login(team[role].user)
    url = reverse("admin:teams_invitation_changelist")
    assert client.get(url).status_code == 403
    data = {"action": "revoke", "index": 0, "_selected_action": [invited.pk]}
    assert client.post(url, data).status_code == 403
    invited.refresh_from_db()
    assert invited.revoked_at is None
