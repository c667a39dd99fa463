"""Sending what is queued, against a stand-in for Meta over real HTTP."""

from datetime import timedelta

import pytest
from django.db import connection

from inbox import outbox, reconciling
from inbox.adapters.sending import Choice
from inbox.models import ContactIdentity, Message, SendAttempt, SendLane
from inbox.tests.replying import approve, say, talk
from inbox.tests.sandboxed import LONG_AGO, deliver, due_now, states
from teams.models import Mail

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("channel", "who"),
    [("whatsapp", "919800000001"), ("instagram", "881"), ("facebook", "771")],
)
def test_a_reply_is_sent_once_and_its_status_follows(channel, who, connect, meta, hear):
    message = say(talk(connect(channel), who), "On its way")
    deliver()
    message.refresh_from_db()
    sends = meta.ledger.sends()
    assert [(call.to, call.kind, call.ref) for call in sends] == [
        (who, "text", message.ref)
    ]
    assert (message.status, message.external_id) == ("sent", sends[0].id)
    attempt = message.sends.get()
    assert (attempt.number, attempt.ref, attempt.outcome) == (1, message.ref, "sent")
    hear()
    assert Message.objects.filter(direction="out").count() == 1
    assert states(message)[0] in ("sent", "delivered")


def test_everything_that_whatsapp_takes_is_sent_as_documented(number, meta):
    conversation = talk(number)
    theirs = conversation.messages.get()
    approve(number)
    meta.templates.clear()
    say(conversation, "Which?", choices=[Choice(id="a", title="A")])
    say(conversation, "Yes", reply_to=theirs)
    deliver()
    bodies = [call.body for call in meta.ledger.sends()]
    assert bodies[0]["interactive"]["action"]["buttons"][0]["reply"]["id"] == "a"
    assert bodies[1]["context"] == {"message_id": theirs.external_id}
    assert bodies[1]["to"] == "+919800000001"


def test_a_conversation_is_sent_in_order_and_others_beside_it(number, meta):
    first, second = talk(number), talk(number, "919800000002")
    meta.rules.seconds = 0.01
    for place in range(5):
        say(first, f"a{place}")
        say(second, f"b{place}")
    deliver()
    texts = [call.body["text"]["body"] for call in meta.ledger.sends()]
    assert [text for text in texts if text[0] == "a"] == [f"a{n}" for n in range(5)]
    assert [text for text in texts if text[0] == "b"] == [f"b{n}" for n in range(5)]


def test_text_and_parts_wait_for_the_part_before(connect, meta):
    conversation = talk(connect("facebook"), "771")
    message = say(conversation, "word " * 1000, split=True)
    meta.faults.add(code=100)
    deliver()
    assert states(*message.parts) == ["failed"] * 3
    assert meta.ledger.sends() == []
    last = Message.objects.get(pk=message.parts[2].pk)
    assert last.error == "The part before it was not sent."


# T06


@pytest.mark.parametrize("code", [130429, 80007, 4])
def test_a_throttled_account_waits_longer_each_time_and_others_go_on(
    code, number, connect, meta
):
    other = connect(external_id="200000000000009")
    meta.faults.add(code=code, count=3, path=number.external_id)
    message = say(talk(number))
    pauses = []
    for _ in range(3):
        deliver()
        lane = SendLane.objects.get(account=number)
        attempt = SendAttempt.objects.latest("pk")
        assert (attempt.outcome, attempt.code) == ("refused", code)
        pauses.append((lane.paused_until - attempt.finished_at).total_seconds())
        elsewhere = say(talk(other, f"91980000010{lane.throttles}"))
        deliver()
        assert states(message, elsewhere) == ["queued", "sent"]
        SendLane.objects.update(paused_until=LONG_AGO, tokens=10)
    for pause, base in zip(pauses, (1, 2, 4), strict=True):
        assert 0.7 * base < pause < 1.3 * base
    deliver()
    assert states(message) == ["sent"]
    assert len(meta.ledger.sends(account=number.external_id)) == 1
    lane = SendLane.objects.get(account=number)
    assert (lane.throttles, lane.pause_reason) == (0, "")
    message.refresh_from_db()
    assert message.attempts == 1  # being held up is no failed try


def test_a_throttled_pair_waits_4_to_the_n_seconds_and_others_go_on(number, meta):
    conversation = talk(number)
    meta.faults.add(code=131056, count=3, to="919800000001")
    message, next_one = say(conversation), say(conversation, "Second")
    for base in (1, 4, 16):
        deliver()
        message.refresh_from_db()
        attempt = SendAttempt.objects.latest("pk")
        pause = (message.next_attempt_at - attempt.finished_at).total_seconds()
        assert 0.7 * base < pause < 1.3 * base
        elsewhere = say(talk(number, f"9199000000{base:02}"))
        deliver()
        assert states(message, next_one, elsewhere) == ["queued", "queued", "sent"]
        Message.objects.filter(pk=message.pk).update(next_attempt_at=LONG_AGO)
    deliver()
    assert states(message, next_one) == ["sent", "sent"]
    texts = [c.body["text"]["body"] for c in meta.ledger.sends(to="919800000001")]
    assert texts == ["Hi", "Second"]


