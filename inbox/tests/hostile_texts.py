"""Forty texts that run a script where somebody forgot to escape, and a world in which
every text that people or platforms can set is one of them."""

from typing import Any

from django.utils import timezone

from inbox.models import (
    AssignmentInterval,
    Attachment,
    CannedReply,
    ChannelAccount,
    ContactIdentity,
    Label,
    Message,
    Reaction,
    Template,
)
from inbox.tests.world import NOON, World, build
from teams.models import User, Workspace

PAYLOADS = (
    "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</template><script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script>",
    "<script src=data:,alert(1)></script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=&#97;lert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<img src='x' onerror='alert(1)'",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//",
    "<svg><script>alert&#40;1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<body onload=alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "<iframe src=javascript:alert(1)>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<a href=javascript:alert(1) autofocus onfocus=alert(1)>x</a>",
    "<form action=javascript:alert(1)><button autofocus>x",
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    "<base href=javascript:alert(1)//>",
    "<meta http-equiv=refresh content=0;url=javascript:alert(1)>",
    "<link rel=stylesheet href=javascript:alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "'><img src=x onerror=alert(1)>",
    '" autofocus onfocus=alert(1) x="',
    "' autofocus onfocus=alert(1) x='",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}`-alert(1)-`';alert(1)//",
)


def hostile_world(workspace: Workspace, user: User) -> World:
    """A conversation in whose every text a payload stands, one message for each."""
    world = build(workspace, "Asha")
    first = PAYLOADS[0]
    workspace.name = PAYLOADS[2]
    workspace.save(update_fields=["name"])
    user.name = PAYLOADS[10]
    user.save(update_fields=["name"])
    ChannelAccount.objects.filter(pk=world.account.pk).update(
        name=PAYLOADS[14], status_reason=first
    )
    for person in (world.contact, world.other):
        person.name, person.username = PAYLOADS[35], PAYLOADS[37]
        person.save()
    ContactIdentity.objects.update(value=PAYLOADS[36])
    Label.objects.filter(pk=world.label.pk).update(name=PAYLOADS[18][:40])
    CannedReply.objects.filter(pk=world.canned.pk).update(text=PAYLOADS[6])
    Template.objects.create(
        workspace=workspace,
        account=world.account,
        name=PAYLOADS[35],
        language="en",
        category=first,
        status="APPROVED",
        components=[{"type": "BODY", "text": PAYLOADS[6] + " {{1}}"}],
    )
    conversation = world.conversation
    type(conversation).objects.filter(pk=conversation.pk).update(
        preview=PAYLOADS[10], assignee=user, last_inbound_at=timezone.now()
    )
    AssignmentInterval.objects.create(
        workspace=workspace,
        conversation=conversation,
        user=user,
        strategy="round_robin",
        receipt={
            "reason": first,
            "candidates": [
                {"name": first, "open": first, "capacity": first, "skipped": first}
            ],
        },
    )
    for number, text in enumerate(PAYLOADS):
        _say(world, number, text)
    return world


def _say(world: World, number: int, text: str) -> None:
    fields: dict[str, Any] = {
        "text": text,
        "direction": ("in", "out", "note")[number % 3],
        "kind": ("text", "contacts", "order", "location")[number % 4],
        "status": "failed" if number % 3 == 1 else "received",
        "reply_to": f"wamid.{world.workspace.slug}{number - 1}" if number else "",
        "external_id": f"wamid.{world.workspace.slug}{number}",
        "errors": [{"code": text, "title": text, "error_data": {"details": text}}],
        "payload": {
            "referral": {
                "headline": text,
                "body": text,
                "source_type": "ad",
                "source_id": text,
                "source_url": text,
            },
            "contacts": [{"name": {"formatted_name": text}}],
            "product_items": [{"product_retailer_id": text, "currency": text}],
            "latitude": text,
            "longitude": text,
        },
    }
    message: Message = world.say(**fields)
    Attachment.objects.create(
        workspace=world.workspace,
        message=message,
        kind="document",
        url=text,
        filename=text,
        title=text,
        mime_type=text[:200],
    )
    Reaction.objects.create(
        workspace=world.workspace,
        account=world.account,
        target=message.external_id,
        message=message,
        contact=world.contact,
        emoji=text[:64],
        provider_at=NOON,
    )
