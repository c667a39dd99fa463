"""The demo's leads are there once, with a past that fits together."""

import pytest
from django.db.models import F

from flexoraa.sandbox.market import make_market
from leads.models import Campaign, Lead, Revenue, StageInterval

pytestmark = pytest.mark.django_db


def test_the_demo_has_a_market_once(make_workspace):
    make_workspace("demo")
    plan = make_market()
    assert make_market() == plan
    assert (Lead.objects.count(), Campaign.objects.count()) == (len(plan.people), 8)
    won = Lead.objects.filter(stage__kind="won")
    assert Revenue.objects.exclude(lead__in=won).count() == 0
    last = StageInterval.objects.filter(ended_at=None)
    assert last.count() == len(plan.people)
    assert not last.exclude(stage=F("lead__stage")).exists()
    closing = last.filter(lead__stage__kind="won")
    assert not closing.exclude(started_at=F("lead__closed_at")).exists()
