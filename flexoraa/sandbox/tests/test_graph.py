"""The Graph API's manners: versions, tokens, proofs, limits, refusals."""

import hashlib
import hmac

import pytest
import requests
from django.core.management import CommandError, call_command

from flexoraa.sandbox import graph, story
from flexoraa.sandbox.tests.conftest import error

NUMBER = story.NUMBER.external_id
TOKEN = graph.token_of(story.NUMBER)


def get(meta, path: str, **more) -> requests.Response:
    return requests.get(f"{meta.url}/{path}", timeout=5, **more)


@pytest.mark.parametrize(
    ("version", "code"),
    [("v26.0", 0), ("v21.0", 0), ("v20.0", 2635), ("v99.0", 2500), (NUMBER, 2500)],
)
def test_the_version_stands_in_the_path(meta, version, code):
    answer = get(meta, f"{version}/{NUMBER}?access_token={TOKEN}")
    if code:
        assert error(answer)[1] == code
    else:
        assert answer.json()["display_phone_number"] == "+15550100000"


def test_a_token_is_needed_and_must_be_the_accounts(meta):
    path = f"v26.0/{NUMBER}"
    assert error(get(meta, path)) == (400, 104, 0)
    assert error(get(meta, path, headers={"Authorization": "Bearer x"}))[:2] == (
        401,
        190,
    )
    others = {"Authorization": f"Bearer {graph.token_of(story.PAGE)}"}
    assert error(get(meta, path, headers=others)) == (400, 100, 33)
    own = {"Authorization": f"OAuth {TOKEN}"}
    assert get(meta, path, headers=own).status_code == 200
    meta.expire(TOKEN)
    assert error(get(meta, path, headers=own)) == (401, 190, 463)


def test_me_is_the_account_of_the_token(meta):
    token = graph.token_of(story.GALLERY)
    answer = get(meta, f"instagram/v26.0/me?fields=user_id&access_token={token}")
    assert answer.json()["user_id"] == story.GALLERY.external_id


def test_a_proof_is_checked_when_given_and_can_be_demanded(meta):
    path = f"v26.0/{NUMBER}?access_token={TOKEN}"
    proof = hmac.new(graph.SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert error(get(meta, f"{path}&appsecret_proof=no")) == (400, 100, 0)
    meta.rules.proof = True
    assert error(get(meta, path)) == (400, 100, 0)
    assert get(meta, f"{path}&appsecret_proof={proof}").status_code == 200


def test_every_answer_tells_how_much_of_the_limits_is_used(meta):
    meta.rules.usage = 85
    headers = get(meta, f"v26.0/{NUMBER}?access_token={TOKEN}").headers
    assert '"call_count":85' in headers["X-App-Usage"]
    assert '"type":"messaging"' in headers["X-Business-Use-Case-Usage"]


def test_what_does_not_exist_is_refused(meta, call):
    assert error(call("GET", "12345", token=TOKEN)) == (400, 100, 33)
    assert error(call("GET", f"{NUMBER}/nothing")) == (400, 2500, 0)
    raw = requests.post(f"{meta.url}/v26.0/{NUMBER}/messages", data=b"[1]", timeout=5)
    assert error(raw) == (400, 100, 0)


def test_a_token_of_instagram_is_renewed(meta, call):
    token = graph.token_of(story.GALLERY)
    path = f"instagram/refresh_access_token?access_token={token}"
    assert error(get(meta, path))[1] == 100
    fresh = get(meta, f"{path}&grant_type=ig_refresh_token").json()
    assert fresh["expires_in"] > 5_000_000
    answer = call("GET", story.GALLERY.external_id, token=fresh["access_token"])
    assert answer.json()["username"] == "saffronandslate"


def test_subscriptions_come_and_go(call):
    page, waba = story.PAGE.external_id, story.NUMBER.parent
    assert error(call("POST", f"{page}/subscribed_apps"))[1] == 100
    fields = {"subscribed_fields": "messages,message_reads"}
    assert call("POST", f"{page}/subscribed_apps", fields).json() == {"success": True}
    found = call("GET", f"{page}/subscribed_apps").json()["data"][0]
    assert found["subscribed_fields"] == ["messages", "message_reads"]
    assert call("DELETE", f"{page}/subscribed_apps").json() == {"success": True}
    assert call("GET", f"{page}/subscribed_apps").json() == {"data": []}
    assert call("POST", f"{waba}/subscribed_apps").json() == {"success": True}
    data = call("GET", f"{waba}/subscribed_apps").json()["data"]
    assert "whatsapp_business_api_data" in data[0]


def test_the_process_refuses_outside_the_sandbox(settings):
    settings.SANDBOX = False
    with pytest.raises(CommandError, match="SANDBOX=true"):
        call_command("run_sandbox")
