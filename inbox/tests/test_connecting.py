"""Trying a channel's token, subscribing it, and holding it back."""

import pytest
from django.urls import reverse

from inbox import connecting
from inbox.adapters import ADAPTERS
from inbox.adapters.base import Adapter
from inbox.tests.replying import say, talk
from inbox.tests.sandboxed import deliver, states
from inbox.tests.world import as_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("channel", list(ADAPTERS))
def test_a_token_that_opens_its_account_is_well(channel, connect):
    health = connecting.check(connect(channel))
    assert (health.is_well, bool(health.words)) == (True, True)


def test_a_refused_token_disconnects_and_a_good_one_connects(number, meta):
    meta.faults.add(code=190, method="GET")
    health = connecting.check(number)
    assert (health.is_well, "connect it again" in health.words) == (False, True)
    number.refresh_from_db()
    assert number.status == "disconnected"
    assert connecting.check(number).is_well
    number.refresh_from_db()
    assert (number.status, number.status_reason) == ("connected", "")


@pytest.mark.parametrize("channel", list(ADAPTERS))
def test_subscribing_has_webhooks_sent(channel, connect, meta):
    account = connect(channel)
    assert connecting.subscribe(account).is_well
    assert meta.account(account.external_id).subscribed


def test_what_keeps_it_is_said(number, settings):
    number.parent_external_id = ""
    number.save()
    assert "Business Account" in connecting.subscribe(number).words
    settings.GRAPH_URL = "http://127.0.0.1:1"
    assert "no connection" in connecting.check(number).words
    number.token = ""
    number.save()
    assert "no access token" in connecting.check(number).words
    assert "no access token" in connecting.subscribe(number).words


def test_an_answer_that_cannot_be_read_is_no_health(number, meta):
    meta.faults.add(how="garbage", method="GET", status=302)
    assert not connecting.check(number).is_well


def test_the_api_tests_subscribes_stops_and_resumes(number, meta, make_member):
    client = as_user(make_member(number.workspace, "admin"))
    url = f"/api/workspaces/acme/channels/{number.public_id}"
    assert client.post(f"{url}/test").json()["ok"] is True
    assert client.post(f"{url}/subscribe").json()["ok"] is True
    message = say(talk(number))
    assert client.post(f"{url}/stop", {}, "application/json").status_code == 400
    told = client.post(f"{url}/stop", {"reason": "Sale is over"}, "application/json")
    assert told.json()["sending_stopped_reason"] == "Sale is over"
    deliver()
    assert states(message) == ["queued"]
    assert client.post(f"{url}/resume").json()["sending_stopped_at"] is None
    deliver()
    assert states(message) == ["sent"]


def test_the_back_office_has_the_same_verbs(number, meta, staff):
    page = reverse("admin:inbox_channelaccount_changelist")

    def act(action: str) -> str:
        data = {"action": action, "_selected_action": [number.pk]}
        return staff.post(page, data, follow=True).content.decode()

    assert "quality green" in act("try_token")
    assert "Webhooks are sent" in act("subscribe")
    assert "being synced" in act("sync_templates")
    assert "stopped: by" in act("stop")
    assert "Sending goes on" in act("resume")
    assert (
        staff.get(
            reverse("admin:inbox_channelaccount_change", args=[number.pk])
        ).status_code
        == 200
    )


def test_an_adapter_without_a_platform_says_nothing():
    bare = Adapter()
    assert bare.account_words({}) == ""
    assert bare.reaction_call(None, "x", "y") is None
    assert bare.seen_call(None, "x") is None
    assert bare.typing_call(None, "x") is None
    assert bare.subscribe_call("1", "", None) is None
    assert bare.headers(None) == {}
    assert bare.wait_seconds({}) == 0
    assert bare.explain([]).words
