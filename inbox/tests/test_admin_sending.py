"""Deciding about messages in the back office."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from inbox.models import Message, SendAttempt, SendLane
from inbox.tests.replying import say, talk
from inbox.tests.sandboxed import LONG_AGO, deliver, states

pytestmark = pytest.mark.django_db
LIST = "admin:inbox_message_changelist"


@pytest.fixture
def undelivered(account):
    """A failed, an unconfirmed, an uncertain and a waiting message."""
    rows = [say(talk(account, str(n)), f"Text {n}") for n in range(4)]
    for row, (status, rank) in zip(
        rows, [("failed", 4), ("unconfirmed", 2), ("unknown", 2)], strict=False
    ):
        Message.objects.filter(pk=row.pk).update(
            status=status, status_rank=rank, error=f"Because of {status}"
        )
    return rows


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ("undelivered", (0, 1)),
        ("doubtful", (2,)),
        ("waiting", (3,)),
        ("", (0, 1, 2, 3)),
    ],
)
def test_messages_are_filtered_by_what_is_to_be_done(chosen, shown, undelivered, staff):
    page = staff.get(reverse(LIST), {"sending": chosen} if chosen else {}).content
    for place in range(4):
        assert (f"Text {place}".encode() in page) is (place in shown)


def act(staff, action: str, rows: list[Message]) -> str:
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return staff.post(reverse(LIST), data, follow=True).content.decode()


def test_they_are_sent_again_row_by_row(undelivered, staff):
    page = act(staff, "resend", undelivered)
    assert "2 messages are sent again" in page
    assert "not known yet" in page
    assert "on its way" in page
    assert states(*undelivered) == ["queued", "queued", "unknown", "queued"]
    assert LogEntry.objects.filter(change_message__contains="Sent again").count() == 2


def test_they_are_marked_as_sent(undelivered, staff):
    assert "2 messages are marked as sent" in act(staff, "mark_sent", undelivered[1:])
    assert states(*undelivered) == ["failed", "sent", "sent", "queued"]


def test_attempts_are_shown_with_what_came_of_them(number, meta, staff):
    meta.faults.add(code=131026)
    message = say(talk(number))
    deliver()
    url = reverse("admin:inbox_message_change", args=[message.pk])
    page = staff.get(url).content.decode()
    assert "131026/0" in page
    assert "no WhatsApp" in page
    SendAttempt.objects.update(confirmed_late_at=LONG_AGO)
    assert "has it twice" in staff.get(url).content.decode()


def test_channels_say_whether_they_send(account, staff):
    page = reverse("admin:inbox_channelaccount_changelist")
    lane = SendLane.objects.create(
        workspace=account.workspace,
        account=account,
        throttles=1,
        paused_until="2100-01-01T00:00:00Z",
        pause_reason="The platform asks to send more slowly.",
    )
    assert "paused: The platform asks" in staff.get(page).content.decode()
    lane.delete()
    account.status = "disconnected"
    account.save()
    assert "no: disconnected" in staff.get(page).content.decode()
