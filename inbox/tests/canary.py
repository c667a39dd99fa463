"""A person with a row of everything, each value of it known, and where they are looked
for: every table, the files, the cache."""

import base64
import io
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from PIL import Image

from flexoraa.lib import sets
from inbox import erasing, leading, preflight, replies
from inbox.models import (
    ChannelEvent,
    Contact,
    Conversation,
    Erasure,
    Message,
    Revision,
    SendAttempt,
    WebhookDelivery,
)
from inbox.tests import bodies, world
from inbox.tests.broadcasting import template_of
from leads import importing, merging
from leads.models import Duplicate, Lead, Revenue, SavedView, Touch
from leads.tests.conftest import Api
from leads.tests.world import make_campaign, make_lead

PHONE = "919812345670"
WAMID = "wamid." + base64.b64encode(f"HBg{PHONE}IAI".encode()).decode()
CANARIES = (
    PHONE,
    PHONE[2:],  # as somebody typed it
    base64.b64encode(PHONE.encode()).decode().rstrip("="),
    WAMID,
    "Zubeida",
    "Canarywala",
    "canary.example",
    "canary-crm-77",
    "quetzal",  # in all that was said
    "kakapo",  # in all that was noted
    "click-9f31",
)
BYSTANDER = "919800000777"


def said(
    number: int, text: str, phone: str = PHONE, name: str = "Zubeida Canarywala"
) -> dict:
    """The value of a change: they wrote this, under an id that has their number."""
    value = bodies.text(number)
    value["contacts"] = [{"profile": {"name": name}, "wa_id": phone}]
    value["messages"][0] |= {
        "from": phone,
        "id": WAMID + str(number) if phone == PHONE else f"wamid.{phone}.{number}",
        "text": {"body": text},
    }
    return value


def posted() -> list[bytes]:
    """Webhooks in the order in which they came; one has somebody else in it, too."""
    clicked = said(2, "quetzal two")
    clicked["messages"][0]["referral"] = {
        "source_type": "ad",
        "source_id": "120000",
        "ctwa_clid": "click-9f31",
        "headline": "quetzal sale",
    }
    picture = said(3, "")
    picture["messages"][0] |= {
        "type": "image",
        "image": {"id": "555", "mime_type": "image/png", "caption": "quetzal picture"},
    }
    reaction = said(5, "")
    reaction["messages"][0] |= {
        "type": "reaction",
        "reaction": {"message_id": "wamid.ours1", "emoji": "🦜"},
    }
    return [
        bodies.whatsapp(said(1, "quetzal one")),
        bodies.whatsapp(
            clicked, said(20, "I am somebody else", BYSTANDER, "Bystander")
        ),
        bodies.whatsapp(picture),
        bodies.whatsapp(said(4, "STOP")),
        bodies.whatsapp(reaction),
    ]


@pytest.fixture(autouse=True)
def _files_of_its_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def api(workspace, make_member):
    return Api(workspace, make_member(workspace))


@pytest.fixture
def person(account, receive, api):
    return fill(account, receive, api)


class Person:
    """Made by `fill`: the lead, and what they said as bytes."""

    lead: Lead
    contact: Contact
    bodies: list[bytes]


def fill(account: Any, receive: Any, api: Any) -> Person:
    """Somebody who did everything that can be done here."""
    ours, person = account.workspace, Person()
    approved = template_of(account)
    person.bodies = posted()
    for body in person.bodies:
        receive("whatsapp", body)
    leading.drain()
    person.contact = Contact.objects.get(identities__key=PHONE)
    person.lead = lead = person.contact.lead
    _edit(api, lead)
    talk = person.contact.conversations.get()
    _answer(account, talk, receive)
    message = talk.messages.filter(kind="image").get()
    message.attachments.all().delete()
    world.keep_file(message, picture(), filename="quetzal.png")
    loser = make_lead(
        ours, name="Zubeida C.", email="zubeida.two@canary.example", tags=["kakapo"]
    )
    Duplicate.objects.create(workspace=ours, first=lead, second=loser, score=70)
    merging.merge(lead, loser, by=api.user)
    Touch.objects.create(
        workspace=ours,
        lead=lead,
        campaign=make_campaign(ours),
        kind="form",
        at=world.NOON,
        click_id="click-9f31",
        key="form:zubeida@canary.example",
    )
    for number, source in enumerate(("manual", "razorpay")):
        Revenue.objects.create(
            workspace=ours,
            lead=lead,
            amount_paise=50_000,
            at=world.NOON,
            source=source,
            reference="pay_Ab12" if source == "razorpay" else "Zubeida's cheque",
            note=f"kakapo {number}",
        )
    SavedView.objects.create(
        workspace=ours, user=api.user, name="Hers", filter={"search": PHONE}
    )
    preflight.plan(
        workspace=ours,
        by=api.user,
        name="News",
        template=approved,
        selection=Lead.objects.filter(pk=lead.pk),
        parameters={"1": {"field": "name"}},
        request={"select": {"filter": {"search": "Zubeida Canarywala"}}},
    )
    _import(ours, api)
    ChannelEvent.objects.create(
        workspace=ours,
        account=account,
        kind="calls",
        payload={"from": PHONE, "at": 1},
        fingerprint="f" * 64,
        provider_at=world.NOON,
    )
    for row in (lead, person.contact):
        LogEntry.objects.create(
            user=api.user,
            content_type=ContentType.objects.get_for_model(row),
            object_id=row.pk,
            object_repr=str(row),
            action_flag=CHANGE,
            change_message='[{"changed": {"name": "note", "object": "kakapo"}}]',
        )
    return person


