"""Messages of all conversations, channel events and refused webhooks, to look up."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from inbox.admin.base import CHANNELS, ReadOnly
from inbox.models import ChannelEvent, Message, RefusedWebhook


@admin.register(Message)
class MessageAdmin(ReadOnly):
    """By exact provider id, or by filters; the newest first."""

    list_display = (
        "provider_at",
        "channel_label",
        "direction",
        "kind",
        "person",
        "excerpt",
        "status",
    )
    list_filter = ("channel", "direction", "status", "kind")
    list_select_related = ("contact", "conversation")
    search_fields = ("external_id__exact",)
    search_help_text = "The provider's message id, whole"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("payload")

    @display(description="Channel", label=CHANNELS)
    def channel_label(self, message: Message) -> tuple[str, str]:
        return message.channel, message.get_channel_display()

    @display(description="Person")
    def person(self, message: Message) -> str:
        url = reverse("admin:inbox_conversation_change", args=[message.conversation_id])
        return format_html('<a href="{}">{}</a>', url, message.contact)

    @display(description="Text")
    def excerpt(self, message: Message) -> str:
        return message.text[:80]


@admin.register(ChannelEvent)
class ChannelEventAdmin(ReadOnly):
    """Template and account news, opt-ins, calls, and kinds that nobody knows yet."""

    list_display = ("provider_at", "account", "kind", "is_unknown")
    list_filter = ("is_unknown", "kind")
    list_select_related = ("account",)
    ordering = ("-id",)


@admin.register(RefusedWebhook)
class RefusedWebhookAdmin(ReadOnly):
    """How many webhooks were turned away, hour by hour."""

    list_display = ("hour", "route", "reason", "count", "last_at")
    list_filter = ("route", "reason")
    ordering = ("-hour", "route")
