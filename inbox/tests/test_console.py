"""The agent console's page and fragments: what they show, to whom, and at what cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import assignment
from inbox.admin.console.listing import PAGE
from inbox.models import Conversation
from inbox.tests.hostile_texts import PAYLOADS, hostile_world
from inbox.tests.world import NOON, build
from teams.models import User

pytestmark = pytest.mark.django_db
ROOT = "/admin/inbox/console/"


@pytest.fixture
def world(workspace):
    return build(workspace, "Asha")


@pytest.fixture
def enter(client, workspace, make_member):
    """enter("sdr") -> a browser of such a member, who may enter the back office."""

    def enter(role="sdr"):
        user = make_member(workspace, role)
        User.objects.filter(pk=user.pk).update(is_staff=True)
        client.force_login(user)
        client.user = user
        return client

    return enter


def text(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_home_leads_to_the_workspace_and_remembers_it(
    enter, world, make_workspace, make_member
):
    browser = enter()
    assert browser.get(ROOT).url == f"{ROOT}acme/"
    other = build(make_workspace("zebra"), "Zoe").workspace
    other.memberships.create(user=browser.user, role="sdr")
    assert "Zoe Rao" in text(browser.get(f"{ROOT}zebra/"))
    assert browser.get(ROOT).url == f"{ROOT}zebra/"


def test_who_is_in_no_workspace_is_told_so(client):
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    assert "ask an admin to invite you" in text(client.get(ROOT))


def test_the_page_and_a_thread(enter, world):
    browser = enter()
    page = text(browser.get(f"{ROOT}acme/"))
    assert "Asha Rao" in page
    assert "Asha says hello" in page
    assert "Asha label" in page
    thread = text(browser.get(f"{ROOT}acme/{world.conversation.public_id}"))
    for word in ("Asha says hello", "👍", "Asha number", 'id="words"', "/Asha"):
        assert word in thread or word.strip("/") in thread


def test_staff_of_the_platform_look_in_but_do_not_write(client, world):
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    thread = text(client.get(f"{ROOT}acme/{world.conversation.public_id}"))
    assert "You look in" in thread
    assert 'id="words"' not in thread
    assert 'data-assign="' not in thread


def test_readers_read(enter, world):
    thread = text(enter("member").get(f"{ROOT}acme/{world.conversation.public_id}"))
    assert 'id="words"' not in thread


def test_another_workspace_is_not_there(enter, world, make_workspace):
    theirs = build(make_workspace("theirs"), "Canary")
    browser = enter("owner")
    talk = theirs.conversation.public_id
    for path in (
        "theirs/",
        "theirs/rows",
        f"theirs/{talk}",
        f"acme/{talk}",
        f"acme/{talk}/head",
        f"acme/{talk}/messages?before=",
        f"acme/{talk}/templates",
    ):
        assert browser.get(ROOT + path).status_code == 404, path
    assert "Canary" not in text(browser.get(f"{ROOT}acme/rows?ids={talk}&status=any"))
    label = theirs.label.public_id
    assert "Rao" not in text(browser.get(f"{ROOT}acme/rows?label={label}"))


def test_nobody_else_gets_in(client, world, make_member):
    url = f"{ROOT}acme/"
    assert client.get(url).status_code == 302
    client.force_login(make_member(world.workspace, "owner"))  # not staff
    assert client.get(url).status_code == 302
    assert client.post(url).status_code in (302, 405)


def names(page: str) -> list[str]:
    return [part.split("<")[0] for part in page.split('dir="auto">')[1::2]]


def test_filters(enter, world):
    browser = enter()
    world.contact.name = "First"
    world.contact.save()
    mine = world.converse(unread_count=0, waiting_since=None)
    assignment.assign(mine, browser.user, by=None)
    pending = world.converse()
    pending.change_status("pending")
    world.converse(last_inbound_at=timezone.now() - timezone.timedelta(hours=22))

    def shown(query):
        return text(browser.get(f"{ROOT}acme/rows?{query}")).count('class="row-link"')

    assert shown("") == 3
    assert shown("view=mine") == 1
    assert shown("view=unassigned") == 2
    assert shown("status=pending") == 1
    assert shown("status=any") == 4
    assert shown("channel=instagram") == 0
    assert shown("channel=whatsapp") == 3
    assert shown("unread=1") == 1
    assert shown("waiting=1") == 1
    assert shown("closing=1") == 1
    assert shown(f"label={world.label.public_id}") == 1
    assert shown("q=firs") == 1
    assert shown("q=says+hell") == 1
    assert shown("q=xylophone") == 0
    # what is not understood is left out
    assert shown("view=x&status=y&channel=z&label=1&before=never") == 3
    assert shown(f"ids={mine.public_id},nonsense,{pending.public_id}") == 1


def test_pages_of_the_list_hold_every_conversation_once(enter, world):
    browser = enter()
    for _ in range(PAGE + 5):
        world.converse()
    page = text(browser.get(f"{ROOT}acme/rows"))
    more = page.split('data-more="')[1].split('"')[0].replace("&amp;", "&")
    rest = text(browser.get(f"{ROOT}acme/rows?{more}"))
    ids = [part.split('"')[0] for part in (page + rest).split('data-id="')[1:]]
    assert len(ids) == len(set(ids)) == Conversation.objects.count()
    assert "data-more" not in rest


def test_messages_older_changed_and_new(enter, world):
    browser = enter()
    base = f"{ROOT}acme/{world.conversation.public_id}"
    said = [world.say() for _ in range(70)]
    thread = text(browser.get(base))
    assert "Message 70" in thread
    assert "Message 1<" not in thread
    before = thread.split('data-before="')[1].split('"')[0]
    assert "Message 1<" in text(
        browser.get(f"{base}/messages", {"before": before.replace("&amp;", "&")})
    )
    ids = f"{said[3].public_id},nonsense,{world.label.public_id}"
    some = text(browser.get(f"{base}/messages", {"ids": ids}))
    assert some.count('class="bubble"') == 1
    after = text(
        browser.get(f"{base}/messages", {"after": said[-1].provider_at.isoformat()})
    )
    assert "Message 70" in after
    assert 'class="bubble"' not in text(browser.get(f"{base}/messages"))


@pytest.mark.parametrize(
    ("path", "most"), [("", 14), ("rows", 7), ("{talk}", 24), ("{talk}/messages", 12)]
)
def test_the_number_of_queries_does_not_grow(path, most, enter, world):
    browser = enter()
    url = f"{ROOT}acme/{path.format(talk=world.conversation.public_id)}"
    browser.get(url)
    found = []
    for more in (9, 90):
        ids = []
        for _ in range(more):
            world.converse()
            ids.append(str(world.say().public_id))
        query = {"ids": ",".join(ids)} if path.endswith("messages") else {}
        with CaptureQueriesContext(connection) as captured:
            text(browser.get(url, query))
        found.append(len(captured))
    assert found[0] == found[1] <= most


def test_every_text_is_escaped_on_every_page(enter, workspace, client):
    browser = enter("owner")
    world = hostile_world(workspace, browser.user)
    talk = world.conversation.public_id
    pages = [
        f"{ROOT}acme/",
        f"{ROOT}acme/rows?q=%3Cscript%3Ealert(1)%3C/script%3E",
        f"{ROOT}acme/{talk}",
        f"{ROOT}acme/{talk}/head",
        f"{ROOT}acme/{talk}/templates",
        f"{ROOT}acme/{talk}/messages?after=2020-01-01T00:00:00Z",
        *(
            f"/admin/inbox/{model}/"
            for model in (
                *("conversation", "message", "contact", "channelaccount"),
                *("label", "cannedreply", "template"),
            )
        ),
        f"/admin/inbox/conversation/{world.conversation.pk}/change/",
        f"/admin/inbox/message/{world.message.pk}/change/",
        f"/admin/inbox/contact/{world.contact.pk}/change/",
        f"/admin/inbox/cannedreply/{world.canned.pk}/change/",
        f"/admin/inbox/label/{world.label.pk}/change/",
        f"/admin/inbox/channelaccount/{world.account.pk}/change/",
    ]
    for url in pages:
        page = text(browser.get(url, follow=True))
        # nothing of ours contains these, so any of them is a text that was not escaped
        for bad in PAYLOADS:
            if bad.startswith(("<", "--", "]", "'>", '">', '"')) and "alert" in bad:
                assert bad not in page, (url, bad)
        assert 'href="javascript:' not in page
        assert "&lt;script&gt;" in page or "&lt;" in page, url


def test_ages_and_faces():
    from inbox.templatetags import console

    assert console.initials("Asha Kulkarni") == "AK"
    assert console.initials("zoë.interiors") == "ZI"
    assert console.initials("") == "?"
    assert console.initials("🙂") == "?"
    assert console.machine(NOON) == "2026-11-20T12:00:00+00:00"
    assert console.machine(None) == ""
