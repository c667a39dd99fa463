"""Whoever writes first becomes a lead; the ad that led them here is a touch."""

import pytest

from inbox import leading
from inbox.models import Contact
from inbox.tests import bodies
from leads.models import Campaign, Lead, LeadSettings, Stage, Touch

pytestmark = pytest.mark.django_db
AD = "500000000000001"  # of the payload text_from_ad


def text(number: int, person: int = 0) -> bytes:
    return bodies.whatsapp(bodies.text(number, person=person))


def settle() -> None:
    while leading.drain():
        pass


def test_a_first_message_makes_a_lead_once(account, receive):
    receive("whatsapp", text(1), text(2), text(3, person=1))
    settle()
    settle()
    assert Lead.objects.count() == 2
    contact = Contact.objects.order_by("id")[0]
    lead = contact.lead
    assert (lead.stage.name, lead.source, lead.name) == (
        "New",
        "whatsapp",
        contact.name,
    )
    assert lead.phone.removeprefix("+") == contact.identities.get(kind="phone").key


def test_a_known_phone_is_linked_to_its_lead(account, receive, workspace):
    receive("whatsapp", text(1))
    phone = "+" + Contact.objects.get().identities.get(kind="phone").key
    known = Lead.objects.create(
        workspace=workspace, stage=Stage.objects.first_open(workspace), phone=phone
    )
    settle()
    assert Contact.objects.get().lead == known
    assert Lead.objects.count() == 1


def test_a_workspace_may_not_want_it(account, receive, workspace):
    LeadSettings.objects.update(makes_leads_of_messages=False)
    receive("whatsapp", text(1))
    settle()
    assert not Lead.objects.exists()


def test_a_plan_without_room_makes_no_lead(account, receive, workspace):
    workspace.limits = {"leads": 0}
    workspace.save()
    receive("whatsapp", text(1))
    settle()
    assert not Lead.objects.exists()
    assert Contact.objects.get().lead is None


def test_an_ad_is_a_touch_and_finds_its_campaign(account, receive, workspace):
    campaign = Campaign.objects.create(
        workspace=workspace, code="homes", name="Homes", ad_ids=[AD]
    )
    receive("whatsapp", "text_from_ad")
    settle()
    receive("whatsapp", "text_from_ad")
    settle()
    touch = Touch.objects.get()
    assert (touch.ad_id, touch.click_id) == (AD, "clid-FLX-0001")
    assert (touch.campaign, touch.kind) == (campaign, "ad")
    assert touch.lead.campaign == campaign


def test_an_ad_of_nobody_s_campaign_is_a_touch_too(account, receive):
    receive("whatsapp", "text_from_ad")
    settle()
    assert Touch.objects.get().campaign is None