def test_retries_end_after_five_and_grow_longer(number, meta):
    meta.faults.add(code=131016, status=400, count=None)
    message = say(talk(number))
    pauses = []
    for _ in range(5):
        deliver()
        message.refresh_from_db()
        attempt = SendAttempt.objects.latest("pk")
        pauses.append((message.next_attempt_at - attempt.finished_at).total_seconds())
        due_now()
    assert message.status == "failed"
    assert "tried again" not in message.error
    for pause, base in zip(pauses[:4], (2, 4, 8, 16), strict=True):
        assert 0.7 * base < pause < 1.3 * base
    assert [a.number for a in message.sends.order_by("number")] == [1, 2, 3, 4, 5]
    assert len({a.ref for a in message.sends.all()}) == 5
    assert meta.ledger.sends() == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (131047, "window"),
        (131026, "WhatsApp"),
        (100, "did not accept"),
        (131049, "held this message back"),
        (132000, "template"),
    ],
)
def test_definite_failures_say_why(code, words, number, meta):
    meta.faults.add(code=code, status=400)
    message = say(talk(number))
    deliver()
    message.refresh_from_db()
    assert message.status == "failed"
    assert words in message.error
    assert message.errors[0]["code"] == code
    assert message.sends.get().trace
    assert meta.ledger.sends() == []


def test_no_connection_is_tried_again(number, settings):
    settings.GRAPH_URL = "http://127.0.0.1:1"
    message = say(talk(number))
    deliver()
    message.refresh_from_db()
    assert (message.status, message.error) == (
        "queued",
        "Not sent: no connection. It is tried again.",
    )
    assert message.sends.get().outcome == "not_sent"


def test_a_dead_token_marks_the_channel_and_tells_its_admins_once(
    number, connect, meta, make_member
):
    make_member(number.workspace, "owner")
    make_member(number.workspace, "admin")
    make_member(number.workspace, "sdr")
    meta.faults.add(code=190, count=None, path=number.external_id)
    messages = [say(talk(number, f"91980000000{n}")) for n in range(3)]
    other = say(talk(connect(external_id="200000000000009"), "919900000001"))
    deliver()
    number.refresh_from_db()
    assert (number.status, "access has ended" in number.status_reason) == (
        "disconnected",
        True,
    )
    assert states(*messages, other) == ["queued"] * 3 + ["sent"]
    assert sorted(Mail.objects.values_list("to", flat=True)) == [
        "admin@acme.example",
        "owner@acme.example",
    ]
    meta.faults.clear()
    number.status = "connected"
    number.save()
    deliver()
    assert states(*messages) == ["sent"] * 3


def test_a_stopped_channel_holds_back_and_goes_on(number, meta):
    message = say(talk(number))
    number.stop_sending("Wrong price list")
    deliver()
    assert (states(message), meta.ledger.sends()) == (["queued"], [])
    number.resume_sending()
    deliver()
    assert states(message) == ["sent"]


def test_a_token_that_no_key_opens_stops_its_own_channel(
    number, connect, meta, settings
):
    mine, other = say(talk(number)), say(talk(connect("facebook"), "771"))
    type(number).objects.filter(pk=number.pk).update(token="x")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_channelaccount SET token = 'gAAAAA' WHERE id = %s",
            [number.pk],
        )
    deliver()
    assert states(mine, other) == ["queued", "sent"]
    number = type(number).objects.defer("token").get(pk=number.pk)
    assert "enter it again" in number.status_reason


def test_a_rate_is_kept_and_saved_up_only_a_little(number):
    number.sends_per_second = 8
    number.save()
    for place in range(20):
        say(talk(number, f"9198000000{place:02}"))
    SendLane.objects.create(
        workspace=number.workspace, account=number, refilled_at=LONG_AGO
    )
    assert len(outbox.claim(32, {}, 32)) == 2  # a quarter of a second's
    assert len(outbox.claim(32, {}, 32)) <= 1


def test_a_slow_account_does_not_take_all_slots(number, connect):
    other = connect(external_id="200000000000009")
    for place in range(40):
        say(talk(number, f"9198000000{place:02}"))
    SendLane.objects.create(workspace=number.workspace, account=number, tokens=100)
    jobs = outbox.claim(32, {}, 32)
    assert len(jobs) <= 24
    late = say(talk(other, "919900000001"))
    busy = {number.pk: 24}
    assert late.pk in [job.id for job in outbox.claim(8, busy, 32)]


def test_a_burst_to_one_person_is_spread(number):
    conversation = talk(number)
    sent = say(conversation)
    rows = [
        Message(
            workspace=sent.workspace,
            account=sent.account,
            conversation=conversation,
            contact=sent.contact,
            channel="whatsapp",
            direction="out",
            kind="text",
            status="sent",
            provider_at=sent.created_at,
        )
        for _ in range(45)
    ]
    Message.objects.bulk_create(rows)
    assert outbox.claim(32, {}, 32) == []
    Message.objects.filter(status="sent").update(
        provider_at=sent.created_at - timedelta(seconds=271)
    )
    assert [job.id for job in outbox.claim(32, {}, 32)] == [sent.pk]


def test_a_human_agent_tag_goes_along_after_a_day(connect, meta):
    account = connect("facebook", human_agent=True)
    for who, hours in (("771", 30), ("772", 1)):
        say(talk(account, who, wrote=timedelta(hours=hours)), who)
    deliver()
    bodies = [call.body for call in meta.ledger.sends()]
    told = {body["message"]["text"]: body.get("tag") for body in bodies}
    assert told == {"771": "HUMAN_AGENT", "772": None}


def test_what_waited_too_long_is_not_sent_any_more(number, settings, meta):
    number.stop_sending("holiday")
    number.resume_sending()
    message = say(talk(number))
    Message.objects.filter(pk=message.pk).update(created_at=LONG_AGO)
    reconciling.housekeep()
    message.refresh_from_db()
    assert (message.status, message.error) == (
        "failed",
        "It could not be sent in time.",
    )
    deliver()
    assert meta.ledger.sends() == []


def test_the_provider_tells_other_names_of_the_person(connect, meta):
    account = connect("whatsapp")
    conversation = talk(account, "5541988887777")
    say(conversation)
    deliver()
    values = ContactIdentity.objects.values_list("value", flat=True)
    assert "5541988887777" in list(values)
