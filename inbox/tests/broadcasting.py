"""Leads, a template and broadcasts of it, for tests."""

from typing import Any

from inbox import preflight
from inbox.models import Broadcast, ChannelAccount, Message, Template
from inbox.tests.replying import approve
from leads.models import Lead
from leads.tests.world import make_lead

HELLO = {"1": {"field": "first_name", "default": "there"}}


def people(account: ChannelAccount, count: int, **fields: Any) -> list[Lead]:
    """Leads with numbers of their own."""
    return [
        make_lead(
            account.workspace,
            **{"name": f"Asha {n}", "phone": f"+9198{n:08}", **fields},
        )
        for n in range(count)
    ]


def template_of(account: ChannelAccount, **fields: Any) -> Template:
    """ "Hello {{1}}, it is ready.", of the marketing kind."""
    found = Template.objects.filter(account=account, name="news").first()
    return found or approve(account, "news", **{"category": "MARKETING", **fields})


def planned(account: ChannelAccount, **fields: Any) -> Broadcast:
    """A broadcast to all leads of the workspace."""
    return preflight.plan(
        **{
            "workspace": account.workspace,
            "by": None,
            "name": "News",
            "template": template_of(account),
            "selection": Lead.objects.for_workspace(account.workspace),
            "parameters": HELLO,
            **fields,
        }
    )


def populate(world: Any, mark: str) -> None:
    """A broadcast of a world's template to its lead, for the tests of every route."""
    world.lead.phone = f"+9198000{world.lead.pk:05}"
    world.lead.save(update_fields=["phone"])
    world.broadcast = planned(
        world.account,
        name=f"{mark} news",
        template=world.template,
        parameters={"1": {"text": mark}},
    )


def body_of(path: str, ours: Any) -> dict[str, Any] | None:
    """What the routes of broadcasts and opt-outs take, with ids of ours."""
    if path.endswith("/broadcasts"):
        return {
            "name": "News",
            "template": str(ours.template.public_id),
            "parameters": {"1": {"field": "name"}},
            "select": {"ids": [str(ours.lead.public_id)]},
        }
    if path.endswith("/consent"):
        return {"wants": False}
    return {"start_at": None} if path.endswith("/start") else None


def known_to(meta: Any, parent: str) -> None:
    """The stand-in knows that template, too."""
    from flexoraa.sandbox import templates as made

    meta.templates[parent] = [
        made.template(1, "news", "en", "MARKETING", "Hello {{1}}, it is ready.")
    ]


def texts() -> list[str]:
    """What was queued, in the order of ids."""
    return list(
        Message.objects.filter(direction="out")
        .order_by("pk")
        .values_list("text", flat=True)
    )
