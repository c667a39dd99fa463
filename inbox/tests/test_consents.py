"""The ledger of opt-outs: what leads into it, and that the send path asks it."""

from datetime import UTC, datetime, timedelta

import pgtrigger
import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from flexoraa.lib.errors import Conflict
from inbox import consents, merging, replies, resending
from inbox.adapters.sending import TemplateUse
from inbox.models import (
    ConsentEntry,
    Contact,
    ContactIdentity,
    Conversation,
    Message,
    OutreachSettings,
)
from inbox.tests import bodies
from inbox.tests.replying import approve, talk
from inbox.tests.sandboxed import deliver, states

pytestmark = pytest.mark.django_db
OFFER = TemplateUse(name="offer", language="en")


@pytest.fixture
def offer(account):
    """An approved template of the marketing kind, without gaps."""
    return approve(
        account,
        "offer",
        category="MARKETING",
        components=[{"type": "BODY", "text": "Lamps are cheap."}],
    )


def entries(**wanted) -> list[tuple]:
    rows = ConsentEntry.objects.filter(**wanted).order_by("pk")
    return [(row.kind, row.key, row.wants, row.source) for row in rows]


def write(receive, text, number=1):
    """Person 1 writes; the later the higher the number."""
    said = bodies.text(number, text={"body": text})
    receive("whatsapp", bodies.whatsapp(said))


@pytest.mark.parametrize(
    "text", ["STOP", " stop. ", "Unsubscribe!", "बंद करें", "توقف", "ＳＴＯＰ", "Arrêt"]
)
def test_whoever_writes_stop_in_any_of_the_languages_is_out(text, account, receive):
    write(receive, text)
    assert entries() == [("phone", "15550100001", False, "keyword")]
    entry = ConsentEntry.objects.get()
    assert (entry.words, entry.channel) == (text, "whatsapp")
    assert entry.contact == Contact.objects.get()


@pytest.mark.parametrize("text", ["please don't stop", "stop it?! now", "no", "", "停"])
def test_a_sentence_with_the_word_in_it_is_none(text, account, receive):
    write(receive, text)
    assert entries() == []


def test_a_workspace_has_words_and_languages_of_its_own(account, receive):
    OutreachSettings.objects.create(
        workspace=account.workspace, languages=["hi"], stop_words=["Nicht mehr"]
    )
    write(receive, "STOP")
    assert entries() == []
    write(receive, "nicht  MEHR!", 2)
    assert entries() == [("phone", "15550100001", False, "keyword")]


def test_the_same_webhook_again_adds_nothing(account, receive):
    for _ in range(3):
        write(receive, "STOP")
    assert len(entries()) == 1


def test_the_latest_word_stands_by_the_providers_clock(account, receive):
    write(receive, "STOP")
    contact = Contact.objects.get()
    assert ConsentEntry.objects.stopped([contact.pk]) == {contact.pk}
    write(receive, "START", 2)
    assert [wants for _, _, wants, _ in entries()] == [False, True]
    said = ConsentEntry.objects.latest("pk")
    assert said.at >= ConsentEntry.objects.earliest("pk").at
    assert ConsentEntry.objects.stopped([contact.pk]) == set()


def test_what_the_platform_tells_is_an_entry_and_a_channel_event(account, receive):
    for _ in range(2):
        receive("whatsapp", "marketing_stopped")
    assert entries() == [("phone", "910000001101", False, "platform")]
    assert account.events.get().kind == "user_preferences"
    at = datetime.fromtimestamp(1764500009, UTC)
    assert ConsentEntry.objects.get().at == at
    assert ConsentEntry.objects.stopped_names(
        account.workspace_id, [("phone", "910000001101"), ("phone", "1")]
    ) == {("phone", "910000001101")}


def test_marketing_is_refused_to_who_opted_out_and_the_rest_is_not(account, offer):
    conversation = talk(account)
    consents.record(conversation.contact, wants=False, by=None)
    with pytest.raises(consents.OptedOut) as refused:
        replies.queue(conversation, author=None, template=OFFER)
    assert refused.value.detail.code == "opted_out"
    approve(account, "ready", components=[{"type": "BODY", "text": "It is ready."}])
    ready = TemplateUse(name="ready", language="en")
    assert replies.queue(conversation, author=None, template=ready).pk
    assert replies.queue(conversation, author=None, text="Hello").pk
    with pytest.raises(consents.OptedOut):
        replies.queue(conversation, author=None, template=ready, is_bulk=True)
    consents.record(conversation.contact, wants=True, by=None)
    assert replies.queue(conversation, author=None, template=OFFER).pk


