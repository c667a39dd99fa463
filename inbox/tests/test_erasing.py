"""T45: one person is erased everywhere but for a minimal ledger, and does not come back
with an old webhook; and all that is held of them can be handed out."""

import time

import pytest
from django.db import connection, transaction

from flexoraa.lib.errors import Conflict
from inbox import (
    consents,
    emptying,
    erasing,
    ingest,
    leading,
    replies,
    resending,
)
from inbox.models import (
    ConsentEntry,
    Contact,
    ContactIdentity,
    Conversation,
    ErasedName,
    Erasure,
    Message,
    WebhookDelivery,
)
from inbox.tests import bodies
from inbox.tests.canary import (
    BYSTANDER,
    CANARIES,
    PHONE,
    _files_of_its_own,
    api,
    bodies_of_all,
    erase,
    finish,
    hits,
    person,
    said,
    talk_about,
)
from leads import bulk, merging
from leads.models import (
    BulkOperation,
    Lead,
    LeadEdit,
    MergeRecord,
    Revenue,
    StageInterval,
    Touch,
)

__all__ = ["_files_of_its_own", "api", "person"]
pytestmark = pytest.mark.django_db


def now() -> int:
    """A time for a webhook, after all that was erased."""
    return int(time.time()) - bodies.BASE + 5


def test_nothing_of_an_erased_person_is_left(person, api):
    assert {word for _, word in (hit.split(": ") for hit in hits())} == set(CANARIES)
    kept = (Message.objects.count(), Revenue.objects.count(), Touch.objects.count())
    stages = StageInterval.objects.filter(lead=person.lead).count()
    answer = api.post(f"leads/{person.lead.public_id}/erase")
    assert answer.status_code == 202, answer.content
    while erasing.drain():
        pass
    assert hits() == []
    told = api.get(f"leads/{person.lead.public_id}/erase").json()
    assert (told["state"], told["counts"]["leads"]) == ("done", 2)
    # what is counted is there still
    assert kept == (
        Message.objects.count(),
        Revenue.objects.count(),
        Touch.objects.count(),
    )
    assert StageInterval.objects.filter(lead=person.lead).count() == stages
    assert Revenue.objects.get(source="razorpay").reference == "pay_Ab12"
    assert set(Message.objects.values_list("status", flat=True)) >= {"delivered"}


def test_old_webhooks_and_replays_bring_nothing_back(person, receive):
    erase(person.lead)
    before = (Message.objects.count(), Contact.objects.count(), Lead.objects.count())
    late = said(9, "quetzal, sent before and arrived after")
    for body in [*person.bodies, bodies.whatsapp(late)]:
        deliveries = receive("whatsapp", body)
        assert {row.state for row in deliveries} == {"done"}
    WebhookDelivery.objects.all().replay()
    while ingest.drain():
        pass
    leading.drain()
    assert not WebhookDelivery.objects.exclude(state="done").exists()
    assert before == (
        Message.objects.count(),
        Contact.objects.count(),
        Lead.objects.count(),
    )
    assert hits() == []
    assert bodies_of_all().count(BYSTANDER.encode()) >= 2  # theirs are whole
    assert Message.objects.filter(text="I am somebody else").count() == 1


def test_facts_about_their_messages_are_dropped_too(account, receive):
    """Statuses, edits and reactions name no person, or only a message."""
    lead = talk_about(account, receive)
    talk = Conversation.objects.get()
    Message.objects.create(
        workspace=account.workspace,
        account=account,
        conversation=talk,
        contact=talk.contact,
        channel="whatsapp",
        direction="out",
        kind="text",
        text="quetzal",
        status="sent",
        external_id="wamid.gone",
        provider_at=talk.last_message_at,
    )
    erase(lead)
    status = bodies.status("wamid.gone", "read")
    del status["statuses"][0]["recipient_id"]
    (delivery,) = receive("whatsapp", bodies.whatsapp(status))
    assert delivery.state == "done"
    assert b"wamid.gone" not in bytes(delivery.body)
    assert not Message.objects.filter(external_id="wamid.gone").exists()
    table = "SELECT count(*) FROM inbox_statusevent WHERE target = 'wamid.gone'"
    with connection.cursor() as cursor:
        cursor.execute(table)
        assert cursor.fetchone() == (0,)


def test_who_writes_again_begins_as_somebody_new(person, receive):
    erase(person.lead)
    receive("whatsapp", bodies.whatsapp(_later(30, "Hello, I am new here")))
    leading.drain()
    contact = Contact.objects.get(identities__key=PHONE)
    assert contact.pk != person.contact.pk
    assert contact.lead.pk != person.lead.pk
    assert contact.lead.notes.count() == contact.lead.touches.count() == 0
    assert [m.text for m in Message.objects.filter(contact=contact)] == [
        "Hello, I am new here"
    ]
    # the one wish that is kept, until they say otherwise
    assert ConsentEntry.objects.stopped([contact.pk]) == {contact.pk}
    consents.record(contact, wants=True, by=None)
    assert ConsentEntry.objects.stopped([contact.pk]) == set()


