"""Broadcasts: the look beforehand, slices, states, pauses, and each once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from flexoraa.lib.errors import Conflict
from flexoraa.lib.ids import ulid_of
from inbox import broadcasts, consents, preflight, replies
from inbox.adapters.sending import Unsendable
from inbox.models import (
    Broadcast,
    BroadcastRecipient,
    ConsentEntry,
    Contact,
    Conversation,
    Message,
    OutreachSettings,
    WaitSegment,
)
from inbox.tests import bodies
from inbox.tests.broadcasting import known_to, people, planned, template_of, texts
from inbox.tests.replying import talk
from inbox.tests.sandboxed import PARENT, deliver
from leads.models import Lead
from leads.tests.world import make_lead, make_leads

pytestmark = pytest.mark.django_db


def reasons(broadcast) -> dict[str, str]:
    rows = broadcast.recipients.exclude(reason="").select_related("lead")
    return {row.lead.name: row.reason for row in rows}


def run(broadcast) -> Broadcast:
    """Until it is over, as if the number had sent what is in line."""
    for _ in range(100):
        broadcasts.drain()
        Message.objects.filter(status="queued").update(status="sent", status_rank=3)
        broadcast.refresh_from_db()
        if broadcast.state != "running":
            break
    return broadcast


def test_the_look_beforehand_says_who_is_left_out_and_why(account):
    ours = account.workspace
    first, other = people(account, 2)
    make_lead(ours, name="No phone")
    make_lead(ours, name="Twin", phone=first.phone)
    make_lead(ours, name="", company="No name", phone="+4915112345678")
    make_lead(ours, name="Withdrawn", phone="+4915112345671", consent="withdrawn")
    make_lead(ours, name="Gone", phone="+4915112345672").archive()
    talker = make_lead(ours, name="Stopped", phone="+919800000077")
    consents.record(talk(account, "919800000077").contact, wants=False, by=None)
    talk(account, other.phone[1:])  # wrote an hour ago
    OutreachSettings.objects.create(workspace=ours, marketing_paise=86_310)
    found = planned(account, parameters={"1": {"field": "name"}}, missing=3)
    assert found.facts["pending"] == 2
    assert found.facts["dropped"] == {
        "no_identity": 1,
        "duplicate": 1,
        "missing_parameter": 1,
        "opted_out": 2,
        "not_live": 1,
        "not_found": 3,
    }
    assert found.facts["windows"] == {"open": 1, "closed": 1}
    assert found.facts["cost"]["paise"] == 173  # 2 × 86.31 paise, rounded up
    assert found.facts["cost"]["category"] == "MARKETING"
    assert found.facts["plan"]["fits"] is True
    assert reasons(found)["Stopped"] == "opted_out"
    assert talker.name in reasons(found)
    assert Message.objects.filter(direction="out").count() == 0


def test_a_utility_template_costs_nothing_in_an_open_window(account):
    lead, _ = people(account, 2)
    talk(account, lead.phone[1:])
    OutreachSettings.objects.create(workspace=account.workspace, utility_paise=11_500)
    template = template_of(account, category="UTILITY")
    cost = planned(account, template=template).facts["cost"]
    assert (cost["charged"], cost["paise"]) == (1, 12)
    template.category = ""
    assert preflight.cost(account.workspace, template, 5, 0)["paise"] is None


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"1": {"text": "x"}, "2": {"text": "y"}},
        {"1": {}},
        {"1": {"field": "password"}},
        {"1": {"field": "name", "text": "both"}},
    ],
)
def test_gaps_must_be_filled_by_what_there_is(parameters, account):
    with pytest.raises(Unsendable):
        planned(account, parameters=parameters)
    assert Broadcast.objects.count() == 0


def test_each_gets_their_own_words_once(account):
    people(account, 3)
    make_lead(account.workspace, name="", phone="+919800000099")
    broadcast = broadcasts.start(planned(account))
    assert broadcasts.drain() == 4
    assert run(broadcast).state == "finished"
    assert texts() == ["Hello Asha, it is ready."] * 3 + ["Hello there, it is ready."]
    rows = BroadcastRecipient.objects.select_related("message", "contact")
    assert {row.message.ref for row in rows} == {ulid_of(r.public_id) for r in rows}
    assert {row.contact.lead_id for row in rows} == set(
        Lead.objects.values_list("pk", flat=True)
    )
    assert broadcasts.drain() == 0
    with pytest.raises(Conflict):
        broadcasts.start(broadcast)


def test_the_list_is_frozen(account):
    (lead,) = people(account, 1)
    broadcast = planned(account)
    Lead.objects.filter(pk=lead.pk).update(name="Renamed")
    make_lead(account.workspace, name="Late", phone="+919800000044")
    run(broadcasts.start(broadcast))
    assert texts() == ["Hello Asha, it is ready."]


def test_new_conversations_stay_closed_until_somebody_answers(account, receive):
    make_lead(account.workspace, name="Asha", phone="+15550100001")
    known = talk(account, "919800000001")
    make_lead(account.workspace, name="Ravi", phone="+919800000001")
    run(broadcasts.start(planned(account)))
    fresh = Conversation.objects.exclude(pk=known.pk).get()
    assert (fresh.status, fresh.preview) == ("resolved", "Hello Asha, it is ready.")
    assert Message.objects.get(conversation=known, direction="out").pk
    receive("whatsapp", bodies.whatsapp(bodies.text(1)))
    fresh.refresh_from_db()
    assert fresh.status == "open"


def test_a_broadcast_answers_nobody(account):
    """People who wait go on waiting, and no report counts it as an answer."""
    conversation = talk(account)
    WaitSegment.objects.follow(
        [
            {
                "id": conversation.pk,
                "inbound": True,
                "at": conversation.last_inbound_at,
                "by": None,
            }
        ]
    )
    before = conversation.waiting_since
    make_lead(account.workspace, phone="+919800000001", name="Asha")
    run(broadcasts.start(planned(account)))
    message = Message.objects.get(direction="out")
    conversation.refresh_from_db()
    assert (message.conversation, message.author) == (conversation, None)
    assert conversation.waiting_since == before
    wait = WaitSegment.objects.get()
    assert (wait.ended_at, wait.outcome) == (None, "")


def test_who_opts_out_meanwhile_gets_nothing_more(account, receive):
    people(account, 2, name="Asha")
    leads = list(Lead.objects.order_by("pk"))
    Lead.objects.filter(pk=leads[0].pk).update(phone="+15550100001")
    Lead.objects.filter(pk=leads[1].pk).update(phone="+15550100002")
    broadcast = broadcasts.start(planned(account))
    stop = bodies.text(1, text={"body": "STOP"})
    receive("whatsapp", bodies.whatsapp(stop))  # before their turn
    broadcasts.drain()
    assert broadcast.tally() == {"skipped": 1, "queued": 1}
    assert broadcast.recipients.get(state="skipped").reason == "opted_out"
    late = bodies.text(2, 2, text={"body": "STOP"})
    receive("whatsapp", bodies.whatsapp(late))  # while it waits in line
    assert broadcast.tally() == {"skipped": 1, "failed": 1}
    message = Message.objects.get(direction="out")
    assert message.error == consents.STOPPED


def test_no_more_waits_in_line_than_is_sent_in_a_moment(account):
    account.sends_per_second = 10
    account.save()
    make_leads(account.workspace, 40)
    for number, lead in enumerate(Lead.objects.all()):
        lead.phone = f"+9198{number:08}"
        lead.save(update_fields=["phone"])
    broadcasts.start(planned(account))
    while broadcasts.drain():
        pass
    assert Message.objects.filter(status="queued").count() == 15
    Message.objects.update(status="sent")
    broadcasts.drain()
    assert Message.objects.filter(status="queued").count() == 15


def test_a_rate_of_its_own_is_kept(account):
    people(account, 30)
    broadcast = broadcasts.start(planned(account, per_minute=60))
    assert broadcasts.drain() == 1
    assert broadcasts.drain() == 0
    ago = timezone.now() - timedelta(seconds=1.5)
    Broadcast.objects.filter(pk=broadcast.pk).update(worked_at=ago)
    assert broadcasts.drain() == 1
    Broadcast.objects.filter(pk=broadcast.pk).update(
        worked_at=timezone.now() - timedelta(hours=1)
    )
    assert broadcasts.drain() == 2  # what was missed is not made up for


def test_a_pause_is_one_and_a_cancel_takes_back_what_waits(account):
    account.sends_per_second = 4
    account.save()
    people(account, 30)
    broadcast = broadcasts.start(planned(account))
    broadcasts.drain()
    broadcast = broadcasts.pause(broadcast)
    Message.objects.update(status="sent", status_rank=3)
    assert broadcasts.drain() == 0
    assert broadcast.tally() == {"pending": 20, "sent": 10}
    with pytest.raises(Conflict):
        broadcasts.pause(broadcast)
    broadcast = broadcasts.resume(broadcast)
    broadcasts.drain()
    assert broadcast.tally() == {"pending": 10, "queued": 10, "sent": 10}
    broadcast = broadcasts.cancel(broadcast)
    assert broadcast.tally() == {"skipped": 10, "sent": 10, "failed": 10}
    for step in (broadcasts.resume, broadcasts.cancel, broadcasts.pause):
        with pytest.raises(Conflict):
            step(broadcast)
    assert broadcasts.drain() == 0


def test_it_starts_when_its_time_has_come(account):
    people(account, 1)
    at = timezone.now() + timedelta(hours=1)
    broadcast = broadcasts.start(planned(account), at=at)
    assert (broadcast.state, broadcasts.drain()) == ("scheduled", 0)
    Broadcast.objects.update(start_at=timezone.now())
    assert broadcasts.drain() == 1
    broadcast.refresh_from_db()
    assert broadcast.state == "running"
    assert broadcast.started_at


def test_what_holds_it_up_is_said_and_it_goes_on_by_itself(account):
    people(account, 2)
    broadcast = broadcasts.start(planned(account))
    account.stop_sending("holidays")
    assert broadcasts.drain() == 0
    broadcast.refresh_from_db()
    assert "holidays" in broadcast.note
    account.resume_sending()
    template = template_of(account)
    template.status = "PAUSED"
    template.save()
    assert broadcasts.drain() == 0
    broadcast.refresh_from_db()
    assert "paused" in broadcast.note
    template.status = "APPROVED"
    template.save()
    assert broadcasts.drain() == 2


def test_the_plans_room_is_asked_before_and_meanwhile(account):
    people(account, 3)
    ours = account.workspace
    ours.limits = {"messages": 2}
    ours.save()
    broadcast = planned(account)
    assert broadcast.facts["plan"] == {"limit": 2, "used": 0, "fits": False}
    with pytest.raises(Conflict) as refused:
        broadcasts.start(broadcast)
    assert refused.value.detail.code == "limit_reached"
    Broadcast.objects.update(state="running")
    broadcasts.drain()
    broadcast.refresh_from_db()
    assert broadcast.tally() == {"pending": 1, "queued": 2}
    assert broadcast.note
    ours.limits = {}
    ours.save()
    assert run(broadcast).state == "finished"


def test_what_failed_is_tried_again_as_the_same_message(number, meta):
    known_to(meta, PARENT)
    people(number, 5)
    broadcast = broadcasts.start(planned(number))
    meta.faults.add(code=131026, status=400, count=2)
    broadcasts.drain()
    deliver()
    assert broadcast.tally() == {"sent": 3, "failed": 2}
    assert broadcasts.retry_failed(broadcast) == 2
    Message.objects.filter(status="queued").update(next_attempt_at=timezone.now())
    deliver()
    broadcasts.drain()
    assert broadcast.tally() == {"sent": 5}
    assert Message.objects.count() == 5
    assert meta.ledger.doubles("text") != {}  # all have the same words
    assert len({call.to for call in meta.ledger.sends()}) == 5


def test_who_stopped_at_the_platform_is_not_tried_again(number, meta):
    known_to(meta, PARENT)
    people(number, 2)
    broadcast = broadcasts.start(planned(number))
    meta.faults.add(code=131050, status=400, count=1)
    broadcasts.drain()
    deliver()
    assert broadcast.tally() == {"sent": 1, "failed": 1}
    assert ConsentEntry.objects.get().source == "refusal"
    assert broadcasts.retry_failed(broadcast) == 0


def test_a_second_message_for_a_recipient_cannot_be_written(account):
    people(account, 1)
    broadcast = broadcasts.start(planned(account))
    broadcasts.drain()
    row = BroadcastRecipient.objects.get()
    use = broadcasts.use_of(broadcast, row.parameters)
    with pytest.raises(IntegrityError), transaction.atomic():
        replies.queue(
            row.conversation, author=None, template=use, ref=ulid_of(row.public_id)
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        BroadcastRecipient.objects.create(
            workspace=row.workspace, broadcast=row.broadcast, lead=row.lead
        )
    # and where one is there already, it is taken
    message = row.message
    BroadcastRecipient.objects.update(state="pending", message=None)
    Broadcast.objects.update(state="running")
    broadcasts.drain()
    row.refresh_from_db()
    assert (row.message, Message.objects.count()) == (message, 1)


def test_a_lead_without_phone_is_reached_by_its_contact(account):
    lead = make_lead(account.workspace, name="By contact")
    conversation = talk(account, "919800000005")
    Contact.objects.filter(pk=conversation.contact_id).update(lead=lead)
    run(broadcasts.start(planned(account)))
    assert Message.objects.get(direction="out").conversation == conversation


def test_a_broadcast_for_nobody_does_not_start(account):
    make_lead(account.workspace)
    with pytest.raises(Conflict):
        broadcasts.start(planned(account))


def test_too_many_are_refused(account, monkeypatch):
    monkeypatch.setattr(preflight, "MOST", 2)
    people(account, 3)
    with pytest.raises(preflight.TooMany):
        planned(account)