def test_it_holds_for_all_names_of_a_person_and_after_a_merge(account, offer):
    one, other = talk(account), talk(account, "919800000002")
    consents.record(other.contact, wants=False, by=None)
    merging.merge(one.contact, other.contact, by=None)
    with pytest.raises(consents.OptedOut):
        replies.queue(one, author=None, template=OFFER)


def test_by_hand_says_who_and_why_and_not_twice(account, make_member):
    agent = make_member(account.workspace, "sdr")
    contact = talk(account).contact
    stranger = Contact.objects.create(workspace=account.workspace, name="Nobody")
    with pytest.raises(Conflict):
        consents.record(stranger, wants=False, by=agent)
    consents.record(contact, wants=False, by=agent, words="Said so on the phone")
    with pytest.raises(Conflict):
        consents.record(contact, wants=False, by=agent)
    entry = ConsentEntry.objects.get()
    assert (entry.by_id, entry.words) == (agent.pk, "Said so on the phone")
    assert entry.source == "person"


def test_the_ledger_is_only_added_to(account):
    consents.record(talk(account).contact, wants=False, by=None)
    for change in (
        lambda: ConsentEntry.objects.update(wants=True),
        lambda: ConsentEntry.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert len(entries(wants=False)) == 1
    with pgtrigger.ignore("inbox.ConsentEntry:append_only"):
        ConsentEntry.objects.update(words="")  # what an erasure may do


def test_a_refusal_of_the_platform_is_an_entry(number, meta, hear):
    conversation = talk(number)
    approve(
        number,
        "offer",
        category="MARKETING",
        components=[{"type": "BODY", "text": "Lamps are cheap."}],
    )
    message = replies.queue(conversation, author=None, template=OFFER)
    meta.faults.add(code=131050, status=400)
    deliver()
    assert states(message) == ["failed"]
    assert entries() == [("phone", "919800000001", False, "refusal")]
    with pytest.raises(consents.OptedOut):
        replies.queue(conversation, author=None, template=OFFER)
    resending.resend(message, None)  # by a person who knows better; refused there again
    meta.faults.add(code=131050, status=400)
    deliver()
    assert len(entries()) == 1


def test_a_failure_that_comes_later_is_an_entry_too(account, receive):
    conversation = talk(account, "15550100001")
    message = Message.objects.create(
        workspace=account.workspace,
        account=account,
        conversation=conversation,
        contact=conversation.contact,
        channel="whatsapp",
        direction="out",
        kind="template",
        status="sent",
        status_rank=3,
        external_id="wamid.out.1",
        provider_at=timezone.now(),
    )
    failed = bodies.status(
        "wamid.out.1", "failed", errors=[{"code": 131050, "title": "Stopped"}]
    )
    for _ in range(2):
        receive("whatsapp", bodies.whatsapp(failed))
    message.refresh_from_db()
    assert message.status == "failed"
    assert entries() == [("phone", "15550100001", False, "refusal")]


def test_another_workspace_knows_nothing_of_it(account, make_workspace, make_account):
    contact = talk(account).contact
    consents.record(contact, wants=False, by=None)
    other = make_account(workspace=make_workspace("other"), external_id="999")
    conversation = talk(other)
    assert ConsentEntry.objects.stopped([conversation.contact_id]) == set()
    assert (
        ConsentEntry.objects.stopped_names(
            other.workspace_id, [("phone", "919800000001")]
        )
        == set()
    )


def test_an_older_stop_that_comes_late_changes_nothing(account):
    conversation = talk(account)
    consents.record(conversation.contact, wants=False, by=None)
    consents.record(conversation.contact, wants=True, by=None)
    name = ContactIdentity.objects.get()
    ConsentEntry.objects.create(
        workspace=account.workspace,
        kind=name.kind,
        key=name.key,
        channel="whatsapp",
        wants=False,
        source="platform",
        reference="late",
        at=timezone.now() - timedelta(days=3),
    )
    assert ConsentEntry.objects.stopped([conversation.contact_id]) == set()
    assert Conversation.objects.get().contact == name.contact
