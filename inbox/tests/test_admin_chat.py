"""A thread in the back office, shown as a chat."""

import json
from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from inbox.models import Attachment, Conversation, Message
from inbox.tests import bodies, world
from inbox.tests.office import asked, page

pytestmark = pytest.mark.django_db


def thread(staff, **query) -> str:
    """The page of the only conversation there is."""
    url = page("inbox_conversation", Conversation.objects.get().pk)
    return staff.get(url, query).content.decode()


def said(answer) -> list[str]:
    """The texts of a thread's page, in order."""
    days = answer.context["days"]
    return [bubble.message.text for _, bubbles in days for bubble in bubbles]


def test_a_thread_is_a_chat(staff, account, receive):
    quoted = bodies.text(2, context={"id": "wamid.in1"})
    unsupported = bodies.text(4, type="hologram")
    receive(
        "whatsapp",
        bodies.whatsapp(bodies.text(1), quoted, unsupported),
        bodies.echo(3),
        bodies.whatsapp(bodies.status("wamid.out3", "read")),
    )
    html = thread(staff)
    assert html.index("message 1") < html.index("answer 3")
    assert f'href="#m{Message.objects.get(external_id="wamid.in1").pk}"' in html
    assert "✓✓" in html
    assert "does not pass on" in html
    assert "hologram" in html


CONTENT = {
    "location": (
        {"latitude": 0, "longitude": 78.5, "name": "Null Island"},
        ["Null Island", "0, 78.5"],
    ),
    "contacts": (
        [{"name": {"formatted_name": "Ravi"}, "phones": [{"phone": "+91 1"}, "odd"]}],
        ["Ravi · +91 1"],
    ),
    "interactive": (
        {
            "type": "nfm_reply",
            "nfm_reply": {
                "response_json": json.dumps({"flow_token": "t", "size": "L"})
            },
        },
        ["size: L"],
    ),
    "order": (
        {"product_items": [{"quantity": 2, "product_retailer_id": "LAMP"}, None]},
        ["2 × LAMP"],
    ),
    "document": (
        {"id": "1", "filename": "plan.pdf", "mime_type": "application/pdf"},
        ["plan.pdf", "application/pdf"],
    ),
    "audio": ({"id": "1", "voice": True}, ["voice note"]),
}


@pytest.mark.parametrize("kind", CONTENT)
def test_each_kind_shows_what_it_says(kind, staff, account, receive):
    content, expected = CONTENT[kind]
    value = bodies.text(1, type=kind, **{kind: content})
    receive("whatsapp", bodies.whatsapp(value))
    html = thread(staff)
    for words in expected:
        assert words in html


