"""The back office of leads without a browser: lists, bulk edits, imports, reach."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from leads import bulk, duplicates, importing
from leads.models import (
    AdAccount,
    BulkOperation,
    Duplicate,
    ImportJob,
    Lead,
    MergeRecord,
    Note,
    ScoreRule,
    SpendEntry,
)
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
    "scorerule duplicate mergerecord adaccount".split(),
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


@pytest.mark.parametrize("across", ["0", "1"])
@pytest.mark.parametrize(
    ("action", "form"),
    [("update_many", {"source": "fair"}), ("assign_many", {"campaign": "any"})],
)
def test_of_fifty_ticked_ten_are_out_of_an_sdr_s_reach(
    action, form, across, workspace, as_staff
):
    """T22: forty done, ten left, never fifty; "select all" is all within reach."""
    client, sdr = as_staff("sdr")
    mine = make_leads(workspace, 40, owner=sdr)
    others = make_leads(workspace, 10, owner=as_staff("admin")[1])
    campaign = make_campaign(workspace)
    body = {
        "action": action,
        "_selected_action": [lead.pk for lead in mine + others],
        "select_across": across,
        "strategy": "round_robin",
        "filled": "yes",
        **(form if "source" in form else {"campaign": campaign.pk}),
    }
    client.post(page("lead_changelist"), body)
    operation = BulkOperation.objects.get()
    assert operation.planned == 40
    run = page("bulkoperation_run", operation.pk)
    client.post(run, {"verb": "apply", "plan_hash": operation.plan_hash})
    changed = Lead.objects.filter(version__gt=1)
    assert {lead.pk for lead in changed} == {lead.pk for lead in mine}


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


def test_two_are_compared_merged_and_split(workspace, as_staff):
    client, user = as_staff()
    phone = {"phone": "+919812345678"}
    asha = make_lead(workspace, name="Asha Rao", **phone)
    twin = make_lead(workspace, name="Asha R.", email="asha@example.com", **phone)
    while duplicates.drain():
        pass
    assert b"same phone number" in client.get(page("duplicate_changelist")).content
    found = Duplicate.objects.get()
    compared = client.get(page("duplicate_change", found.pk), follow=True)
    assert b"asha@example.com" in compared.content
    assert b"They are two people" in compared.content
    url = compared.redirect_chain[-1][0]
    merged = client.post(url, {"verb": "merge"}, follow=True)
    assert b"are one lead now" in merged.content
    record = MergeRecord.objects.get()
    assert (record.winner, record.loser, record.by) == (asha, twin, user)
    again = client.post(url, {"verb": "merge"}, follow=True)
    assert b"was merged into another already" in again.content
    assert b"asha@example.com" in client.get(page("lead_change", asha.pk)).content
    assert client.get(page("mergerecord_changelist")).status_code == 200
    split = page("mergerecord_split", record.pk)
    client.get(split)
    assert Lead.objects.get(pk=twin.pk).merged_into_id
    done = client.post(split, follow=True)
    assert b"stands alone again" in done.content
    assert Lead.objects.get(pk=twin.pk).is_live
    assert b"Undo the later merges" in client.post(split, follow=True).content


def test_ticked_leads_are_merged_by_twos_and_two_people_stay_two(workspace, as_staff):
    client, user = as_staff()
    leads = make_leads(workspace, 3, phone="+919812345678")
    while duplicates.drain():
        pass
    body = {"action": "merge_two", "_selected_action": [lead.pk for lead in leads]}
    three = client.post(page("lead_changelist"), body, follow=True)
    assert b"Tick exactly two" in three.content
    body["_selected_action"].pop()
    url = client.post(page("lead_changelist"), body)["Location"]
    assert f"winner={leads[0].pk}&loser={leads[1].pk}" in url
    client.post(url, {"verb": "dismiss"})
    kept = Duplicate.objects.of(leads[0], leads[1]).get()
    assert kept.dismissed_by == user
    some = {
        "action": "dismiss",
        "_selected_action": list(ids(Duplicate.objects.open())),
    }
    client.post(page("duplicate_changelist"), some)
    assert not Duplicate.objects.open().exists()


def ids(rows):
    return rows.values_list("pk", flat=True)


def test_who_may_not_merge_sees_no_page_for_it(workspace, make_workspace, as_staff):
    one, two = make_leads(workspace, 2)
    address = page("mergerecord_merge")
    sdr, _ = as_staff("sdr")
    assert sdr.get(f"{address}?winner={one.pk}&loser={two.pk}").status_code == 403
    owner, _ = as_staff()
    foreign = make_lead(make_workspace("theirs"))
    for winner, loser in (
        (one.pk, foreign.pk),
        (one.pk, one.pk),
        ("x", 1),
        (one.pk, ""),
    ):
        url = f"{address}?winner={winner}&loser={loser}"
        assert owner.get(url).status_code == 404
        assert owner.post(url, {"verb": "merge"}).status_code == 404
    assert not MergeRecord.objects.exists()


def test_a_rule_is_checked_in_the_back_office_too(workspace, as_staff):
    client, _ = as_staff()
    body = {
        "workspace": workspace.pk,
        "fact": "quiet_for",
        "argument": "x",
        "points": 5,
    }
    bad = client.post(page("scorerule_add"), body)
    assert b"whole number of days" in bad.content
    body["argument"] = "30"
    good = client.post(page("scorerule_add"), body)
    assert good.status_code == 302, good.context["adminform"].errors
    assert ScoreRule.objects.get().argument == "30"


def test_a_lead_s_page_has_its_timeline_and_says_what_the_score_is_made_of(
    workspace, as_staff
):
    client, user = as_staff()
    lead = make_lead(workspace, name="Asha", score=30, score_parts=[["has paid", 30]])
    for number in range(40):
        Note.objects.create(workspace=workspace, lead=lead, text=f"Said {number}.")
    Lead.objects.filter(pk=lead.pk).update(stage=stage(workspace, "Won"), owner=user)
    shown = client.get(page("lead_change", lead.pk)).content.decode()
    history = shown.partition('id="timeline"')[2]
    assert "Stage: Won" in history
    assert "Note: Said 39." in history
    assert "Note: Said 3." not in history
    assert "has paid +30" in shown
    older = history.partition('href="?before=')[2].partition("#")[0]
    rest = client.get(f"{page('lead_change', lead.pk)}?before={older}").content.decode()
    assert "Note: Said 3." in rest.partition('id="timeline"')[2]
    for bad in ("x", "2026-99-99,1,1", "2026-01-01,9,9", "infinity,1,1", ",,", "٣,٣,٣"):
        answer = client.get(page("lead_change", lead.pk), {"before": bad})
        assert answer.status_code == 200, bad


def test_spend_is_checked_and_imported_from_a_file(workspace, as_staff):
    client, user = as_staff()
    make_campaign(workspace)
    address = page("campaign_import_spend")
    assert b"Import spend" in client.get(page("campaign_changelist")).content
    assert client.get(address).status_code == 200

    def send(verb: str, text: bytes) -> bytes:
        file = SimpleUploadedFile("spend.csv", text)
        body = {"workspace": workspace.pk, "file": file, "verb": verb}
        return client.post(address, body).content

    text = b"day,campaign,amount\n2026-11-01,diwali,12.50\n2026-11-02,holi,1\n"
    shown = send("check", text)
    assert b"1 new, 0 replaced" in shown
    assert b"There is no such campaign" in shown
    assert not SpendEntry.objects.exists()
    send("import", text)
    entry = SpendEntry.objects.get()
    assert (entry.amount_paise, entry.by, entry.source) == (1_250, user, "csv")
    assert b"needs the columns" in send("import", b"day\n2026-11-01\n")
    sdr, _ = as_staff("sdr")
    assert sdr.get(address).status_code in (302, 403)
    assert sdr.post(address, {"verb": "import"}).status_code in (302, 403)


def test_an_ad_account_s_token_goes_in_and_not_out(workspace, as_staff):
    client, _ = as_staff()
    body = {"workspace": workspace.pk, "external_id": "7770001", "is_active": "on"}
    client.post(page("adaccount_add"), {**body, "access_token": "EAAB-secret"})
    account = AdAccount.objects.get()
    assert account.token.reveal() == "EAAB-secret"
    shown = client.get(page("adaccount_change", account.pk))
    assert shown.status_code == 200
    assert b"EAAB-secret" not in shown.content
    client.post(page("adaccount_change", account.pk), {"is_active": "on"})
    account.refresh_from_db()
    assert account.token.reveal() == "EAAB-secret"
