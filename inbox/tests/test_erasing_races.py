"""A message that is being written while its sender is erased; and every table that has
to be thought of."""

import threading
from pathlib import Path

import pytest
from django.apps import apps

from flexoraa.lib.tests.races import at_once
from inbox import burying, emptying, erasing, forgetting, ingest, threads
from inbox.models import Message, WebhookDelivery
from inbox.tests import bodies
from inbox.tests.canary import said, talk_about
from leads import erasing as of_leads

# tables that hold nothing of the people whom leads and contacts are
OF_NOBODY = {
    "leads.AdAccount",
    "leads.AssignmentInterval",  # keys and times
    "leads.Campaign",
    "leads.CustomField",
    "leads.LeadSettings",
    "leads.ScoreRule",
    "leads.SpendEntry",
    "leads.Stage",
    "leads.StageInterval",
    "leads.Stale",
    "leads.LeadText",  # by a trigger
    "inbox.AssignmentInterval",
    "inbox.AssignmentRule",
    "inbox.CannedReply",
    "inbox.ChannelAccount",
    "inbox.ConversationLabel",
    "inbox.Cycle",
    "inbox.Desk",
    "inbox.ErasedName",
    "inbox.Erasure",
    "inbox.ErasureKey",
    "inbox.Label",
    "inbox.OutreachSettings",
    "inbox.RefusedWebhook",
    "inbox.SendLane",
    "inbox.Template",
    "inbox.WaitSegment",
}


def test_every_table_is_emptied_or_said_to_hold_nobody():
    """A new table fails here until somebody has thought of it."""
    read = "".join(
        Path(module.__file__).read_text() for module in (emptying, forgetting, of_leads)
    )
    tables = [
        model
        for app in ("leads", "inbox")
        for model in apps.get_app_config(app).get_models()
    ]
    unknown = [
        model._meta.label
        for model in tables
        if model.__name__ not in read
        and model._meta.db_table not in read
        and model._meta.label not in OF_NOBODY
    ]
    assert unknown == []


ROUNDS = 12


def race(account, receive, monkeypatch) -> int:
    """How many rounds left something of the person behind."""
    left, write = 0, threads.store
    for number in range(ROUNDS):
        phone = f"91981234{number:04}"
        lead = talk_about(account, receive, phone)
        WebhookDelivery.objects.all().delete()
        value = said(number, f"quetzal {number}", phone)
        value["messages"][0]["id"] = f"wamid.race{number}"
        WebhookDelivery.accept("whatsapp", bodies.whatsapp(value), {}, b"")
        looked_up, erased = threading.Event(), threading.Event()

        def slow(fresh, people, up=looked_up, gone=erased):
            up.set()  # they are known by now; the erasure may go first
            gone.wait(0.5)
            return write(fresh, people)

        monkeypatch.setattr(threads, "store", slow)
        made = erasing.begin(lead, by=None)

        def work(which, pk=made.pk, up=looked_up, gone=erased):
            if which:
                up.wait(5)
                while erasing.go_on(pk):
                    pass
                gone.set()
            else:
                ingest.drain()

        assert not at_once(2, work)
        monkeypatch.setattr(threads, "store", write)
        left += Message.objects.filter(text__startswith="quetzal").exists()
        Message.objects.filter(text__startswith="quetzal").update(text="")
    return left


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_message_that_arrives_meanwhile_goes_too(account, receive, monkeypatch):
    assert race(account, receive, monkeypatch) == 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_it_stays(account, receive, monkeypatch):
    monkeypatch.setattr(burying, "share", lambda workspaces: None)
    assert race(account, receive, monkeypatch) > 0
