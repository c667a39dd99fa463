"""What the sandbox does wrong when it is told to, and what its ledger says then."""

import time

import pytest
import requests

from flexoraa.sandbox import story
from flexoraa.sandbox.faults import Fault, Faults
from flexoraa.sandbox.server import MAX_BODY
from flexoraa.sandbox.tests.conftest import error

HELLO = {"body": "Hello"}


def send(whatsapp, **more):
    """The answer, or the name of what came instead."""
    try:
        return whatsapp(text=HELLO, **more)
    except requests.RequestException as failure:
        return type(failure).__name__


def test_a_refusal_before_leaves_nothing_behind(meta, whatsapp):
    meta.faults.add(code=130429)
    assert error(send(whatsapp)) == (429, 130429, 0)
    assert meta.ledger.calls() == []
    assert send(whatsapp).status_code == 200


def test_a_reset_before_and_one_after_differ_in_the_ledger(meta, whatsapp):
    meta.faults.add(when="before", how="reset")
    assert send(whatsapp) == "ConnectionError"
    assert meta.ledger.calls() == []
    meta.faults.add(when="after", how="reset")
    assert send(whatsapp) == "ConnectionError"
    assert len(meta.ledger.sends()) == 1
    assert len(meta.callbacks.take()) == 2  # it was sent, and says so


def test_an_answer_may_not_come_at_all(meta, call):
    meta.faults.add(when="instead", seconds=1)
    document = {"messaging_product": "whatsapp", "to": "919000010001", "text": HELLO}
    with pytest.raises(requests.ReadTimeout):
        call("POST", f"{story.NUMBER.external_id}/messages", document, timeout=0.2)
    assert len(meta.ledger.sends()) == 1


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"how": "garbage"}, "<html>It works!</html>"),
        ({"status": 503}, "Service temporarily unavailable"),
        ({"how": "cut"}, "ChunkedEncodingError"),
        ({"code": 131000}, "went wrong"),
    ],
)
def test_accepted_calls_may_be_answered_badly(meta, whatsapp, fault, outcome):
    meta.faults.add(when="after", **fault)
    answer = send(whatsapp)
    assert outcome in (answer if isinstance(answer, str) else answer.text)
    assert len(meta.ledger.sends()) == 1


def test_it_can_be_slow_without_failing(meta, whatsapp):
    meta.faults.add(when="before", seconds=0.15)
    started = time.monotonic()
    assert send(whatsapp).status_code == 200
    assert time.monotonic() - started >= 0.15


def test_faults_are_for_whom_they_name(meta, whatsapp, page):
    meta.faults.add(code=4, to=story.ASHA.id, kind="text", path="/messages$", skip=1)
    assert page(text="x").ok
    assert send(whatsapp, to="+15550100042").ok
    assert send(whatsapp).ok  # the one that is skipped
    assert error(send(whatsapp))[1] == 4
    assert send(whatsapp).ok


def test_chance_decides_as_often_as_it_should():
    faults = Faults()
    faults.add(code=1, count=None, probability=0.25)
    hits = sum(faults.pick("POST", "/x", "", "") is not None for _ in range(1000))
    assert 200 < hits < 300


def test_instructions_that_make_no_sense_are_refused():
    for words in ({"when": "never"}, {"how": "sideways"}, {"colour": "red"}):
        with pytest.raises(ValueError, match="never|how is one of|unknown: colour"):
            Faults().add(**words)


def test_a_slow_answer_is_no_refusal():
    assert not Fault(seconds=2).refuses
    assert Fault(status=500).refuses


def test_all_of_it_can_be_told_over_http(meta, session, whatsapp):
    base = f"{meta.url}/_sandbox"

    def tell(name: str, document: object, method: str = "POST") -> requests.Response:
        return session.request(method, f"{base}/{name}", json=document, timeout=5)

    assert tell("faults", [{"code": 2}, {"code": 4}]).ok
    assert error(send(whatsapp))[1] == 2
    assert tell("faults", None, "DELETE").ok
    assert send(whatsapp, biz_opaque_callback_data="r1").ok
    assert send(whatsapp, biz_opaque_callback_data="r1").ok
    calls = session.get(f"{base}/ledger?ref=r1&after=1", timeout=5).json()["calls"]
    assert [call["number"] for call in calls] == [2]
    summary = session.get(f"{base}/summary", timeout=5).json()
    assert summary == {"calls": 2, "sends": 2, "refs": 1, "doubles": {"r1": 2}}
    assert session.get(f"{base}/waiting", timeout=5).json() == {"waiting": 4}
    assert tell("rules", {"strict": True, "late": [131026, 131047]}).ok
    assert session.get(f"{base}/rules", timeout=5).json()["strict"] is True
    assert send(whatsapp, to="+15550100042").ok  # refused late: by a status
    person = {"account": story.NUMBER.external_id, "person": "15550100042"}
    assert tell("people", {**person, "name": "Grace", "hours": 1}).ok
    assert tell("manners", {"duplicates": 2}).ok
    assert send(whatsapp, to="+15550100042").ok
    account = {"channel": "facebook", "external_id": "5", "token": "t"}
    assert tell("accounts", account).ok
    assert tell("tokens/expire", {"token": "t"}).ok
    assert tell("links/expire", {}).ok
    assert tell("release", {}).ok
    assert session.get(f"{base}/waiting", timeout=5).json() == {"waiting": 11}
    for wrong in ("nothing", "manners", "faults"):
        assert tell(wrong, {"colour": "red"}).status_code in (400, 404)
    assert session.get(f"{base}/nothing", timeout=5).status_code == 404
    assert tell("reset", {}).ok
    assert session.get(f"{base}/summary", timeout=5).json()["calls"] == 0


def test_a_body_beyond_measure_is_not_read(meta, session):
    headers = {"Content-Length": str(MAX_BODY + 1)}
    answer = session.post(f"{meta.url}/v26.0/me/messages", headers=headers, timeout=5)
    assert answer.status_code == 413
