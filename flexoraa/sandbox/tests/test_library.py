"""Files and templates of the sandbox: uploads, links that expire, pages."""

import time

from flexoraa.sandbox import story
from flexoraa.sandbox.tests.conftest import error

NUMBER, WABA = story.NUMBER.external_id, story.NUMBER.parent
TOKEN = {"Authorization": f"Bearer sandbox-token-{NUMBER}"}


def upload(meta, session, body: bytes, mime_type: str, **fields):
    return session.post(
        f"{meta.url}/v26.0/{NUMBER}/media",
        data={"messaging_product": "whatsapp", **fields},
        files={"file": ("a\r\nb.bin", body, mime_type)},
        headers=TOKEN,
        timeout=5,
    )


def test_a_file_goes_up_and_comes_down(meta, session, call, whatsapp):
    body = b"\xff\xd8\r\n--\r\n\x00rest"
    media_id = upload(meta, session, body, "image/jpeg").json()["id"]
    found = call("GET", media_id, token=f"sandbox-token-{NUMBER}").json()
    assert (found["mime_type"], found["file_size"]) == ("image/jpeg", len(body))
    assert session.get(found["url"], timeout=5).status_code == 401
    down = session.get(found["url"], headers=TOKEN, timeout=5)
    assert down.content == body
    assert whatsapp(image={"id": media_id}).ok
    assert error(whatsapp(document={"id": media_id}))[1] == 131053
    gone = call("DELETE", media_id, token=f"sandbox-token-{NUMBER}")
    assert gone.json() == {"success": True}
    assert session.get(found["url"], headers=TOKEN, timeout=5).status_code == 404
    assert error(whatsapp(image={"id": media_id}))[1] == 100


def test_links_expire_and_a_new_one_can_be_had(meta, session, call):
    meta.library.link_seconds = 0.05
    media_id = upload(meta, session, b"x", "audio/ogg; codecs=opus").json()["id"]
    old = call("GET", media_id, token=f"sandbox-token-{NUMBER}").json()["url"]
    time.sleep(0.06)
    assert session.get(old, headers=TOKEN, timeout=5).status_code == 404
    meta.library.link_seconds = 60
    new = call("GET", media_id, token=f"sandbox-token-{NUMBER}").json()["url"]
    assert session.get(new, headers=TOKEN, timeout=5).content == b"x"


def test_kinds_and_sizes_are_checked(meta, session):
    assert error(upload(meta, session, b"x", "image/svg+xml"))[1] == 100
    big = b"x" * (500 * 1024 + 1)
    assert error(upload(meta, session, big, "image/webp"))[1] == 131053
    bare = session.post(
        f"{meta.url}/v26.0/{NUMBER}/media",
        data={"messaging_product": "whatsapp"},
        headers=TOKEN,
        timeout=5,
    )
    assert error(bare)[1] == 100
    assert meta.ledger.calls() == []


def test_templates_come_page_by_page(meta, call):
    names, path = [], f"{WABA}/message_templates?limit=3&fields=name,status"
    while path:
        found = call("GET", path, token=f"sandbox-token-{NUMBER}").json()
        assert set(found["data"][0]) == {"id", "name", "status"}
        names += [item["name"] for item in found["data"]]
        following = found["paging"].get("next", "")
        path = following.partition("/v26.0/")[2]
    assert len(names) == len(meta.templates[WABA]) == 7
    only = call("GET", f"{WABA}/message_templates?language=hi").json()["data"]
    assert [item["name"] for item in only] == ["order_shipped"]
    assert error(call("GET", f"{WABA}/message_templates?after=QVFIzz"))[1] == 100


def test_a_new_template_waits_for_approval(meta, call, whatsapp):
    made = {
        "name": "thanks",
        "language": "en",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Thanks!"}],
    }
    path = f"{WABA}/message_templates"
    assert error(call("POST", path, {"name": "x"}))[1] == 100
    assert call("POST", path, made).json()["status"] == "PENDING"
    template = {"name": "thanks", "language": {"code": "en"}}
    assert error(whatsapp(template=template))[1] == 132001
    meta.templates[WABA][-1]["status"] = "APPROVED"
    assert whatsapp(template=template).ok


def test_a_business_lists_its_numbers(call):
    (number,) = call("GET", f"{WABA}/phone_numbers?fields=verified_name").json()["data"]
    assert number == {"id": NUMBER, "verified_name": "Saffron & Slate"}
