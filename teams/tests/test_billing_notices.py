"""What a workspace must know about its billing, in the console and the back office."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from teams.billing_notices import notice_for

pytestmark = pytest.mark.django_db
SOON = (timezone.now() + timedelta(days=2)).isoformat(timespec="seconds")
LATER = (timezone.now() + timedelta(days=9)).isoformat(timespec="seconds")
HALTED = "Payments failed and are no longer retried: pay with another card."


def limits(state: str, until: str | None = None, reason: str = "") -> dict:
    read_only = state == "read_only"
    return {"state": state, "until": until, "reason": reason, "read_only": read_only}


@pytest.mark.parametrize(
    ("found", "level", "said"),
    [
        ({}, None, ""),
        (limits("open"), None, ""),
        (limits("active", SOON), None, ""),
        (limits("trial", LATER), None, ""),
        (limits("trial", SOON), "info", "The trial ends on"),
        (limits("grace", SOON), "warn", "payment for this period has not come in"),
        (limits("grace", SOON, HALTED), "warn", "no longer retried"),
        (limits("read_only", None, "The trial has ended."), "bad", "can be read"),
    ],
)
def test_what_is_said_for_each_standing(found, level, said, workspace):
    workspace.limits = found
    notice = notice_for(workspace, may_pay=False)
    assert (notice and notice.level) == level
    assert said in (notice.text if notice else "")
    assert not (notice and notice.link)


@pytest.mark.parametrize("role", ["owner", "sdr"])
def test_it_stands_in_the_console_and_above_every_page(role, workspace, make_member):
    workspace.limits = limits("grace", SOON, HALTED)
    workspace.save()
    user = make_member(workspace, role)
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user)
    link = reverse("admin:payments_billing", args=[workspace.slug]).encode()
    paths = [
        reverse("console:page", args=[workspace.slug]),
        reverse("admin:index"),
        reverse("admin:leads_lead_changelist"),
    ]
    for path in paths:
        page = client.get(path).content
        assert b"no longer retried" in page, path
        assert b'role="alert"' in page, path
        assert (b'href="%b">Billing' % link in page) == (role == "owner"), path


def test_others_workspaces_say_nothing(workspace, make_workspace, make_member):
    other = make_workspace("other")
    other.limits = limits("read_only", None, HALTED)
    other.save()
    user = make_member(workspace)
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user)
    assert b"no longer retried" not in client.get(reverse("admin:index")).content
