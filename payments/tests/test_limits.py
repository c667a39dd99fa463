"""Limits at the doors of every app: refused with the plan that lifts them."""

import json

import pytest
from django.apps import apps
from django.test import Client

from payments import access
from payments.access import Standing, State
from payments.models import Plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def growth(make_plan) -> Plan:
    return make_plan("Growth", 99900, seats=9, channels=9, leads=9, messages=9)


@pytest.fixture
def post(workspace, make_member):
    """post(path, **body) -> the API's answer to an owner of the workspace."""
    client = Client()
    client.force_login(make_member(workspace))

    def post(path: str, **body):
        return client.post(
            f"/api/workspaces/{workspace.slug}/{path}",
            json.dumps(body),
            content_type="application/json",
            headers={"Idempotency-Key": path},
        )

    return post


@pytest.fixture
def talk(workspace):
    """A conversation on WhatsApp whose window is open."""
    from django.utils import timezone

    def make(model, **fields):
        rows = apps.get_model(f"inbox.{model}").objects
        return rows.create(workspace=workspace, **fields)

    account = make("ChannelAccount", channel="whatsapp", name="N", external_id="1")
    contact = make("Contact", name="Asha")
    return make(
        "Conversation",
        account=account,
        contact=contact,
        channel="whatsapp",
        last_message_at=timezone.now(),
        last_inbound_at=timezone.now(),
    )


def limit(workspace, **limits: int) -> None:
    plan = Plan(name="Tiny", price_paise=100, period="monthly", **limits)
    access.write(workspace, Standing(state=State.ACTIVE, plan=plan))


CHANNEL = {"channel": "whatsapp", "name": "Ours", "external_id": "42", "token": "t"}


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [
        ("seats", "admin/invite", {"email": "new@acme.example", "role": "sdr"}),
        ("channels", "channels", CHANNEL),
        ("leads", "leads", {"name": "Asha"}),
    ],
)
def test_one_too_many_is_refused_and_says_which_plan_lifts_it(
    name, path, body, post, workspace, growth
):
    limit(workspace, **{name: 0})
    answer = post(path, **body)
    assert answer.status_code == 409, answer.content
    (problem,) = answer.json()["errors"]
    assert problem["code"] == "limit_reached"
    assert "change to Growth" in problem["detail"]
    limit(workspace, **{name: 2})
    assert post(path, **body).status_code in (200, 201), answer.content


def test_a_reply_too_many_is_refused(post, workspace, growth, talk):
    path = f"conversations/{talk.public_id}/messages"
    limit(workspace, messages=1)
    assert post(path, text="One").status_code == 201
    limit(workspace, messages=0)
    client_key_is_new = f"{path}?again"
    answer = post(client_key_is_new, text="Two")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (
        409,
        "limit_reached",
    )


def test_a_workspace_that_can_only_be_read_says_why(post, workspace, growth, talk):
    reason = "The trial has ended: choose a plan to go on."
    access.write(workspace, Standing(state=State.READ_ONLY, reason=reason))
    for path, body in (
        ("admin/invite", {"email": "new@acme.example", "role": "sdr"}),
        ("channels", CHANNEL),
        ("leads", {"name": "Asha"}),
        (f"conversations/{talk.public_id}/messages", {"text": "Hello"}),
    ):
        answer = post(path, **body)
        assert answer.status_code == 409, path
        (problem,) = answer.json()["errors"]
        assert (problem["code"], problem["detail"]) == ("read_only", reason), path


def test_without_keys_nothing_is_limited(workspace, settings):
    settings.RAZORPAY_KEY_ID = ""
    access.write(workspace, access.standing(workspace))
    assert workspace.limits == {}
