"""Who changed a channel is in the audit trail; its token is not."""

import pytest

from inbox.models import ChannelAccount
from teams.models import AuditEvent

pytestmark = pytest.mark.django_db


def test_a_channel_leaves_a_trail_without_its_token(account):
    account.name = "Another name"
    account.save(update_fields=["name"])
    made, changed = AuditEvent.objects.filter(subject="channel").order_by("id")
    assert changed.changes == {"name": ["Our whatsapp", "Another name"]}
    assert changed.workspace_id == account.workspace_id
    assert "secret-token" not in str(made.changes)
    assert "token" not in made.changes


def test_being_heard_from_is_no_change(account):
    before = AuditEvent.objects.count()
    ChannelAccount.objects.heard_from([account.pk], [account.pk])
    assert AuditEvent.objects.count() == before
