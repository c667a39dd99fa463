"""Messenger: what differs from Instagram.

Source: developers.facebook.com, documentation/business-messaging/messenger-platform,
"webhooks"; docs/graph-api/webhooks/reference/page for the fields of `changes`.
"""

from inbox.adapters.base import IdKind
from inbox.adapters.messaging import MessagingAdapter
from inbox.adapters.messaging_sending import MESSENGER_FILES

PAGE_FIELDS = """
affiliation attire awards bio birthday business_integrity calls category checkins
company_overview conversations culinary_team current_location description email
feature_access_list feed founded general_info general_manager group_feed hometown hours
inbox_labels invoice_access_bank_slip_events invoice_access_invoice_change
invoice_access_invoice_draft_change invoice_access_onboarding_status_active leadgen
leadgen_fat live_videos local_delivery location marketing_message_clicks
marketing_message_deliveries marketing_message_delivery_failed
marketing_message_echoes marketing_message_reads mcom_invoice_change members mention
merchant_review message_context message_mention message_template_status_update
messaging_appointments messaging_direct_sends messaging_fblogin_account_linking
messaging_in_thread_lead_form_submit messaging_integrity
messenger_template_status_update mission name otp_verification page_about_story
page_change_proposal page_upcoming_change parking payment_options personal_info
personal_interests phone picture price_range product_review products public_transit
publisher_subscriptions ratings registration user_action video_text_question_responses
videos website
"""


class FacebookAdapter(MessagingAdapter):
    """Facebook Pages."""

    channel = "facebook"
    label = "Messenger"
    object = "page"
    id_kind = IdKind.PSID
    fields = frozenset(PAGE_FIELDS.split())
    rate = 250.0  # 300 are allowed
    knows_refs = True
    text_limit = 2000
    subscribed_fields = (
        "messages",
        "messaging_postbacks",
        "message_deliveries",
        "message_reads",
        "message_echoes",
        "message_reactions",
        "message_edits",
        "messaging_referrals",
        "messaging_optins",
        "messaging_policy_enforcement",
    )
    files = MESSENGER_FILES
    profile_fields = ("first_name", "last_name")
