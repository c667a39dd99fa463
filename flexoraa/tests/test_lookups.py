"""Look-ups that are compiled once say what the queryset would say."""

import pytest
from django.utils import timezone

from flexoraa.lib.lookups import Lookup
from teams.models import Membership

pytestmark = pytest.mark.django_db


def place_of(user, slug):
    return Membership.objects.select_related("workspace", "user").filter(
        user=user, workspace__slug=slug
    )


def test_a_lookup_finds_what_the_queryset_finds(
    ours, theirs, django_assert_num_queries
):
    lookup = Lookup(place_of)
    for rows in (ours, theirs):
        expected = rows.of(Membership)
        with django_assert_num_queries(1):
            found = lookup(expected.user_id, rows.workspace.slug)
            assert found == expected
            assert found.workspace == rows.workspace
            assert found.user.email == expected.user.email
        for name in ("role", "public_id", "created_at", "last_seen_at"):
            assert getattr(found, name) == getattr(expected, name), name
        assert not found._state.adding


def test_a_lookup_without_a_row_is_none(ours, theirs):
    lookup = Lookup(place_of)
    assert lookup(ours.of(Membership).user_id, theirs.workspace.slug) is None
    assert lookup(None, ours.workspace.slug) is None


def test_a_lookup_reads_anew_each_time(ours):
    lookup = Lookup(place_of)
    place = ours.of(Membership)
    assert lookup(place.user_id, ours.workspace.slug).role == "sdr"
    now = timezone.now()
    Membership.objects.filter(pk=place.pk).update(role="admin", last_seen_at=now)
    found = lookup(place.user_id, ours.workspace.slug)
    assert (found.role, found.last_seen_at) == ("admin", now)


def test_a_lookup_takes_hostile_values_as_values(ours):
    lookup = Lookup(place_of)
    for slug in ("' OR 1=1 --", "%s", "a" * 5000, "😀"):
        assert lookup(ours.of(Membership).user_id, slug) is None
