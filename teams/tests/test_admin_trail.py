"""API keys, the audit trail and mail in the back office."""

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from flexoraa.lib import sets
from teams import invitations, mailing
from teams.models import ApiKey, AuditEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, workspace, make_member):
    """A browser of an admin of the workspace who may enter the back office."""
    user = make_member(workspace, "admin")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client.force_login(user)
    client.user = user
    return client


def page(model, *args):
    return reverse(f"admin:teams_{model}", args=args)


def act(client, model, action, *rows):
    form = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(page(f"{model}_changelist"), form, follow=True)


def test_keys_are_listed_without_their_text_and_deleted(staff, workspace):
    key, text = ApiKey.objects.make(
        workspace=workspace, made_by=staff.user, name="Shop", role="sdr"
    )
    listed = staff.get(page("apikey_changelist")).content.decode()
    assert key.prefix in listed
    assert "never" in listed
    assert text not in listed
    assert text not in staff.get(page("apikey_change", key.pk)).content.decode()
    staff.post(page("apikey_delete", key.pk), {"post": "yes"})
    assert not ApiKey.objects.exists()


def test_the_trail_is_read_and_exported_and_not_changed(staff, workspace):
    workspace.name = "<script>alert(1)</script>"
    workspace.save()
    event = AuditEvent.objects.get(action="update", subject="workspace")
    listed = staff.get(page("auditevent_changelist")).content.decode()
    assert "Changed: workspace" in listed
    assert "<script>alert(1)" not in listed
    assert "&lt;script&gt;alert(1)" in listed
    assert staff.get(page("auditevent_change", event.pk)).status_code == 200
    for name in ("auditevent_delete", "auditevent_change"):
        assert staff.post(page(name, event.pk), {"post": "yes"}).status_code == 403
    exported = act(staff, "auditevent", "export", event)
    lines = b"".join(exported.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("at,actor,action")


def test_others_workspaces_are_out_of_sight(staff, make_workspace, make_member):
    theirs = make_workspace("theirs", name="Canary")
    owner = make_member(theirs, "owner", "canary@theirs.example")
    invitations.invite(
        theirs, {"canary@example.com": "sdr"}, actor=owner.memberships.get()
    )
    ApiKey.objects.make(workspace=theirs, made_by=owner, name="Canary", role="sdr")
    for model in ("apikey", "auditevent"):
        listed = staff.get(page(f"{model}_changelist"), {"q": "canary"})
        assert not listed.context["cl"].result_list
        assert "Canary" not in staff.get(page(f"{model}_changelist")).content.decode()


def test_mail_is_for_platform_staff_and_its_words_for_nobody(staff):
    mail = mailing.post("a@example.com", "Hello", "secret words")
    assert staff.get(page("mail_changelist")).status_code == 403
    root = Client()
    root.force_login(User.objects.create_superuser("root@example.com", "x"))
    assert "a@example.com" in root.get(page("mail_changelist")).content.decode()
    shown = root.get(page("mail_change", mail.pk)).content.decode()
    assert "secret words" not in shown


def log(user, row, words="Changed"):
    """A line of Django's log, as its pages write it."""
    rows = type(row)._base_manager.filter(pk=row.pk)
    return LogEntry.objects.log_actions(user.pk, rows, CHANGE, words)[0]


CHANGES = {
    "save": lambda entry: entry.save(),
    "update": lambda entry: LogEntry.objects.update(action_flag=1),
    "delete": lambda entry: entry.delete(),
    "raw": lambda entry: sets.execute("DELETE FROM django_admin_log"),
}


@pytest.mark.parametrize("how", CHANGES)
def test_nobody_changes_the_log(how, staff, workspace):
    entry = log(staff.user, workspace)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        CHANGES[how](entry)
    assert LogEntry.objects.get().change_message == "Changed"


def test_its_lines_outlive_their_tables(staff, workspace):
    entry = log(staff.user, workspace)
    LogEntry.objects.update(content_type=None)
    entry.refresh_from_db()
    assert (entry.content_type, entry.object_repr) == (None, str(workspace))


def test_what_was_done_elsewhere_to_a_colleague_is_not_told(
    staff, workspace, make_workspace, make_member
):
    """Platform staff gave somebody a place in another company: its name is in the
    person's log, which is theirs alone to see."""
    other = make_workspace("canary-corp", name="Canary Corp")
    colleague = make_member(workspace, "sdr")
    root = User.objects.create_superuser("root@example.com", "x")
    log(root, colleague, 'Added membership "Sdr in Canary Corp".')
    log(staff.user, other)  # they were there once
    url = page("user_history", colleague.pk)
    refused = staff.get(url)
    assert refused.status_code == 403
    for told in (refused, staff.get(reverse("admin:index"))):
        assert b"Canary" not in told.content
    staff.force_login(root)
    assert b"Canary" in staff.get(url).content