def _edit(api: Any, lead: Lead) -> None:
    path = f"leads/{lead.public_id}"
    fields = {
        "name": "Zubeida Canarywala",
        "email": "zubeida@canary.example",
        "company": "Canarywala Silks",
        "external_id": "canary-crm-77",
        "source": "kakapo fair",
        "tags": ["kakapo"],
    }
    assert api.patch(path, fields).status_code == 200
    assert api.post(f"{path}/notes", {"text": "kakapo note"}).status_code == 201
    task = {"lead": str(lead.public_id), "title": "kakapo task"}
    task["due_at"] = "2026-12-01T00:00:00Z"
    assert api.post("tasks", task).status_code == 201
    Lead.objects.filter(pk=lead.pk).update(owner=api.user)
    chosen = {"select": {"filter": {"search": "Zubeida"}}, "set": {"source": "fair"}}
    answer = api.post("leads/bulk/update", {**chosen, "dry_run": False})
    assert answer.status_code == 200, answer.content


def _answer(account: Any, talk: Conversation, receive: Any) -> None:
    """Ours: one that failed with her number in the reason, one that was sent, a note,
    and one that waits."""
    common = {"workspace": talk.workspace, "account": account, "conversation": talk}
    common |= {
        "contact": talk.contact,
        "channel": "whatsapp",
        "provider_at": world.NOON,
    }
    common |= {"direction": "out", "kind": "text", "text": "quetzal back"}
    Message.objects.create(
        **common, status="sent", external_id=WAMID + "ours", ref="R1"
    )
    failed = Message.objects.create(
        **common, status="failed", error=f"{PHONE} is no number", errors=[{"to": PHONE}]
    )
    SendAttempt.objects.create(
        workspace=talk.workspace,
        message=failed,
        number=1,
        ref="R2",
        detail=f"({PHONE})",
        external_id=WAMID + "late",
    )
    replies.queue(talk, author=None, text="kakapo", kind="note")
    Message.objects.create(**common, status="queued")
    Revision.objects.create(
        workspace=talk.workspace,
        account=account,
        target=WAMID + "ours",
        message=talk.messages.get(status="sent"),
        kind="edited",
        number=1,
        text="quetzal, edited",
        provider_at=world.NOON,
    )
    told = bodies.status(WAMID + "ours", "delivered")
    told["statuses"][0]["recipient_id"] = PHONE
    receive("whatsapp", bodies.whatsapp(told))


def _import(ours: Any, api: Any) -> None:
    """Files: one that changed her, with a row of hers that has an error; one that is
    not read yet."""
    lines = (
        "Name,Phone,Email,Value",
        f"Zubeida Canarywala,+{PHONE},zubeida@canary.example,5",
        f"Zubeida Canarywala,+{PHONE},zubeida@canary.example,many",
        "Somebody,+919800000001,some@body.example,7",
    )
    for name in ("done.csv", "waiting.csv"):
        job = importing.upload(
            workspace=ours,
            by=api.user,
            filename=name,
            content="\n".join(lines).encode(),
        )
        if name == "done.csv":
            importing.start(job, on_duplicate="update", dry_run=False)
            while importing.drain():
                pass


def picture() -> bytes:
    """A picture that says who is on it."""
    made = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(made, "PNG")
    return made.getvalue() + b"quetzal"


def hits() -> list[str]:
    """Where a canary is: tables with what was found, paths of files, the cache."""
    found = []
    for (table,) in sets.fetch(
        "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
    ):
        text = "\n".join(row[0] for row in sets.fetch(f"SELECT t::text FROM {table} t"))
        found += [(table, word) for word in CANARIES if is_in(word, text)]
    for path in Path(settings.MEDIA_ROOT).rglob("*"):
        if path.is_file():
            told = str(path) + path.read_bytes().decode(errors="replace")
            found += [(path.name, word) for word in CANARIES if word in told]
    for key, value in sets.fetch("SELECT cache_key, value FROM flexoraa_cache"):
        told = key + str(pickle.loads(base64.b64decode(value)))
        found += [("cache", word) for word in CANARIES if word in told]
    return [f"{place}: {word}" for place, word in sorted(set(found))]


def is_in(word: str, text: str) -> bool:
    """Whether a dump has it: as text, escaped as JSON does, or as bytes in hex."""
    lowered = text.lower()
    escaped = json.dumps(word)[1:-1]
    return any(form.lower() in lowered for form in (word, escaped, word.encode().hex()))


def bodies_of_all() -> bytes:
    """Every raw body that is kept."""
    return b"\n".join(
        map(bytes, WebhookDelivery.objects.values_list("body", flat=True))
    )


def erase(lead: Lead) -> Erasure:
    """From the wish to the end."""
    made = erasing.begin(lead, by=None)
    return finish(made)


def finish(made: Erasure) -> Erasure:
    """By one worker."""
    while erasing.drain():
        pass
    return Erasure.objects.get(pk=made.pk)


def talk_about(account: Any, receive: Any, phone: str = PHONE) -> Lead:
    """Their lead, after one message."""
    receive("whatsapp", bodies.whatsapp(said(1, "quetzal one", phone)))
    leading.drain()
    return Contact.objects.get(identities__key=phone).lead
