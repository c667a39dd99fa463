"""Until when people may be answered."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from inbox import windows
from inbox.models import Contact, ContactIdentity
from inbox.tests.replying import talk
from inbox.tests.world import as_user
from inbox.windows import Rule, window_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("channel", ["whatsapp", "instagram", "facebook"])
def test_a_window_is_open_for_a_day_after_the_person_wrote(channel, make_account):
    window = window_of(talk(make_account(channel), wrote=23 * HOUR))
    assert (window.rule, window.is_open, window.tag) == (Rule.REPLY, True, "")
    left = window.open_until - timezone.now()
    assert timedelta(minutes=59) < left < timedelta(minutes=61)


def test_whatsapp_takes_templates_after_it(account):
    window = window_of(talk(account, wrote=25 * HOUR))
    assert (window.rule, window.allowed) == (Rule.TEMPLATE, ("template", "note"))
    assert window.open_until < timezone.now()
    never = window_of(talk(account, "2", wrote=None))
    assert (never.rule, never.open_until) == (Rule.TEMPLATE, None)


def test_messenger_takes_nothing_after_it(make_account):
    window = window_of(talk(make_account("facebook"), wrote=25 * HOUR))
    assert (window.rule, window.allowed) == (Rule.CLOSED, ("note",))


@pytest.mark.parametrize("channel", ["instagram", "facebook"])
def test_a_human_agent_has_seven_days(channel, make_account):
    account = make_account(channel, human_agent=True)
    window = window_of(talk(account, wrote=6 * 24 * HOUR))
    assert (window.rule, window.tag) == (Rule.HUMAN_AGENT, "human_agent")
    assert window.open_until - timezone.now() > 23 * HOUR
    assert window_of(talk(account, "2", wrote=HOUR)).rule is Rule.REPLY
    late = window_of(talk(account, "3", wrote=8 * 24 * HOUR))
    assert (late.rule, late.is_open) == (Rule.CLOSED, False)


def test_a_human_agent_of_whatsapp_is_like_anybody(make_account):
    account = make_account("whatsapp", human_agent=True)
    assert window_of(talk(account, wrote=25 * HOUR)).rule is Rule.TEMPLATE


def test_writing_on_one_number_opens_no_other(account, make_account):
    other = make_account("whatsapp", external_id="200000000000002")
    conversation = talk(account, wrote=30 * HOUR)
    elsewhere = talk(other, wrote=HOUR)
    Contact.objects.filter(pk=elsewhere.contact_id).update(
        merged_into=conversation.contact
    )
    assert not window_of(conversation).is_open
    assert [x.conversation for x in windows.elsewhere(conversation)] == [elsewhere]
    other.stop_sending("maintenance")
    assert windows.elsewhere(conversation) == []


def test_a_message_in_an_earlier_conversation_counts(account):
    first = talk(account, wrote=HOUR)
    first.resolve()
    ContactIdentity.objects.update(last_inbound_at=None)
    second = talk(account, "2", wrote=None)
    second.contact = first.contact
    second.save()
    assert window_of(second).is_open


def test_what_is_heard_opens_the_window_of_that_name(account, receive):
    receive("whatsapp", "text")
    identity = ContactIdentity.objects.get(kind="phone")
    conversation = identity.contact.conversations.get()
    assert identity.last_inbound_at == conversation.last_inbound_at


def test_the_api_says_until_when_and_where_else(account, make_account, make_member):
    conversation = talk(account, wrote=25 * HOUR)
    elsewhere = talk(make_account("instagram"), "178", wrote=HOUR)
    Contact.objects.filter(pk=elsewhere.contact_id).update(
        merged_into=conversation.contact
    )
    client = as_user(make_member(account.workspace, "member"))
    root = "/api/workspaces/acme/conversations"
    told = client.get(f"{root}/{conversation.public_id}/window").json()
    assert (told["is_open"], told["rule"]) == (False, "template")
    assert told["allowed"] == ["template", "note"]
    assert [(x["conversation"], x["channel"]) for x in told["elsewhere"]] == [
        (str(elsewhere.public_id), "instagram")
    ]


def test_conversations_are_listed_by_what_closes_first(account, make_member):
    talks = [talk(account, str(n), wrote=n * HOUR) for n in (1, 23, 21, 30)]
    talk(account, "never", wrote=None)
    gone = talk(account, "gone", wrote=22 * HOUR)
    gone.resolve()
    client = as_user(make_member(account.workspace, "member"))

    def listed(query: str) -> list:
        url = f"/api/workspaces/acme/conversations?ordering=last_inbound_at&{query}"
        return [row["id"] for row in client.get(url).json()["results"]]

    ids = [str(row.public_id) for row in talks]
    assert listed("window=closing") == [ids[1], ids[2]]
    assert listed("window=open") == [ids[1], ids[2], ids[0]]
    assert listed("window=closed") == [ids[3]]
    assert client.get("/api/workspaces/acme/conversations?window=x").status_code == 400


def test_an_index_lists_what_closes_soon(account):
    talks = [talk(account, str(n), wrote=n * HOUR / 100) for n in range(50)]
    rows = type(talks[0]).objects.filter(workspace=account.workspace_id)
    with connection.cursor() as cursor:
        # of fifty rows all are read and sorted; of many the order decides
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        plan = windows.listed(rows, "closing").order_by("last_inbound_at").explain()
    assert "inbox_conversation_window" in plan
