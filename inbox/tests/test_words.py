"""Searching what was said: words in any script, by their beginnings."""

import pytest

from inbox.models import Message
from inbox.tests.world import build

pytestmark = pytest.mark.django_db
SAID = {
    "english": "Is the brass lamp still there?",
    "hindi": "नमस्ते, डिलीवरी कब तक मिलेगी?",
    "tamil": "மீனா சுந்தரம் வருகிறார்",
    "accents": "Zoë's café",
    "odd": "it's a back\\slash & 100% 'quoted'",
}


@pytest.fixture
def world(workspace):
    world = build(workspace)
    for text in SAID.values():
        world.say(text=text)
    return world


@pytest.mark.parametrize(
    ("term", "name"),
    [
        ("lamp", "english"),
        ("LAM bra", "english"),
        ("डिलीवरी", "hindi"),
        ("मिले", "hindi"),
        ("சுந்", "tamil"),
        ("zoë", "accents"),
        ("it's", "odd"),
        ("back\\slash", "odd"),
        ("'quoted'", "odd"),
    ],
)
def test_it_is_found(world, term, name):
    found = Message.objects.for_workspace(world.workspace).saying(term)
    assert [message.text for message in found] == [SAID[name]]


@pytest.mark.parametrize("term", ["amp", "brass xylophone", "!", "& | ! ( ) <->", "''"])
def test_it_is_not_found_and_nothing_breaks(world, term):
    assert not Message.objects.saying(term).exists()


def test_the_index_answers(world, django_assert_num_queries):
    rows = Message.objects.for_workspace(world.workspace).saying("lamp")
    assert "inbox_message" in rows.explain()
    assert rows.estimate() >= 1
