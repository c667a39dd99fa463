"""Broadcasts and opt-outs in the back office."""

import pytest
from django.urls import reverse
from django.utils import timezone

from inbox import broadcasts
from inbox.models import Broadcast, ConsentEntry, OutreachSettings
from inbox.tests.broadcasting import people, planned, template_of
from inbox.tests.replying import talk
from inbox.tests.world import as_user
from leads.models import SavedView
from leads.tests.world import make_campaign, make_lead

pytestmark = pytest.mark.django_db
ADD = "admin:inbox_broadcast_add"


@pytest.fixture
def admin(account, make_member):
    """A browser of an admin of the workspace, who may enter the back office."""
    return entering(make_member(account.workspace, "admin"))


def entering(user):
    user.is_staff = True
    user.save()
    return as_user(user)


def form(account, **fields):
    return {
        "template": template_of(account).pk,
        "name": "News",
        "field_1": "first_name",
        "text_1": "there",
        **fields,
    }


def page(broadcast) -> str:
    return reverse("admin:inbox_broadcast_change", args=[broadcast.pk])


def do(client, broadcast, verb, **fields):
    url = reverse("admin:inbox_broadcast_run", args=[broadcast.pk])
    answer = client.post(url, {"verb": verb, **fields}, follow=True)
    broadcast.refresh_from_db()
    return answer.content.decode()


def test_from_the_template_to_the_end(admin, account):
    people(account, 2)
    make_lead(account.workspace, name="No phone")
    template = template_of(account)
    first = admin.get(reverse(ADD)).content.decode()
    assert str(template) in first
    second = admin.get(f"{reverse(ADD)}?template={template.pk}").content.decode()
    assert "Hello {{1}}, it is ready." in second
    answer = admin.post(reverse(ADD), form(account), follow=True)
    text = answer.content.decode()
    assert "Send now to 2" in text
    assert "1 have no number to write to" in text
    assert "Hello Asha, it is ready." in text
    assert "enter prices" in text
    broadcast = Broadcast.objects.get()
    assert "Pause" in do(admin, broadcast, "start")
    while broadcasts.drain():
        pass
    assert broadcast.tally() == {"skipped": 1, "queued": 2}
    progress = reverse("admin:inbox_broadcast_progress", args=[broadcast.pk])
    assert admin.get(progress).json()["text"] == "1 skipped, 2 queued"
    report = reverse("admin:inbox_broadcast_report", args=[broadcast.pk])
    assert len(b"".join(admin.get(report)).splitlines()) == 4
    listed = admin.get(reverse("admin:inbox_broadcast_changelist"))
    assert "2 of 3" in listed.content.decode()


@pytest.mark.parametrize("choice", ["campaign", "view", "stage", "tag"])
def test_to_whom_is_chosen(choice, admin, account):
    ours, sale = account.workspace, make_campaign(account.workspace)
    (lead, _) = people(account, 2)
    lead.campaign, lead.tags = sale, ["vip"]
    lead.stage = ours_stage = lead.stage.__class__.objects.get(
        workspace=ours, name="Qualified"
    )
    lead.save()
    view = SavedView.objects.create(
        workspace=ours,
        name="One",
        is_shared=True,
        filter={"search": lead.name},
        user=ours.members.first(),
    )
    given = {
        "campaign": sale.pk,
        "view": view.pk,
        "stage": ours_stage.pk,
        "tag": "vip",
    }
    admin.post(reverse(ADD), form(account, **{choice: given[choice]}))
    assert Broadcast.objects.get().total == 1


def test_a_gap_without_words_is_said(admin, account):
    people(account, 1)
    answer = admin.post(reverse(ADD), form(account, field_1="", text_1=""))
    assert "Choose a field, or write a text." in answer.content.decode()
    assert Broadcast.objects.count() == 0


def test_a_time_is_the_workspaces_and_steps_are_refused_in_words(admin, account):
    people(account, 1)
    broadcast = planned(account)
    assert "Say a day and a time." in do(admin, broadcast, "schedule")
    assert "past" in do(admin, broadcast, "schedule", start_at="2020-01-01T10:00")
    do(admin, broadcast, "schedule", start_at="2099-01-01T10:00")
    assert broadcast.state == "scheduled"
    assert broadcast.start_at.isoformat() == "2099-01-01T04:30:00+00:00"
    do(admin, broadcast, "pause")
    do(admin, broadcast, "resume")
    assert broadcast.state == "running"
    do(admin, broadcast, "nonsense")
    assert "cancelled" in do(admin, broadcast, "cancel").lower()
    assert "cannot be done" in do(admin, broadcast, "resume")


def test_an_sdr_looks_and_does_nothing(account, make_member):
    people(account, 1)
    broadcast = planned(account)
    client = entering(make_member(account.workspace, "sdr"))
    shown = client.get(page(broadcast))
    assert shown.status_code == 200
    assert "Send now" not in shown.content.decode()
    run = reverse("admin:inbox_broadcast_run", args=[broadcast.pk])
    assert client.post(run, {"verb": "start"}).status_code == 403
    assert client.get(reverse(ADD)).status_code in (403, 404)
    broadcast.refresh_from_db()
    assert broadcast.state == "planned"


def test_nobody_elses(account, make_workspace, make_member):
    people(account, 1)
    broadcast = planned(account)
    stranger = entering(make_member(make_workspace("other"), "owner"))
    run = reverse("admin:inbox_broadcast_run", args=[broadcast.pk])
    assert stranger.post(run, {"verb": "start"}).status_code == 404
    answer = stranger.post(reverse(ADD), form(account))
    assert answer.status_code == 200
    assert "Hello {{1}}" not in answer.content.decode()
    assert Broadcast.objects.count() == 1


def test_opt_outs_are_entered_and_listed(admin, account):
    contact = talk(account).contact
    url = reverse("admin:inbox_contact_changelist")
    given = {"action": "opt_out", "_selected_action": [contact.pk]}
    assert "Entered for 1" in admin.post(url, given, follow=True).content.decode()
    assert "says so already" in admin.post(url, given, follow=True).content.decode()
    admin.post(url, {**given, "action": "opt_in"})
    assert list(ConsentEntry.objects.values_list("wants", flat=True)) == [False, True]
    listed = admin.get(reverse("admin:inbox_consententry_changelist"))
    assert "919800000001" in listed.content.decode()
    entry = ConsentEntry.objects.latest("pk")
    change = reverse("admin:inbox_consententry_change", args=[entry.pk])
    assert admin.get(change).status_code == 200
    assert admin.post(change, {"wants": ""}).status_code == 403


def test_prices_are_entered_there(account, make_member):
    client = entering(make_member(account.workspace, "owner"))
    given = {
        "workspace": account.workspace.pk,
        "languages": "en,hi",
        "stop_words": "Schluss",
        "start_words": "",
        "marketing_paise": "86310",
    }
    url = reverse("admin:inbox_outreachsettings_add")
    assert client.post(url, given).status_code == 302
    found = OutreachSettings.objects.get()
    assert (found.stop_words, found.marketing_paise) == (["Schluss"], 86_310)
    people(account, 3)
    broadcast = planned(account)
    assert broadcast.created_at <= timezone.now()
    assert "about 2.59 INR" in client.get(page(broadcast)).content.decode()
