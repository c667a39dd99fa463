"""The back office's sidebar; models are named as strings."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string

GROUPS = (
    (
        "Inbox",
        (
            ("Inbox", "inbox", "console:home"),
            ("Conversations", "forum", "inbox_conversation"),
            ("Messages", "chat", "inbox_message"),
            ("Files", "attach_file", "inbox_attachment"),
            ("Contacts", "contacts", "inbox_contact"),
            ("Channels", "hub", "inbox_channelaccount"),
            ("Templates", "docs", "inbox_template"),
            ("Broadcasts", "send", "inbox_broadcast"),
            ("Opt-outs", "do_not_disturb_on", "inbox_consententry"),
            ("Outreach", "settings_suggest", "inbox_outreachsettings"),
            ("Labels", "label", "inbox_label"),
            ("Canned replies", "quickreply", "inbox_cannedreply"),
            ("Assignment", "assignment_ind", "inbox_assignmentrule"),
            ("Desks", "desk", "inbox_desk"),
        ),
    ),
    (
        "Reports",
        (
            ("Reports", "monitoring", "reports:home"),
            ("Targets and hours", "tune", "analytics_reportsettings"),
            ("Holidays", "event_busy", "analytics_holiday"),
            ("Conversions to Meta", "ads_click", "analytics_conversionsettings"),
            ("Told to Meta", "outbox", "analytics_conversionevent"),
        ),
    ),
    (
        "Billing",
        (
            ("Billing", "credit_card", "admin:payments_my_billing"),
            ("Plans", "sell", "payments_plan"),
            ("Subscriptions", "autorenew", "payments_subscription"),
            ("Payments", "payments", "payments_payment"),
            ("Invoices", "receipt_long", "payments_invoice"),
            ("Credit notes", "undo", "payments_creditnote"),
            ("Payment webhooks", "webhook", "payments_webhookdelivery"),
            ("Drift", "compare_arrows", "payments_drift"),
        ),
    ),
    (
        "Webhooks",
        (
            ("Deliveries", "webhook", "inbox_webhookdelivery"),
            ("Channel events", "campaign", "inbox_channelevent"),
            ("Refused webhooks", "block", "inbox_refusedwebhook"),
        ),
    ),
    (
        "Leads",
        (
            ("Leads", "group", "leads_lead"),
            ("Campaigns", "campaign", "leads_campaign"),
            ("Ad accounts", "ads_click", "leads_adaccount"),
            ("Bulk edits", "edit_note", "leads_bulkoperation"),
            ("Imports", "upload_file", "leads_importjob"),
            ("Duplicates", "people", "leads_duplicate"),
            ("Merges", "call_merge", "leads_mergerecord"),
            ("Stages", "view_column", "leads_stage"),
            ("Custom fields", "tune", "leads_customfield"),
            ("Scoring", "military_tech", "leads_scorerule"),
            ("Erasures", "person_remove", "inbox_erasure"),
            ("Lead settings", "settings", "leads_leadsettings"),
        ),
    ),
    (
        "Team",
        (
            ("Members", "group", "teams_membership"),
            ("Invitations", "mail", "teams_invitation"),
            ("Users", "person", "teams_user"),
            ("Workspaces", "domain", "teams_workspace"),
            ("API keys", "key", "teams_apikey"),
            ("Audit trail", "history", "teams_auditevent"),
            ("Support visits", "support_agent", "teams_supportvisit"),
            ("Mail", "outgoing_mail", "teams_mail"),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links, with a count where something waits for a person."""
    return [
        {
            "title": title,
            "separator": True,
            "items": [_item(request, *entry) for entry in entries],
        }
        for title, entries in GROUPS
    ]


def _item(request: HttpRequest, title: str, icon: str, model: str) -> dict[str, Any]:
    if ":" in model:  # a page of its own, for everybody who may enter
        return {"title": title, "icon": icon, "link": reverse(model)}
    item = {
        "title": title,
        "icon": icon,
        "link": reverse(f"admin:{model}_changelist"),
        "permission": lambda request: _may_see(request, model),
    }
    # asked here: unfold would show the word None where a callback finds nothing
    path = settings.SIDEBAR_BADGES.get(model) if _may_see(request, model) else None
    if path and (badge := import_string(path)(request)):
        item["badge"] = badge
    return item


def _may_see(request: HttpRequest, model: str) -> bool:
    """Whoever may open the list sees its link."""
    shown = admin.site.get_model_admin(apps.get_model(*model.split("_")))
    return admin.site.has_permission(request) and shown.has_view_permission(request)
