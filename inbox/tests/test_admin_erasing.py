"""Erasing a person in the back office: asked for twice, by who may, and no other's."""

import pytest
from django.test import Client
from django.urls import reverse

from inbox import erasing
from inbox.models import Erasure
from leads.models import Lead
from leads.tests.world import make_lead
from teams.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(workspace, make_member, settings):
    """office("owner") -> a browser of a member who may enter the back office."""
    settings.STAFF_SECOND_FACTOR = False

    def enter(role: str) -> Client:
        user = make_member(workspace, role)
        User.objects.filter(pk=user.pk).update(is_staff=True)
        browser = Client()
        browser.force_login(User.objects.get(pk=user.pk))
        return browser

    return enter


def page_of(lead: Lead, name: str = "person") -> str:
    return reverse(f"admin:inbox_erasure_{name}", args=[lead.pk])


def test_the_page_says_what_goes_and_asks_for_the_word(office, workspace):
    lead = make_lead(workspace, name="Asha Rao", phone="+919812345670")
    twin = make_lead(workspace, name="A. Rao", phone="+919812345670")
    browser = office("admin")
    link = reverse("admin:leads_lead_change", args=[lead.pk])
    assert page_of(lead) in browser.get(link).content.decode()
    told = browser.get(page_of(lead)).content.decode()
    for said in ("Asha Rao", "There is no way back", "What stays", str(twin)):
        assert said in told
    assert "Type the word" in browser.post(page_of(lead)).content.decode()
    assert not Erasure.objects.exists()
    assert browser.post(page_of(lead), {"word": "Erase"}).status_code == 302
    while erasing.drain():
        pass
    lead.refresh_from_db()
    assert (lead.name, lead.phone) == ("", "")
    found = browser.get(reverse("admin:inbox_erasure_changelist")).content.decode()
    assert str(lead.public_id) in found
    assert Lead.objects.get(pk=twin.pk).phone == "+919812345670"


def test_what_is_held_comes_as_a_file(office, workspace):
    lead = make_lead(workspace, name="Asha Rao")
    answer = office("owner").get(page_of(lead, "export"))
    assert answer.json()["leads"][0]["name"] == "Asha Rao"
    assert f"person-{lead.public_id}.json" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("role", ["sdr", "member"])
def test_whose_role_does_not_allow_it_finds_nothing(office, workspace, role):
    lead = make_lead(workspace)
    browser = office(role)
    for name in ("person", "export"):
        assert browser.get(page_of(lead, name)).status_code == 404
    assert browser.post(page_of(lead), {"word": "erase"}).status_code == 404
    assert not Erasure.objects.exists()


def test_another_workspaces_lead_is_absent(office, make_workspace):
    lead = make_lead(make_workspace("globex"))
    browser = office("owner")
    assert browser.get(page_of(lead)).status_code == 404
    assert browser.post(page_of(lead), {"word": "erase"}).status_code == 404


def test_who_signed_in_long_ago_shows_who_they_are_first(office, workspace, settings):
    lead = make_lead(workspace)
    browser = office("owner")
    settings.STEP_UP_MINUTES = 15
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": 1}]
    session.save()
    for answer in (
        browser.post(page_of(lead), {"word": "erase"}),
        browser.get(page_of(lead, "export")),
    ):
        assert answer.status_code == 302
        assert "reauthenticate" in answer.headers["Location"]
    assert not Erasure.objects.exists()
