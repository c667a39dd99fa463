"""T15: a worker whose clock is ten minutes wrong takes nothing and doubles nothing."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from inbox import outbox, reconciling
from inbox.models import Conversation, Message
from inbox.tests import bodies
from inbox.tests.replying import say, talk
from inbox.tests.sandboxed import deliver, states

pytestmark = pytest.mark.django_db
AHEAD, BEHIND = 600, -600
# for the control: the database's clock as the session has it
SKEWED = """
    CREATE SCHEMA IF NOT EXISTS skewed;
    CREATE OR REPLACE FUNCTION skewed.statement_timestamp() RETURNS timestamptz
        LANGUAGE sql STABLE AS $$ SELECT pg_catalog.statement_timestamp()
        + make_interval(secs => current_setting('flexoraa.skew')::float) $$;
    CREATE OR REPLACE FUNCTION skewed.now() RETURNS timestamptz
        LANGUAGE sql STABLE AS $$ SELECT pg_catalog.now()
        + make_interval(secs => current_setting('flexoraa.skew')::float) $$;
"""


@pytest.fixture
def wrong(request):
    """This process believes that it is so many seconds later."""
    moment = datetime.now(UTC) + timedelta(seconds=request.param)
    with time_machine.travel(moment, tick=True):
        yield request.param


both_ways = pytest.mark.parametrize("wrong", [AHEAD, BEHIND], indirect=True)


@both_ways
def test_what_another_is_sending_stays_its_own(number, meta, wrong):
    message = say(talk(number))
    assert len(outbox.claim(8, {}, 8)) == 1  # another, who lives
    reconciling.housekeep()
    deliver()
    assert states(message) == ["sending"]
    assert meta.ledger.sends() == []


def test_by_its_own_clock_it_would_take_it(number, meta):
    """The control: leases that go by the clock of who looks at them."""
    message = say(talk(number))
    assert len(outbox.claim(8, {}, 8)) == 1
    with connection.cursor() as cursor:
        cursor.execute(SKEWED)
        cursor.execute(f"SET LOCAL flexoraa.skew = '{AHEAD}'")
        cursor.execute("SET LOCAL search_path = skewed, public, pg_catalog")
    reconciling.housekeep()
    assert states(message) == ["unknown"]


@both_ways
def test_an_answer_goes_once_and_at_once(number, meta, hear, wrong):
    message = say(talk(number))
    deliver()
    reconciling.housekeep()
    deliver()
    assert states(message) == ["sent"]
    hear()
    assert states(message) == ["delivered"]
    assert len(meta.ledger.sends()) == 1


@both_ways
def test_messages_keep_the_platforms_time_and_order(receive, account, wrong):
    """T02 with a wrong clock: reversed, doubled, statuses first."""
    texts = [bodies.whatsapp(bodies.text(n)) for n in (3, 1, 2, 3, 1)]
    receive("whatsapp", *texts)
    rows = Message.objects.order_by("provider_at", "id")
    assert [row.text for row in rows] == ["message 1", "message 2", "message 3"]
    conversation = Conversation.objects.get()
    assert conversation.last_message_at == rows[2].provider_at
    assert conversation.unread_count == 3
