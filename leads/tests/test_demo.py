"""The demo's leads are there once, with a past that fits together."""

import pytest
from django.db.models import F

from flexoraa.sandbox.market import COUNT, make_market
from leads.models import Campaign, Lead, Revenue, StageInterval

pytestmark = pytest.mark.django_db


def test_the_demo_has_a_market_once(make_workspace, make_member):
    make_member(make_workspace("demo"), "sdr")
    make_market()
    make_market()
    assert (Lead.objects.count(), Campaign.objects.count()) == (COUNT, 3)
    won = Lead.objects.filter(stage__kind="won")
    assert won.count() == Revenue.objects.count() == COUNT // 6
    last = StageInterval.objects.filter(ended_at=None)
    assert not last.exclude(stage=F("lead__stage")).exists()
    assert not won.exclude(closed_at__lt=F("updated_at")).exists()
