"""Roles that change, members who go, ownership that passes on (T22 to T24)."""

import pytest
from django.db.models import QuerySet
from django.test import Client
from rest_framework import exceptions

from flexoraa.lib.errors import Conflict
from flexoraa.lib.tests.races import at_once
from teams import departures, members, roles
from teams.models import ApiKey, Departure, Invitation, Membership, User
from teams.roles import Role
from teams.tests.people import verified

pytestmark = pytest.mark.django_db
ROOT = "/api/workspaces/acme/admin"


@pytest.fixture
def owner(workspace, make_member):
    return make_member(workspace)


@pytest.fixture
def api(client, owner):
    client.force_login(owner)
    return client


def place(user) -> Membership:
    return user.memberships.select_related("workspace", "user").get()


def give(client, user, role):
    return client.patch(
        f"{ROOT}/users/{user.public_id}/role",
        {"role": role},
        content_type="application/json",
    )


def code_of(response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def as_user(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_of_fifty_invitations_ten_are_above_an_admin(workspace, make_member):
    """T22: all or none."""
    admin = as_user(make_member(workspace, "admin"))
    body = [
        {"email": f"{number}@example.com", "role": "owner" if number < 10 else "sdr"}
        for number in range(50)
    ]
    for wanted, status, made in ((body, 403, 0), (body[10:], 201, 40)):
        answer = admin.post(
            f"{ROOT}/invite",
            wanted,
            content_type="application/json",
            headers={"Idempotency-Key": str(made)},
        )
        assert answer.status_code == status
        assert Invitation.objects.count() == made


def test_the_list_says_who_is_there(api, owner, workspace, make_member):
    sdr = make_member(workspace, "sdr")
    Membership.objects.filter(user=sdr).update(last_seen_at=None)
    first, second = api.get(f"{ROOT}/users").json()["results"]
    assert first["id"] == str(owner.public_id)
    assert first["last_seen_at"]
    assert second == {
        "id": str(sdr.public_id),
        "name": "Sdr",
        "email": "sdr@acme.example",
        "role": "sdr",
        "is_active": True,
        "created_at": second["created_at"],
        "last_seen_at": None,
        "open_work": dict.fromkeys(second["open_work"], 0),
    }
    as_user(sdr).get(f"{ROOT}/users")
    assert api.get(f"{ROOT}/users").json()["results"][1]["last_seen_at"]


def test_it_takes_as_many_queries_for_many(
    api, workspace, make_member, settings, django_assert_num_queries
):
    for number in range(40):
        make_member(workspace, "sdr", f"{number}@acme.example")
    each = len(settings.OPEN_WORK)
    with django_assert_num_queries(4 + each):  # session, user, membership, rows
        assert len(api.get(f"{ROOT}/users").json()["results"]) == 41


@pytest.mark.parametrize("giver", Role.values)
@pytest.mark.parametrize("before", Role.values)
@pytest.mark.parametrize("after", Role.values)
def test_the_table_says_who_gives_what(giver, before, after, workspace, make_member):
    make_member(workspace, "owner", "another@acme.example")
    asker = make_member(workspace, giver, "asker@acme.example")
    other = make_member(workspace, before, "other@acme.example")
    response = give(as_user(asker), other, after)
    may = (
        roles.may(giver, roles.Action.MANAGE_TEAM)
        and roles.may_give(giver, before)
        and roles.may_give(giver, after)
    )
    assert response.status_code == (200 if may else 403)
    assert place(other).role == (after if may else before)


def test_a_change_counts_from_the_next_request(api, workspace, make_member):
    user = make_member(workspace, "member")
    client = as_user(user)
    rename = {"name": "Mine"}

    def may_rename():
        url = "/api/workspaces/acme"
        return client.patch(url, rename, content_type="application/json").status_code

    assert may_rename() == 403
    give(api, user, "admin")
    assert may_rename() == 200
    give(api, user, "sdr")
    assert may_rename() == 403
    api.delete(f"{ROOT}/users/{user.public_id}")
    assert may_rename() == 404


def test_the_last_owner_stays(api, owner, workspace, make_member):
    gone = make_member(workspace, "owner", "gone@acme.example")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert code_of(give(api, owner, "admin")) == (409, "last_owner")
    leave = api.post(f"{ROOT}/leave")
    assert code_of(leave) == (409, "last_owner")
    remove = api.delete(f"{ROOT}/users/{owner.public_id}")
    assert code_of(remove) == (409, "last_owner")
    assert place(owner).role == "owner"


def test_ownership_passes_on(api, owner, workspace, make_member):
    user = make_member(workspace, "sdr")
    url = f"{ROOT}/users/{user.public_id}/transfer-ownership"
    assert as_user(make_member(workspace, "admin")).post(url).status_code == 403
    assert api.post(url).json()["role"] == "owner"
    assert (place(user).role, place(owner).role) == ("owner", "admin")
    assert api.post(url).status_code == 403
    mine = f"{ROOT}/users/{user.public_id}/transfer-ownership"
    assert as_user(user).post(mine).status_code == 409


def test_anybody_may_leave(workspace, owner, make_member):
    user = make_member(workspace, "member")
    assert as_user(user).post(f"{ROOT}/leave").status_code == 204
    assert not user.memberships.exists()


def test_nobody_removes_who_is_above_them(workspace, owner, make_member):
    admin = as_user(make_member(workspace, "admin"))
    response = admin.delete(f"{ROOT}/users/{owner.public_id}")
    assert code_of(response) == (403, "permission_denied")


def test_what_they_offered_is_withdrawn_and_their_keys_end(
    api, owner, workspace, make_member
):
    admin = make_member(workspace, "admin")
    for email, role in (("a@x.com", "admin"), ("b@x.com", "sdr")):
        invitation = Invitation(workspace=workspace, email=email, role=role)
        invitation.invited_by = admin
        invitation.renew()
        invitation.save()
    make = ApiKey.objects.make
    make(workspace=workspace, made_by=admin, name="k", role="admin")
    give(api, admin, "admin")
    assert Invitation.objects.pending().count() == 2
    give(api, admin, "sdr")
    assert not Invitation.objects.pending().exists()
    api.delete(f"{ROOT}/users/{admin.public_id}")
    assert not ApiKey.objects.exists()


class Desk:
    """An app above this one, that has work."""

    def __init__(self) -> None:
        self.work: dict[int, int] = {}

    def count(self, workspace, users):
        return {user.pk: self.work.get(user.pk, 0) for user in users}

    def hand_over(self, departure, limit):
        moved = min(limit, self.work.get(departure.user_id, 0))
        self.work[departure.user_id] -= moved
        heir = departure.heir.pk if departure.heir else 0
        self.work[heir] = self.work.get(heir, 0) + moved
        return moved


@pytest.fixture
def desk(monkeypatch, settings):
    found = Desk()
    settings.OPEN_WORK = {"things": "desk"}
    monkeypatch.setattr(departures, "_module", lambda path: found)
    monkeypatch.setattr(departures, "BATCH", 4)
    return found


def test_it_must_be_said_where_their_work_goes(api, workspace, make_member, desk):
    sdr = make_member(workspace, "sdr")
    heir = make_member(workspace, "sdr", "heir@acme.example")
    reader = make_member(workspace, "member")
    desk.work[sdr.pk] = 10
    url = f"{ROOT}/users/{sdr.public_id}"
    response = api.delete(url)
    assert code_of(response) == (409, "open_work")
    assert "10 things" in response.json()["errors"][0]["detail"]
    for nobody in (reader.public_id, sdr.public_id, "x", "0" * 32):
        assert api.delete(f"{url}?reassign_to={nobody}").status_code == 400
    assert sdr.memberships.exists()
    assert api.delete(f"{url}?reassign_to={heir.public_id}").status_code == 204
    assert [departures.drain() for _ in range(5)] == [4, 4, 2, 0, 0]
    assert desk.work == {sdr.pk: 0, heir.pk: 10}
    departure = Departure.objects.get()
    assert departure.done_at
    assert departure.moved == 10


@pytest.mark.parametrize("way", ["nobody", "an heir who left"])
def test_it_may_be_nobodys(way, api, workspace, make_member, desk):
    sdr = make_member(workspace, "sdr")
    heir = make_member(workspace, "sdr", "heir@acme.example")
    desk.work[sdr.pk] = 3
    wanted = "nobody" if way == "nobody" else heir.public_id
    api.delete(f"{ROOT}/users/{sdr.public_id}?reassign_to={wanted}")
    heir.memberships.all().delete()
    while departures.drain():
        pass
    assert desk.work == {sdr.pk: 0, 0: 3}


def test_an_actor_is_who_they_are_now(workspace, make_member):
    """What was read before the lock may be old."""
    owner, other = make_member(workspace), make_member(workspace, "owner", "b@x.com")
    actor, target = place(other), place(owner)
    Membership.objects.filter(pk=actor.pk).update(role="admin")
    with pytest.raises(exceptions.PermissionDenied):
        members.change_role(target, "sdr", actor=actor)
    actor.user.memberships.all().delete()
    with pytest.raises(exceptions.PermissionDenied):
        members.remove(target, actor=actor)
    stale = place(owner)
    owner.memberships.all().delete()
    with pytest.raises(exceptions.NotFound):
        members.change_role(stale, "sdr", actor=stale)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestRaces:
    """Two owners who demote each other at the same moment."""

    def ownerless(self, workspace, make_member, rounds: int) -> int:
        """How many of so many races leave a workspace without an owner."""
        a = place(make_member(workspace, "owner", "a@acme.example"))
        b = place(make_member(workspace, "owner", "b@acme.example"))
        found = 0
        for _ in range(rounds):
            Membership.objects.update(role="owner")
            pair = [(a, b), (b, a)]

            def demote(number, pair=pair):
                target, actor = pair[number]
                try:
                    members.change_role(target, "admin", actor=actor)
                except (Conflict, exceptions.PermissionDenied):
                    pass

            assert not at_once(2, demote)
            found += not Membership.objects.filter(role="owner").exists()
        return found

    def test_one_owner_stays_in_a_hundred_races(self, workspace, make_member):
        assert self.ownerless(workspace, make_member, 100) == 0

    def test_control_without_the_lock_none_stays(
        self, workspace, make_member, monkeypatch
    ):
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **k: self)
        assert self.ownerless(workspace, make_member, 100) > 10


def test_people_made_by_hand_are_verified(workspace, make_member):
    assert verified(make_member(workspace)).emailaddress_set.get().verified
