"""Changes through the inbox's API: what is declared, stale, secret."""

import json
import threading
import time
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.db import connection, transaction
from django.forms import model_to_dict
from django.utils import timezone

from inbox.models import ChannelAccount, Contact, Conversation
from inbox.tests.world import as_user, build

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(workspace):
    return build(workspace, "Asha")


@pytest.fixture
def owner(workspace, make_member):
    return make_member(workspace)


@pytest.fixture
def api(owner):
    return as_user(owner)


@pytest.fixture
def urls(world):
    talk = f"{world.root}/conversations/{world.conversation.public_id}"
    return {
        "channels": f"{world.root}/channels",
        "channel": f"{world.root}/channels/{world.account.public_id}",
        "conversations": f"{world.root}/conversations",
        "conversation": talk,
    }


def send(api, url, body):
    """POST to a list, PATCH to a row."""
    method = "POST" if url.endswith("/channels") else "PATCH"
    body = body if isinstance(body, str) else json.dumps(body)
    return api.generic(method, url, body.encode(), "application/json")


def everything(model, **changes) -> dict:
    """A value for every column of the model, by each name it could go by."""
    made = {"id": 7, "pk": 7, "public_id": "01900000-0000-7000-8000-000000000000"}
    for field in model._meta.concrete_fields:
        value = 99 if "Integer" in field.get_internal_type() else "facebook"
        value = True if "Boolean" in field.get_internal_type() else value
        value = "2001-01-01T00:00:00Z" if field.name.endswith("_at") else value
        made |= {field.name: value, field.attname: 7 if field.is_relation else value}
    return made | changes


def written(row, change) -> set[str]:
    """The columns that a change wrote."""
    fields = [field.attname for field in row._meta.concrete_fields]
    before = type(row)._base_manager.filter(pk=row.pk).values(*fields).get()
    change()
    after = type(row)._base_manager.filter(pk=row.pk).values(*fields).get()
    return {name for name in fields if after[name] != before[name]}


def test_a_channel_takes_only_what_is_declared(api, world, urls, make_workspace):
    body = everything(ChannelAccount, status="disconnected", workspace="theirs")
    columns = written(world.account, lambda: send(api, urls["channel"], body))
    assert columns == {
        *("name", "parent_external_id", "token", "status", "status_at", "changed_at"),
        *("human_agent", "sends_per_second"),
    }
    theirs = make_workspace("theirs")
    body = everything(
        ChannelAccount, external_id="new", workspace=theirs.pk, workspace_id=theirs.pk
    )
    made = send(api, urls["channels"], body)
    assert made.status_code == 201
    row = ChannelAccount.objects.get(external_id="new")
    assert row.workspace == world.workspace
    assert (row.status, row.status_reason, row.last_event_at) == ("connected", "", None)
    assert str(row.public_id) == made.json()["id"] != body["public_id"]
    assert row.status_at.year > 2001 < row.created_at.year


def test_a_conversation_takes_only_what_is_declared(api, owner, world, urls):
    body = everything(
        Conversation,
        status="resolved",
        assignee=str(owner.public_id),
        snoozed_until=None,
    )
    columns = written(world.conversation, lambda: send(api, urls["conversation"], body))
    assert columns == {"status", "resolved_at", "waiting_since", "assignee_id"}
    read = f"{urls['conversation']}/read"
    columns = written(
        world.conversation, lambda: api.post(read, body, "application/json")
    )
    assert columns <= {"unread_count"}


def test_a_snooze_has_an_end_and_ends(api, world, urls):
    until = timezone.now() + timedelta(hours=1)
    given = {"status": "snoozed", "snoozed_until": until.isoformat()}
    assert send(api, urls["conversation"], given).status_code == 200
    world.conversation.refresh_from_db()
    assert world.conversation.snoozed_until == until
    again = send(api, urls["conversation"], {"status": "snoozed"})
    assert again.json()["snoozed_until"], "it stays when it is not named"
    opened = send(api, urls["conversation"], {"status": "open"}).json()
    assert (opened["status"], opened["snoozed_until"]) == ("open", None)
    past = {"status": "snoozed", "snoozed_until": "2001-01-01T00:00:00Z"}
    awake = {"snoozed_until": until.isoformat()}
    for body, code in ((past, "past"), (awake, "not_snoozed")):
        response = send(api, urls["conversation"], body)
        assert response.json()["errors"][0]["code"] == code


def test_a_refused_change_changes_nothing(api, owner, world, urls):
    world.conversation.resolve()
    world.converse(contact=world.conversation.contact)
    before = model_to_dict(world.conversation)
    body = {"status": "open", "assignee": str(owner.public_id)}
    assert send(api, urls["conversation"], body).status_code == 409
    assert model_to_dict(Conversation.objects.get(pk=world.conversation.pk)) == before


def test_if_match_knows_every_change_of_what_was_read(api, world, urls):
    url = urls["conversation"]
    tag = api.get(url)["ETag"]
    assert tag == api.get(url)["ETag"]
    Contact.objects.filter(pk=world.contact.pk).update(name="Renamed")
    assert api.get(url)["ETag"] != tag

    def patch(given):
        headers = {"If-Match": given}
        return api.patch(url, {}, "application/json", headers=headers).status_code

    now = api.get(url)["ETag"]
    assert [patch(now), patch(f'"x", {now}'), patch("*")] == [200, 200, 200]
    for stale in (tag, f"W/{now}", now.strip('"'), '"x"', "", "\x00", "nonsense"):
        assert patch(stale) == 412


def test_a_token_stays_sealed_and_in_place(api, world, urls):
    def sealed():
        with connection.cursor() as cursor:
            cursor.execute("SELECT token FROM inbox_channelaccount")
            return cursor.fetchall()

    before = sealed()
    assert send(api, urls["channel"], {"name": "New"}).status_code == 200
    assert sealed() == before
    for given in ("", None):
        assert send(api, urls["channel"], {"token": given}).status_code == 400
    send(api, urls["channel"], {"token": "EAAG-next"})
    world.account.refresh_from_db()
    assert world.account.token.reveal() == "EAAG-next"
    assert "EAAG" not in str(sealed())


def test_a_lost_key_keeps_nobody_from_reading(api, urls, settings):
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    for url in urls.values():
        assert api.get(url).status_code == 200
    assert send(api, urls["channel"], {"name": "New"}).status_code == 200
    assert send(api, urls["channel"], {"token": "new"}).status_code == 200


def test_a_channel_that_is_switched_off_and_on_says_since_when(api, world, urls):
    ChannelAccount.objects.update(status="disconnected", status_reason="BANNED")
    before = timezone.now()
    body = send(api, urls["channel"], {"status": "connected"}).json()
    assert (body["status"], body["status_reason"]) == ("connected", "")
    world.account.refresh_from_db()
    assert world.account.status_at >= before


@pytest.mark.django_db(transaction=True)
def test_if_match_is_asked_of_the_row_that_is_locked(api, world, urls):
    """Who changes the row while a request with the old tag waits for it, wins."""
    url, answers = urls["conversation"], []
    headers = {"If-Match": api.get(url)["ETag"]}

    def patch():
        body = {"status": "pending"}
        answers.append(api.patch(url, body, "application/json", headers=headers))
        connection.close()

    late = threading.Thread(target=patch)
    with transaction.atomic():
        assert Conversation.objects.select_for_update().get().resolve()
        late.start()
        deadline = time.monotonic() + 10
        while not is_somebody_waiting() and time.monotonic() < deadline:
            time.sleep(0.01)
    late.join()
    assert answers[0].status_code == 412
    assert Conversation.objects.get().status == "resolved"


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0
