"""News of WhatsApp accounts, numbers and templates."""

import pytest

from inbox.adapters.base import AccountUpdate, TemplateUpdate
from inbox.tests.whatsapp_files import PARENT, only


@pytest.mark.parametrize(
    ("name", "kind", "event", "reason"),
    [
        ("template_approved", "message_template_status_update", "APPROVED", ""),
        (
            "template_rejected",
            "message_template_status_update",
            "REJECTED",
            "INVALID_FORMAT",
        ),
        ("template_quality", "message_template_quality_update", "RED", ""),
        ("template_category", "template_category_update", "MARKETING", ""),
        ("template_components", "message_template_components_update", "", ""),
    ],
)
def test_templates_change(name, kind, event, reason):
    update = only(name, TemplateUpdate)
    assert (update.kind, update.event, update.reason) == (kind, event, reason)
    assert (update.name, update.language) == ("visit_reminder", "en_US")
    assert (update.account, update.at.timestamp()) == ("", 1764500100)


@pytest.mark.parametrize(
    ("name", "event", "disconnected"),
    [
        ("partner_removed", "PARTNER_REMOVED", True),
        ("partner_app_uninstalled", "PARTNER_APP_UNINSTALLED", True),
        ("account_deleted", "ACCOUNT_DELETED", True),
        ("account_offboarded", "ACCOUNT_OFFBOARDED", True),
        ("account_banned", "DISABLED_UPDATE", True),
        ("partner_added", "PARTNER_ADDED", False),
        ("account_reconnected", "ACCOUNT_RECONNECTED", False),
        ("account_ban_lifted", "DISABLED_UPDATE", False),
        ("account_ban_planned", "DISABLED_UPDATE", None),
        ("account_violation", "ACCOUNT_VIOLATION", None),
    ],
)
def test_accounts_come_and_go(name, event, disconnected):
    update = only(name, AccountUpdate)
    assert (update.kind, update.event) == ("account_update", event)
    assert update.disconnected is disconnected


@pytest.mark.parametrize(
    ("name", "kind", "event"),
    [
        ("account_reviewed", "account_review_update", "APPROVED"),
        ("account_alert", "account_alerts", "PROFILE_PICTURE_LOST"),
        ("number_quality", "phone_number_quality_update", "FLAGGED"),
        ("number_name", "phone_number_name_update", "REJECTED"),
        ("number_settings", "account_settings_update", "phone_number_settings"),
    ],
)
def test_other_news_of_an_account_disconnects_nothing(name, kind, event):
    update = only(name, AccountUpdate)
    assert (update.kind, update.event, update.disconnected) == (kind, event, None)
    assert (update.account, update.parent) == ("", PARENT)


def test_news_for_partners_is_about_the_account_in_it():
    assert only("partner_removed", AccountUpdate).parent == PARENT
