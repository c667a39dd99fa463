"""What answers to calls mean, on Meta's channels."""

import json

import pytest

from inbox.adapters import ADAPTERS
from inbox.adapters.meta_errors import explain
from inbox.adapters.sending import Refusal, Refused, Sent
from inbox.adapters.whatsapp_templates import (
    body_component,
    body_values,
    templates_page,
)
from inbox.adapters.words import Identity, IdKind

WHATSAPP, INSTAGRAM, MESSENGER = (
    ADAPTERS[name] for name in ("whatsapp", "instagram", "facebook")
)


def test_good_answers_tell_the_id_and_names():
    body = {
        "messages": [{"id": "wamid.1"}],
        "contacts": [{"input": "+1555", "wa_id": "1555", "user_id": "US.1"}],
    }
    assert WHATSAPP.outcome(200, body) == Sent(
        external_id="wamid.1",
        learned=(
            Identity(IdKind.PHONE, "1555", "1555"),
            Identity(IdKind.BSUID, "US.1", "US.1"),
        ),
    )
    assert MESSENGER.outcome(200, {"message_id": "m_1"}) == Sent(external_id="m_1")


@pytest.mark.parametrize("adapter", [WHATSAPP, INSTAGRAM, MESSENGER])
@pytest.mark.parametrize("body", [None, {}, [], {"messages": []}, {"message_id": ""}])
def test_good_answers_without_an_id_are_ambiguous(adapter, body):
    assert adapter.outcome(200, body).why is Refused.AMBIGUOUS


@pytest.mark.parametrize(
    ("status", "code", "subcode", "why"),
    [
        (400, 131056, 0, Refused.THROTTLE_PAIR),
        (429, 130429, 0, Refused.THROTTLE_ACCOUNT),
        (500, 130429, 0, Refused.THROTTLE_ACCOUNT),
        (400, 131016, 0, Refused.RETRY),
        (500, 131016, 0, Refused.AMBIGUOUS),
        (400, 131000, 0, Refused.RETRY),
        (400, 131053, 0, Refused.UPLOAD_AGAIN),
        (400, 131047, 0, Refused.WINDOW_CLOSED),
        (403, 10, 2018278, Refused.WINDOW_CLOSED),
        (403, 10, 2534022, Refused.WINDOW_CLOSED),
        (403, 10, 0, Refused.BROKEN),
        (403, 230, 0, Refused.UNREACHABLE),
        (403, 200, 0, Refused.BROKEN),
        (400, 100, 2018001, Refused.UNREACHABLE),
        (400, 100, 0, Refused.INVALID),
        (400, 551, 0, Refused.UNREACHABLE),
        (401, 190, 463, Refused.BROKEN),
        (500, 190, 0, Refused.BROKEN),
        (400, 132001, 0, Refused.INVALID),
        (400, 131049, 0, Refused.NOT_NOW),
        (400, 368, 0, Refused.NOT_NOW),
        (400, 1, 1357046, Refused.AMBIGUOUS),
        (400, 4711, 0, Refused.INVALID),
        (500, 4711, 0, Refused.AMBIGUOUS),
    ],
)
def test_codes_decide(status, code, subcode, why):
    error = {"code": code, "error_subcode": subcode, "fbtrace_id": "T"}
    found = MESSENGER.outcome(status, {"error": error})
    assert (found.why, found.code, found.trace) == (why, code, "T")
    assert found.words


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (429, Refused.THROTTLE_ACCOUNT),
        (401, Refused.BROKEN),
        (404, Refused.INVALID),
        (302, Refused.AMBIGUOUS),
        (502, Refused.AMBIGUOUS),
    ],
)
def test_a_status_without_a_code_decides(status, why):
    assert WHATSAPP.outcome(status, None).why is why


def test_failures_told_afterwards_are_explained():
    known = explain([{"code": 131026, "title": "x"}])
    assert "WhatsApp" in known.words
    other = explain([{"code": "4711", "error_data": {"details": "Because."}}])
    assert other.words == "Because."
    assert "did not say why" in explain(None).words
    assert "tried again" not in explain([{"code": 131016}]).words
    assert isinstance(explain([{"code": "x"}]), Refusal)


def test_the_pause_that_the_platform_asks_for_is_read():
    usage = {"1": [{"estimated_time_to_regain_access": 3}, {}], "2": [{}]}
    headers = {"X-Business-Use-Case-Usage": json.dumps(usage)}
    assert WHATSAPP.wait_seconds(headers) == 180
    assert WHATSAPP.wait_seconds({"X-Business-Use-Case-Usage": "{"}) == 0
    assert WHATSAPP.wait_seconds({}) == 0


def test_parameters_are_numbered_or_named():
    named = body_component(["who"], {"who": "Asha"})
    assert named["parameters"][0]["parameter_name"] == "who"
    assert body_values([named]) == {"who": "Asha"}
    numbered = body_component(["1", "2"], {"1": "A", "2": "B"})
    assert body_values([{"type": "header"}, numbered]) == {"1": "A", "2": "B"}


def test_odd_template_lists_are_read_without_harm():
    page = {"data": [None, {"name": "a"}, {"name": "b", "language": "en"}]}
    assert [row.name for row in templates_page(page)[0]] == ["b"]
    assert templates_page(None) == ([], "")
