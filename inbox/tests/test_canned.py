"""Variables in canned replies."""

import pytest

from inbox import canned
from inbox.tests.world import build


def test_known_variables_are_filled_in():
    said = canned.render(
        "Hi {{contact.name}}, {{ agent.name }} here",
        {"contact.name": "Asha", "agent.name": "Grace"},
    )
    assert said == ("Hi Asha, Grace here", [])


def test_what_is_missing_stays_and_is_named_once():
    said = canned.render("{{contact.name}} {{x.y}} {{x.y}}", {"contact.name": ""})
    assert said == ("{{contact.name}} {{x.y}} {{x.y}}", ["contact.name", "x.y"])


def test_a_value_is_never_read_as_a_variable():
    values = {"contact.name": "{{agent.name}}", "agent.name": "secret"}
    assert canned.render("{{contact.name}}", values).text == "{{agent.name}}"


@pytest.mark.parametrize("text", ["{{", "{{}}", "{{a b}}", "{% load x %}", "{{a|b}}"])
def test_what_is_no_variable_stays(text):
    assert canned.render(text, {}) == (text, [])


def test_unknown_ones_are_told_to_who_writes_them():
    assert canned.unknown_variables("{{contact.name}} {{b.c}}") == ["b.c"]


@pytest.mark.django_db
def test_every_known_variable_has_a_value(workspace, make_member):
    world = build(workspace)
    values = canned.values_for(
        world.conversation, world.contact, make_member(workspace)
    )
    assert set(values) == set(canned.KNOWN)
    assert values["contact.first_name"] == "Asha"
    assert values["channel"] == "WhatsApp"