def _later(number: int, text: str, **fields) -> dict:
    value = said(number, text, **fields)
    value["messages"][0]["timestamp"] = str(bodies.BASE + now())
    return value


def test_erasing_again_is_harmless_and_a_new_life_is_erased_by_itself(account, receive):
    lead = talk_about(account, receive)
    first = erase(lead)
    lead.refresh_from_db()
    assert erase(lead).pk == first.pk
    assert Erasure.objects.count() == 1
    receive("whatsapp", bodies.whatsapp(_later(31, "quetzal again")))
    leading.drain()
    again = Contact.objects.get(identities__key=PHONE).lead
    assert erase(again).state == "done"
    assert hits() == []
    assert ErasedName.objects.count() == 1


def test_nobody_writes_to_them_and_nothing_fills_the_lead_again(person, account):
    talk = Conversation.objects.get(contact=person.contact)
    stale = Lead.objects.get(pk=person.lead.pk)
    erase(person.lead)
    assert not talk.messages.filter(status="queued").exists()
    for kind in ("", "note"):
        with pytest.raises(Conflict):
            replies.queue(talk, author=None, text="quetzal", kind=kind)
    with pytest.raises(Conflict):
        resending.resend(talk.messages.filter(status="failed").first(), None)
    stale.name = "Zubeida again"
    stale.save(update_fields=["name"])  # whoever had read it before
    Contact.objects.filter(pk=person.contact.pk, erased_at=None).update(name="x")
    stale.refresh_from_db()
    assert (stale.name, stale.archived_at == stale.erased_at) == ("", True)
    with pytest.raises(Conflict):
        stale.restore()


def test_control_without_its_trigger_a_stale_save_fills_the_lead(account, receive):
    lead = talk_about(account, receive)
    stale = Lead.objects.get(pk=lead.pk)
    erase(lead)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        stale.name = "Zubeida again"
        stale.save(update_fields=["name"])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert "leads_lead: Zubeida" in hits()


def test_other_workspaces_keep_theirs(account, receive, make_workspace, make_account):
    other = make_workspace("globex")
    make_account(
        workspace=other, external_id="200000000000009", parent_external_id="39"
    )
    both = bodies.whatsapp(said(1, "quetzal one"))
    theirs = bodies.whatsapp(said(2, "quetzal theirs"), account="200000000000009")
    receive("whatsapp", both, theirs)
    leading.drain()
    lead = Lead.objects.for_workspace(account.workspace).get()
    erase(lead)
    assert Message.objects.filter(text="quetzal theirs").count() == 1
    assert Lead.objects.for_workspace(other).get().phone == f"+{PHONE}"
    assert ContactIdentity.objects.filter(key=PHONE).count() == 1
    (kept,) = WebhookDelivery.objects.filter(body=theirs)
    assert kept.state == "done"
    assert b"quetzal one" not in bodies_of_all()
    (again,) = receive("whatsapp", theirs)
    assert bytes(again.body) == theirs


def test_what_is_sent_at_this_moment_is_waited_for(account, receive):
    lead = talk_about(account, receive)
    talk = Conversation.objects.get()
    sending = Message.objects.create(
        workspace=account.workspace,
        account=account,
        conversation=talk,
        contact=talk.contact,
        channel="whatsapp",
        direction="out",
        kind="text",
        text="quetzal",
        status="sending",
        provider_at=talk.last_message_at,
    )
    made = erasing.begin(lead, by=None)
    assert erasing.drain() == 0
    assert Contact.objects.get(pk=talk.contact_id).name == "Zubeida Canarywala"
    Message.objects.filter(pk=sending.pk).update(status="sent")
    assert finish(made).state == "done"
    assert hits() == []


def test_an_erasure_goes_on_where_it_was_cut_off(person, monkeypatch):
    """Whatever dies between two slices, or in one, the next worker ends it."""
    monkeypatch.setattr(emptying, "SLICE", 2)
    made = erasing.begin(person.lead, by=None)
    cuts = 0
    while Erasure.objects.get(pk=made.pk).state == "running":
        with pytest.raises(KeyboardInterrupt), _cut_off():
            erasing.go_on(made.pk)
        cuts += 1
        assert erasing.go_on(made.pk) == 1
        assert cuts < 50
    assert cuts > len(erasing.STEPS)
    assert hits() == []


class _cut_off:
    """A transaction whose worker dies before its commit."""

    def __enter__(self):
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def __exit__(self, *error):
        told = KeyboardInterrupt()
        self.atomic.__exit__(KeyboardInterrupt, told, None)
        raise told


def test_an_edit_that_is_undone_brings_nothing_back(person, api):
    """Bulk edits, merges and imports keep what was there before."""
    erase(person.lead)
    for operation in BulkOperation.objects.filter(state="applied"):
        bulk.undo(operation, by=api.user)
    while bulk.drain():
        pass
    with pytest.raises(Conflict):
        merging.split(MergeRecord.objects.get(), by=None)
    assert hits() == []
    assert not LeadEdit.objects.exists()
