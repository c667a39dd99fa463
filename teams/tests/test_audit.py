"""What changes is put down: what, by whom, by which door; and never a secret."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from flexoraa.lib import sets
from flexoraa.lib.acting import Actor, acting
from teams.models import AuditEvent, Membership, User, Workspace

pytestmark = pytest.mark.django_db


def trail(**which):
    """(subject, label, action, changes) of the events, the oldest first."""
    events = AuditEvent.objects.filter(**which).order_by("id")
    return [(e.subject, e.label, e.action, e.changes) for e in events]


def test_a_row_that_comes_changes_and_goes(workspace, make_member):
    user = make_member(workspace, "sdr")
    place = user.memberships.get()
    place.role = "admin"
    place.save()
    place.save()  # changes nothing
    place.delete()
    whole = {"role": "sdr", "user": str(user.public_id)}
    assert trail(subject="membership", workspace=workspace) == [
        ("membership", user.email, "insert", {k: [None, v] for k, v in whole.items()}),
        ("membership", user.email, "update", {"role": ["sdr", "admin"]}),
        (
            "membership",
            user.email,
            "delete",
            {"role": ["admin", None], "user": [str(user.public_id), None]},
        ),
    ]


def test_a_statement_over_many_rows_is_put_down_row_by_row(workspace, make_member):
    for number in range(5):
        make_member(workspace, "sdr", f"{number}@acme.example")
    make_member(workspace, "admin")
    workspace.memberships.update(role="admin")
    changed = trail(subject="membership", action="update")
    assert [label for _, label, _, _ in changed] == [
        f"{number}@acme.example" for number in range(5)
    ]


def test_a_workspace_has_its_own_trail_and_users_none(workspace, make_workspace):
    theirs = make_workspace("theirs")
    theirs.limits = {"seats": 3}
    theirs.save()
    User.objects.create_user("a@example.com", "x")
    assert [e[2] for e in trail(workspace=workspace)] == ["insert"]
    assert trail(workspace=theirs)[1][3] == {"limits": [{}, {"seats": 3}]}
    assert [e[0] for e in trail(workspace=None)] == ["user"]


def test_of_a_secret_only_that_it_changed(workspace):
    user = User.objects.create_user("a@example.com", "first password")
    user.set_password("second password")
    user.save()
    user.name = "Asha"
    user.save()
    events = trail(subject="user")
    assert [changes for *_, changes in events[1:]] == [
        {"password": [None, "•••"]},
        {"name": ["", "Asha"]},
    ]
    assert "md5" not in str(events)


def test_the_trail_is_not_rewritten(workspace):
    for change in (
        lambda: AuditEvent.objects.update(label="x"),
        lambda: AuditEvent.objects.all().delete(),
        lambda: sets.execute("DELETE FROM teams_auditevent"),
    ):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            change()
    assert trail()


def test_who_did_it_by_which_door(client, workspace, make_member):
    owner = make_member(workspace)
    client.force_login(owner)
    client.patch(
        "/api/workspaces/acme",
        {"name": "Renamed"},
        content_type="application/json",
        headers={"X-Request-ID": "request-0001"},
    )
    event = AuditEvent.objects.get(subject="workspace", action="update")
    assert (event.actor, event.door, event.request_id) == (owner, "api", "request-0001")


def test_the_back_office_is_a_door_too(client, workspace):
    root = User.objects.create_superuser("root@example.com", "x")
    client.force_login(root)
    client.post(
        reverse("admin:teams_user_add"),
        {
            "email": "new@example.com",
            "password1": "correct horse battery",
            "password2": "correct horse battery",
        },
    )
    event = AuditEvent.objects.get(label="new@example.com")
    assert (event.actor, event.door) == (root, "back office")


def test_nobody_known_is_the_system(workspace):
    event = AuditEvent.objects.get(subject="workspace")
    assert (event.actor, event.door, event.request_id) == (None, "system", "")


def test_actors_may_be_nested(workspace, make_member):
    user = make_member(workspace)
    with acting(Actor("worker")):
        Workspace.objects.update(name="1")
        with acting(Actor("command", user_id=user.pk, request_id="r")):
            Workspace.objects.update(name="2")
        Workspace.objects.update(name="3")
    Workspace.objects.update(name="4")
    events = AuditEvent.objects.filter(subject="workspace", action="update")
    assert list(events.order_by("id").values_list("door", "actor", "request_id")) == [
        ("worker", None, ""),
        ("command", user.pk, "r"),
        ("worker", None, ""),
        ("worker", None, ""),  # still the same transaction: the last who was told
    ]


def test_every_kind_of_statement_keeps_its_result(workspace, make_member):
    """The actor goes in front of it, whatever its parameters look like."""
    user = make_member(workspace)
    name = "UPDATE teams_workspace SET name"
    with acting(Actor("command", user_id=user.pk)):
        assert sets.fetch(f"{name} = 'a%b' RETURNING name") == [("a%b",)]
        assert sets.fetch(f"{name} = %s RETURNING name", ["b"]) == [("b",)]
        assert sets.fetch(f"{name} = %(n)s RETURNING name", {"n": "c"}) == [("c",)]
        assert sets.execute(f"  {name} = 'd'") == 1
        with connection.cursor() as cursor:
            cursor.executemany(f"{name} = %s", [("e",), ("f",)])
        new = Membership.objects.bulk_create(
            [Membership(workspace=workspace, user=User.objects.create_user("b@x.com"))]
        )
    assert new[0].pk
    events = AuditEvent.objects.filter(subject="workspace", action="update")
    assert set(events.values_list("door", "actor")) == {("command", user.pk)}
    assert events.count() == 6
