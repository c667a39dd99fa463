"""Bodies that others collected, where they are at hand: all are stored and understood.

They belong to their sources and are not part of this project; without them the one
test here is skipped. What is expected and not met is listed with its reason.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from flexoraa.lib import clean
from inbox import ingest
from inbox.adapters import for_document
from inbox.adapters.base import Said, StatusUpdate, Unknown
from inbox.models import ChannelEvent, WebhookDelivery

FOLDER = Path(__file__).parents[3] / "shared" / "payloads" / "meta"
ROUTES = {"whatsapp": "whatsapp", "instagram": "instagram", "messenger": "facebook"}

# Bodies without a top-level object are no webhook of Meta's; the ledger keeps them.
NO_OBJECT = {"account-update-change-none.json", "account-update-change-none-2.json"}
# pywa calls a reaction a message; here it is a fact about one.
REACTIONS = {
    "message-reaction.json",
    "message-unreaction-empty.json",
    "message-unreaction-no-emoji.json",
}
# The source scrambled its ids: the page that sent is not the page of the entry.
SCRAMBLED = {"should-handle-template-echo-message-event.json"}
# Its test is about the signature, which is the door's business.
UNSIGNED = {"should-throw-exception-if-signature-is-invalid.json"}


def collected() -> Iterator[tuple[str, dict, bytes]]:
    """(route, index entry, bytes) of every body without placeholders."""
    for index in sorted(FOLDER.glob("*/*/index.json")):
        route = ROUTES.get(index.parent.name)
        for entry in json.loads(index.read_text()) if route else []:
            if not entry["placeholders"]:
                yield route, entry, (index.parent / entry["file"]).read_bytes()


@pytest.mark.django_db
def test_what_others_collected_is_stored_and_understood(post_webhook, workspace):
    if not FOLDER.exists():
        pytest.skip("the collected payloads are not beside this checkout")
    bodies = list(collected())
    assert len(bodies) > 150
    connect_everybody(bodies, workspace)
    for route, _, body in bodies:
        assert post_webhook(route, body).status_code == 200
    while ingest.drain():
        pass
    assert not WebhookDelivery.objects.filter(state__in=["new", "retry"]).exists()
    dead = WebhookDelivery.objects.filter(state="dead")
    assert [row.error for row in dead] == []
    kinds = ChannelEvent.objects.filter(is_unknown=True).values_list("kind", flat=True)
    assert set(kinds) <= {"object:None"}
    unroutable = WebhookDelivery.objects.filter(state="unroutable").count()
    assert unroutable <= len(NO_OBJECT) + 1
    problems = [
        f"{entry['file']}: {problem}"
        for route, entry, body in bodies
        for problem in differences(route, entry, body)
    ]
    assert problems == []


def connect_everybody(bodies: list, workspace) -> None:
    """An account for every id that the bodies name."""
    from inbox.models import ChannelAccount

    names = set()
    for route, _, body in bodies:
        document = clean.loads(body)
        adapter = for_document(route, document)
        for event in adapter.parse(document).events:
            names.add((adapter.channel, event.account or event.parent, event.parent))
    for channel, name, parent in sorted(names):
        ChannelAccount.objects.get_or_create(
            channel=channel,
            external_id=name or "none",
            defaults={
                "workspace": workspace,
                "name": name,
                "parent_external_id": parent,
            },
        )


def differences(route: str, entry: dict, body: bytes) -> Iterator[str]:
    """What the source's own tests state and we do not say."""
    name, expected = entry["file"], entry.get("expected") or {}
    if name in NO_OBJECT | REACTIONS | SCRAMBLED | UNSIGNED:
        return
    document = clean.loads(body)
    parsed = for_document(route, document).parse(document)
    if parsed.failures:
        yield f"failures {[failure.where for failure in parsed.failures]}"
    unknown = [e.kind for e in parsed.events if isinstance(e, Unknown)]
    if unknown:
        yield f"unknown {unknown}"
    said = [event for event in parsed.events if isinstance(event, Said)]
    if expected.get("update_type") == "message" and not said:
        edits = [type(event).__name__ for event in parsed.events]
        if not {"Edited", "Unsent"} & set(edits):
            yield f"no message but {edits}"
    if "attachment_count" in expected:
        count = sum(len(event.attachments) for event in said)
        if count != expected["attachment_count"]:
            yield f"{count} attachments instead of {expected['attachment_count']}"
    if "statuses" in expected:
        found = [e.status.value for e in parsed.events if isinstance(e, StatusUpdate)]
        wanted = [
            item["status"] if isinstance(item, dict) else item
            for item in expected["statuses"]
        ]
        if found != wanted:
            yield f"statuses {found} instead of {wanted}"
    wanted_id = (expected.get("event") or {}).get("external_id")
    if wanted_id and wanted_id not in {event.external_id for event in said}:
        yield f"message {wanted_id} is missing"
    wanted_text = (expected.get("event") or {}).get("text")
    if wanted_text and wanted_text not in {event.text for event in said}:
        yield f"text {wanted_text!r} is missing"
