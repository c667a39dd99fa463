"""Contacts that turn out to be one person, or not."""

import pytest

from flexoraa.lib.errors import Conflict
from inbox import merging
from inbox.models import Contact, ContactMerge

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_contact(workspace):
    return lambda name: Contact.objects.create(workspace=workspace, name=name)


def pointers(*contacts):
    return [Contact.objects.get(pk=contact.pk).merged_into_id for contact in contacts]


def test_a_merge_points_and_a_split_takes_it_back(make_contact, make_member):
    asha, old, older = (make_contact(name) for name in ("Asha", "Old", "Older"))
    agent = make_member(asha.workspace)
    merging.merge(old, older, by=agent)
    record = merging.merge(asha, old, by=agent)
    assert pointers(asha, old, older) == [None, asha.pk, asha.pk]
    assert (record.moved, record.by) == ([older.pk], agent)
    assert merging.split(record, by=agent) == old
    assert pointers(asha, old, older) == [None, None, old.pk]
    record.refresh_from_db()
    assert record.undone_at
    assert record.undone_by == agent


def test_merges_are_undone_from_the_last(make_contact):
    asha, old, other = (make_contact(name) for name in ("Asha", "Old", "Other"))
    first = merging.merge(old, other, by=None)
    last = merging.merge(asha, old, by=None)
    with pytest.raises(Conflict, match="later merges"):
        merging.split(first, by=None)
    merging.split(last, by=None)
    merging.split(first, by=None)
    assert pointers(asha, old, other) == [None, None, None]
    with pytest.raises(Conflict, match="later merges"):
        merging.split(first, by=None)


def test_what_cannot_be_merged(make_contact, make_workspace):
    asha, old = make_contact("Asha"), make_contact("Old")
    foreign = Contact.objects.create(workspace=make_workspace("theirs"), name="X")
    merging.merge(asha, old, by=None)
    other = make_contact("Other")
    for stays, joins in ((asha, asha), (asha, foreign), (old, other), (other, old)):
        with pytest.raises(Conflict):
            merging.merge(stays, joins, by=None)
    assert ContactMerge.objects.count() == 1