def test_edits_unsends_reactions_and_failures_are_seen(staff, account, receive):
    receive(
        "whatsapp",
        bodies.whatsapp(bodies.text(1), bodies.text(2)),
        bodies.echo(3),
        bodies.whatsapp(
            bodies.status(
                "wamid.out3",
                "failed",
                errors=[{"code": 131026, "title": "Message undeliverable"}],
            )
        ),
        bodies.whatsapp(
            bodies.text(
                4, type="reaction", reaction={"message_id": "wamid.in1", "emoji": "🔥"}
            )
        ),
    )
    now = datetime.now(UTC)
    Message.objects.filter(external_id="wamid.in1").update(edited_at=now)
    Message.objects.filter(external_id="wamid.in2").update(unsent_at=now, text="")
    html = thread(staff)
    assert "🔥" in html
    assert "· edited" in html
    assert "was taken back" in html
    assert "131026 Message undeliverable" in html
    assert "✗ failed" in html


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        ("https://cdn.example/a.jpg?b=1&c=2", True),
        ("HTTP://cdn.example/a", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//cdn.example/a", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(url, is_link, staff, workspace):
    built = world.build(workspace)
    Attachment.objects.update(url=url, kind="link", state="link", has_thumbnail=False)
    html = staff.get(page("inbox_conversation", built.conversation.pk)).content.decode()
    assert ('rel="noreferrer noopener"' in html) is is_link
    assert "javascript:alert" not in html
    assert "<img" not in html.split("fx-thread", 1)[1]
    assert "Asha.png" in html


def test_where_somebody_came_from_is_seen(staff, account, receive):
    ad = {
        "source_type": "ad",
        "source_id": "120210",
        "source_url": "javascript:alert(1)",
        "headline": "Lamps <b>now</b>",
        "body": "Free delivery",
    }
    receive("whatsapp", bodies.whatsapp(bodies.text(1, referral=ad)))
    html = thread(staff)
    assert "Came from an ad: Lamps &lt;b&gt;now&lt;/b&gt;" in html
    assert "Free delivery" in html
    assert "120210" in html
    assert "javascript:" not in html.split("fx-thread", 1)[1]


def test_a_quote_is_shown_wherever_the_message_is(staff, account, receive):
    late = bodies.text(200, context={"id": "wamid.in0"})
    gone = bodies.text(201, context={"id": "wamid.never"})
    receive("whatsapp", bodies.whatsapp(*map(bodies.text, range(120)), late, gone))
    html = thread(staff)
    quote = html[html.index('class="fx-quote"') :][:200]
    assert "message 0" in quote
    assert "is not stored here" in html


def test_notes_authors_and_states_on_the_way_are_seen(staff, workspace, make_member):
    built = world.build(workspace)
    author = make_member(workspace, "sdr")
    built.say(direction="note", text="Call her", author=author)
    for status in ("queued", "sending", "unknown"):
        built.say(direction="out", text=status, status=status, external_id="")
    html = staff.get(page("inbox_conversation", built.conversation.pk)).content.decode()
    assert "note · Sdr" in " ".join(html.split())
    assert 'aria-label="queued">queued<' in html
    assert "not known whether it was sent" in html


def test_days_are_those_of_the_workspace(staff, account, receive):
    """23:30 and 00:30 in Kolkata are two days, in UTC they are one."""
    evening = int(datetime(2026, 3, 1, 18, 0, tzinfo=UTC).timestamp()) - bodies.BASE
    receive(
        "whatsapp",
        bodies.whatsapp(bodies.text(1, at=evening), bodies.text(2, at=evening + 3600)),
    )
    html = thread(staff)
    assert "1 March 2026" in html
    assert "2 March 2026" in html
    assert "23:30" in html


def test_older_messages_are_a_link_away(staff, account, receive):
    receive("whatsapp", bodies.whatsapp(*[bodies.text(n) for n in range(130)]))
    url = page("inbox_conversation", Conversation.objects.get().pk)
    latest = staff.get(url)
    assert said(latest)[0] == "message 30"
    assert said(latest)[-1] == "message 129"
    older = staff.get(url, {"before": latest.context["older"]})
    assert said(older) == [f"message {number}" for number in range(30)]
    assert older.context["older"] == ""


def test_messages_of_the_same_second_are_neither_lost_nor_doubled(
    staff, account, receive
):
    receive("whatsapp", bodies.whatsapp(*[bodies.text(n, at=7) for n in range(130)]))
    url = page("inbox_conversation", Conversation.objects.get().pk)
    latest = staff.get(url)
    older = staff.get(url, {"before": latest.context["older"]})
    assert sorted(said(latest) + said(older)) == sorted(
        f"message {number}" for number in range(130)
    )


@pytest.mark.parametrize(
    "odd",
    [
        "x",
        "~",
        "2026-99-99T00:00:00Z~1",
        "2026-01-01~1",
        "2026-01-01T00:00:00Z~x",
        "2026-01-01T00:00:00Z~²",
        "2026-01-01T00:00:00Z~" + "9" * 40,
        "0001-01-01T00:00:00+23:59~1",
        "9999-12-31T23:59:59-23:59~1",
    ],
)
def test_odd_places_in_a_thread_are_harmless(odd, staff, account, receive):
    receive("whatsapp", bodies.whatsapp(bodies.text(1)))
    assert "fx-thread" in thread(staff, before=odd)


def test_a_conversation_is_resolved_and_reopened_by_post(staff, account, receive):
    receive("whatsapp", bodies.whatsapp(bodies.text(1)))
    conversation = Conversation.objects.get()
    url = reverse("admin:inbox_conversation_state", args=[conversation.pk])
    staff.get(url, {"change": "resolve"})
    staff.post(url, {"change": "explode"})
    assert Conversation.objects.get().status == "open"
    staff.post(url, {"change": "read"})
    assert Conversation.objects.get().unread_count == 0
    staff.post(url, {"change": "resolve"})
    assert Conversation.objects.get().status == "resolved"
    receive("whatsapp", bodies.whatsapp(bodies.text(2)))
    Conversation.objects.filter(pk=conversation.pk).update(
        status="resolved", resolved_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    receive("whatsapp", bodies.whatsapp(bodies.text(3)))
    assert Conversation.objects.count() == 2
    answer = staff.post(url, {"change": "reopen"}, follow=True)
    assert "another open conversation" in answer.content.decode()


def test_who_resolved_it_is_written_down_once(staff, account, receive):
    receive("whatsapp", bodies.whatsapp(bodies.text(1)))
    pk = Conversation.objects.get().pk
    url = reverse("admin:inbox_conversation_state", args=[pk])
    staff.post(url, {"change": "resolve"})
    staff.post(url, {"change": "resolve"})
    entry = LogEntry.objects.get()
    assert (entry.user.email, entry.object_id) == ("root@example.com", str(pk))
    assert entry.change_message == "resolve"


def test_a_thread_asks_the_same_number_of_questions_however_long(
    staff, account, receive
):
    counts = []
    for numbers in (range(10), range(10, 100)):
        receive("whatsapp", bodies.whatsapp(*map(bodies.text, numbers)))
        url = page("inbox_conversation", Conversation.objects.get().pk)
        counts.append(len(asked(staff, url)))
    assert counts[0] == counts[1] <= 12
