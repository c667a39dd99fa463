"""The inbox's lists on PostgreSQL: search, the number of queries, the indexes used."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.api.filters import Search
from inbox.models import Contact, ContactIdentity
from inbox.tests.world import as_user, build

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(workspace):
    return build(workspace, "Asha")


@pytest.fixture
def api(workspace, make_member):
    return as_user(make_member(workspace))


def results(api, url) -> list[dict]:
    answer = api.get(url)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


@pytest.fixture
def meena(world):
    """Somebody with a phone, who wrote once."""
    contact = Contact.objects.create(
        workspace=world.workspace, name="Meena_ Iyer", username="meena.i"
    )
    ContactIdentity.objects.create(
        workspace=world.workspace,
        account=world.account,
        contact=contact,
        kind="phone",
        value="+919876543210",
        key="919876543210",
    )
    world.converse(contact=contact)
    return contact


@pytest.mark.parametrize("few", [2_000, 0], ids=["looked up", "walked"])
@pytest.mark.parametrize(
    ("term", "names"),
    [
        ("mee", {"Meena_ Iyer"}),
        ("MEENA_", {"Meena_ Iyer"}),
        ("meena%", set()),
        ("%25", set()),
        ("_", set()),
        ("\\", set()),
        ("meena.i", {"Meena_ Iyer"}),
        ("@meena", {"Meena_ Iyer"}),
        ("@", set()),
        ("919876543210", {"Meena_ Iyer"}),
        ("%2B91 98765-43", {"Meena_ Iyer"}),
        ("(91) 98765 43210", {"Meena_ Iyer"}),
        ("9876543210", set()),
        ("Iyer", set()),
        ("asha rao", {"Asha Rao"}),
        ("asha old", {"Asha Rao"}),  # a name from before the merge
        ("Asha2", {"Asha Rao"}),
    ],
)
def test_people_are_found_by_how_their_names_begin(
    few, term, names, api, world, meena, monkeypatch
):
    monkeypatch.setattr(Search, "FEW", few)
    people = results(api, f"{world.root}/contacts?search={term}")
    assert {row["name"] for row in people} == names
    talks = results(api, f"{world.root}/conversations?search={term}")
    assert {row["contact"]["name"] for row in talks} == names


@pytest.mark.parametrize(
    ("path", "count"),
    [
        # session, user, membership with workspace, rows, and what hangs on them
        ("channels?", 4),
        ("conversations?", 5),
        ("conversations?search=Person&", 10),
        ("contacts?", 5),
        ("contacts?search=Person&", 7),
        ("conversations/{conversation}?", 6),
        ("conversations/{conversation}/messages?", 5),
        ("contacts/{contact}?", 6),
        ("contacts/{contact}/merges?", 5),
        ("conversations/{conversation}/assignments?", 5),
        ("messages?", 4),
        ("messages?search=Message&", 5),
        ("labels?", 4),
        ("canned-replies?", 4),
    ],
)
def test_the_number_of_queries_is_pinned_at_10_and_100_rows(path, count, api, world):
    for more in (9, 90):
        for _ in range(more):
            world.converse()
            world.say()
        with CaptureQueriesContext(connection) as captured:
            assert api.get(f"{url_of(world, path)}limit=100").status_code == 200
        assert len(captured) == count


def url_of(world, path) -> str:
    ids = {
        "conversation": world.conversation.public_id,
        "contact": world.contact.public_id,
    }
    return f"{world.root}/{path.format(**ids)}"


@pytest.mark.parametrize(
    ("path", "indexes"),
    [
        ("conversations", ["inbox_conversation_newest"]),
        ("conversations?ordering=last_message_at", ["inbox_conversation_newest"]),
        ("conversations?status=open", ["inbox_conversation_by_status"]),
        ("conversations?unread=true", ["inbox_conversation_unread"]),
        ("conversations?ordering=waiting_since", ["inbox_conversation_waiting"]),
        ("conversations?ordering=-waiting_since", ["inbox_conversation_waiting"]),
        ("conversations/{conversation}/messages", ["inbox_message_thread"]),
        (
            "conversations?search=zoe",
            [
                "inbox_contact_name",
                "inbox_contact_username",
                "inbox_contactidentity_key",
            ],
        ),
    ],
)
def test_lists_have_an_index_to_walk(path, indexes, api, world):
    Contact.objects.bulk_create(
        Contact(workspace=world.workspace, name=f"Name {n}", username=f"user{n}")
        for n in range(2_000)
    )
    with CaptureQueriesContext(connection) as captured:
        assert api.get(url_of(world, path)).status_code == 200
    plans = []
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inbox_contact")
        # few rows are rather scanned and sorted: we ask whether that could be spared
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        for query in captured:
            if " LIMIT " in query["sql"]:
                cursor.execute(f"EXPLAIN {query['sql']}")
                plans += [row[0] for row in cursor.fetchall()]
    for index in indexes:
        assert any(index in line for line in plans), "\n".join(plans)
