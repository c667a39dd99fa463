"""The back office of leads without a browser: lists, bulk edits, imports, reach."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from leads import bulk, importing
from leads.models import BulkOperation, ImportJob, Lead, Note
from leads.tests.world import make_campaign, make_lead, make_leads, stage
from teams.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_staff(workspace, make_member, settings):
    """as_staff("sdr") -> (a browser in the back office, its user)."""
    settings.STAFF_SECOND_FACTOR = False

    def make(role: str = "owner") -> tuple[Client, User]:
        user = make_member(workspace, role)
        User.objects.filter(pk=user.pk).update(is_staff=True)
        client = Client()
        client.force_login(User.objects.get(pk=user.pk))
        return client, user

    return make


def page(name: str, *args: int) -> str:
    return reverse(f"admin:leads_{name}", args=args)


@pytest.mark.parametrize(
    "model",
    "lead campaign bulkoperation importjob stage customfield leadsettings "
    "scorerule".split(),
)
def test_every_list_opens(model, workspace, as_staff):
    client, _ = as_staff()
    make_lead(workspace, campaign=make_campaign(workspace), tags=["vip"])
    answer = client.get(page(f"{model}_changelist"))
    assert answer.status_code == 200


def test_a_lead_s_page_shows_its_notes(workspace, as_staff):
    client, _ = as_staff()
    lead = make_lead(workspace, name="Asha")
    assert client.get(page("lead_change", lead.pk)).status_code == 200
    other = make_lead(workspace, name="Somebody else")
    Note.objects.create(workspace=workspace, lead=other, text="Called")
    assert b"Called" in client.get(page("lead_change", other.pk)).content
    found = client.get(page("lead_changelist"), {"q": "asha"})
    assert b"Asha" in found.content


def test_an_sdr_of_the_staff_sees_their_own_and_nobody_s(workspace, as_staff):
    client, user = as_staff("sdr")
    boss = as_staff("admin")[1]
    make_lead(workspace, name="Mine", owner=user)
    make_lead(workspace, name="Nobodys")
    theirs = make_lead(workspace, name="Theirs", owner=boss)
    content = client.get(page("lead_changelist")).content
    assert b"Mine" in content
    assert b"Nobodys" in content
    assert b"Theirs" not in content
    answer = client.get(page("lead_change", theirs.pk), follow=True)
    assert b"Theirs" not in answer.content


def test_ticked_leads_are_assigned_by_way_of_a_plan(workspace, as_staff):
    client, user = as_staff()
    leads = make_leads(workspace, 3)
    body = {
        "action": "assign_many",
        "_selected_action": [lead.pk for lead in leads[:2]],
        "select_across": "0",
    }
    form = client.post(page("lead_changelist"), body)
    assert b"2 leads" in form.content
    body |= {"filled": "yes", "strategy": "round_robin"}
    wrong = client.post(page("lead_changelist"), body)
    assert b"Choose a campaign, owners, or both." in wrong.content
    body["owners"] = [user.pk]
    answer = client.post(page("lead_changelist"), body, follow=True)
    assert b"Who gets how many" in answer.content
    operation = BulkOperation.objects.get()
    assert operation.planned == 2
    run = page("bulkoperation_run", operation.pk)
    client.get(run)
    client.post(run, {"verb": "apply", "plan_hash": "another"})
    assert not Lead.objects.filter(owner=user).exists()
    client.post(run, {"verb": "apply", "plan_hash": operation.plan_hash})
    assert Lead.objects.filter(owner=user).count() == 2
    progress = client.get(page("bulkoperation_progress", operation.pk)).json()
    assert progress == {"running": False, "percent": 100, "text": "2 of 2"}
    report = client.get(page("bulkoperation_report", operation.pk))
    assert b"owner: Owner" in b"".join(report.streaming_content)
    client.post(run, {"verb": "undo"})
    assert not Lead.objects.filter(owner=user).exists()


def test_what_is_to_change_is_said_and_checked(workspace, as_staff):
    client, _ = as_staff()
    lead = make_lead(workspace)
    body = {"action": "update_many", "_selected_action": [lead.pk], "filled": "yes"}
    nothing = client.post(page("lead_changelist"), body)
    assert b"Say at least one thing to change." in nothing.content
    body["stage"] = stage(workspace, "Lost").pk
    assert (
        b"Say why they are lost." in client.post(page("lead_changelist"), body).content
    )
    body |= {"lost_reason": "Season over", "add_tags": "cold, old"}
    client.post(page("lead_changelist"), body)
    bulk.start(BulkOperation.objects.get())
    lead.refresh_from_db()
    assert (lead.lost_reason, lead.tags) == ("Season over", ["cold", "old"])


def test_leads_of_two_workspaces_are_not_edited_together(
    workspace, make_workspace, client
):
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    leads = [make_lead(workspace), make_lead(make_workspace("theirs"))]
    body = {"action": "update_many", "_selected_action": [lead.pk for lead in leads]}
    answer = client.post(page("lead_changelist"), body, follow=True)
    assert b"Choose leads of one workspace" in answer.content


def test_a_file_is_uploaded_checked_imported(workspace, as_staff):
    client, _ = as_staff()
    assert client.get(page("importjob_add")).status_code == 200
    bad = SimpleUploadedFile("bad.csv", b"name")
    body = {"workspace": workspace.pk, "file": bad}
    assert b"no rows" in client.post(page("importjob_add"), body).content
    file = SimpleUploadedFile("leads.csv", b"name,phone\nAsha,9876543210\nMeena,1\n")
    body["file"] = file
    answer = client.post(page("importjob_add"), body, follow=True)
    assert b"What each column is" in answer.content
    job = ImportJob.objects.get()
    run = page("importjob_run", job.pk)
    client.post(run, {"verb": "check", "mapping": ["", ""]})
    client.post(run, {"verb": "check", "mapping": ["name", "phone"]})
    assert client.get(page("importjob_progress", job.pk)).json()["running"]
    while importing.drain():
        pass
    shown = client.get(page("importjob_change", job.pk)).content
    assert b"1: This is not a phone number." in shown
    client.post(
        run, {"verb": "import", "mapping": ["name", "phone"], "on_duplicate": "skip"}
    )
    while importing.drain():
        pass
    assert Lead.objects.get().name == "Asha"
    errors = client.get(page("importjob_errors", job.pk))
    assert b"Meena" in b"".join(errors.streaming_content)
    assert client.get(page("importjob_changelist")).status_code == 200


def test_an_sdr_imports_nothing(workspace, as_staff):
    client, _ = as_staff("sdr")
    assert client.get(page("importjob_add")).status_code == 403
    assert client.get(page("importjob_changelist")).status_code == 403
