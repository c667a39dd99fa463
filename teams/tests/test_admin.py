"""Users and workspaces in the back office."""

import pytest
from django.urls import reverse

from teams.models import Membership, User, Workspace

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def staff(client):
    """A browser in which platform staff is signed in."""
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    return client


def new_user(staff, **changes):
    data = {"email": "New@Example.com", "name": "New"}
    data |= {"password1": PASSWORD, "password2": PASSWORD}
    return staff.post(reverse("admin:teams_user_add"), data | changes)


def test_a_user_is_made_by_e_mail(staff):
    assert staff.get(reverse("admin:teams_user_add")).status_code == 200
    new_user(staff)
    user = User.objects.get(name="New")
    assert user.email == "new@example.com"
    assert user.check_password(PASSWORD)
    assert not user.is_staff
    page = reverse("admin:teams_user_change", args=[user.pk])
    assert staff.get(page).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "ROOT@example.com"},
        {"email": "nobody"},
        {"password2": "another horse battery"},
        {"password1": "12345678", "password2": "12345678"},
    ],
)
def test_what_is_wrong_with_a_new_user_is_said(changes, staff):
    answer = new_user(staff, **changes)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert User.objects.count() == 1


def test_a_password_is_changed_and_not_shown(staff):
    user = User.objects.create_user("a@example.com", "old")
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    assert staff.get(url).status_code == 200
    staff.post(url, {"password1": PASSWORD, "password2": PASSWORD})
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    shown = staff.get(reverse("admin:teams_user_change", args=[user.pk]))
    assert user.password not in shown.content.decode()


def test_a_member_is_added_to_a_workspace(staff, make_workspace):
    user = User.objects.create_user("a@example.com", "x")
    workspace = make_workspace("acme")
    data = {
        "name": "Acme",
        "slug": "acme",
        "timezone": "Asia/Kolkata",
        "currency": "INR",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        "memberships-0-user": user.pk,
        "memberships-0-role": "sdr",
    }
    url = reverse("admin:teams_workspace_change", args=[workspace.pk])
    assert staff.get(url).status_code == 200
    assert staff.post(url, data).status_code == 302
    assert Membership.objects.get().role == "sdr"
    refused = staff.post(url, data | {"timezone": "Mars/Olympus"})
    assert "is not a time zone" in refused.content.decode()


def test_neither_users_nor_workspaces_are_deleted(staff, make_workspace):
    workspace = make_workspace("acme")
    for name, row in (("workspace", workspace), ("user", User.objects.get())):
        url = reverse(f"admin:teams_{name}_delete", args=[row.pk])
        assert staff.post(url, {"post": "yes"}).status_code == 403
    assert Workspace.objects.exists()
    assert User.objects.exists()


@pytest.mark.parametrize("field", ["is_staff", "is_superuser", "is_active"])
def test_one_flag_missing_and_the_door_is_closed(field, client):
    user = User.objects.create_superuser("root@example.com", "x", **{field: False})
    client.force_login(user)
    assert client.get(reverse("admin:index")).status_code == 302
