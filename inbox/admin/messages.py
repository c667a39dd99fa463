"""Messages of all conversations, channel events and refused webhooks, to look up."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from inbox.admin import searching
from inbox.admin.base import CHANNELS, STATES, ReadOnly
from inbox.admin.sending import Decides, SendingFilter, attempts_of
from inbox.models import ChannelEvent, Message, RefusedWebhook
from teams.roles import Action


def pretty(value: Any) -> str:
    """A JSON value as a page shows it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="fx-pre" tabindex="0">{}</pre>', text)


@admin.register(Message)
class MessageAdmin(Decides):
    """By exact provider id, or by filters; the newest first."""

    asks = {"view": Action.READ, "decide": Action.WORK}
    list_display = (
        "provider_at",
        "channel_label",
        "direction",
        "kind",
        "person",
        "excerpt",
        "state",
        "error",
    )
    list_filter = (SendingFilter, "channel", "direction", "status", "kind")
    search_fields = ("external_id",)  # shows the box; see get_search_results
    search_help_text = "The provider's message id, whole"
    ordering = ("-id",)
    fields = (
        "person",
        "channel",
        "direction",
        "kind",
        "text",
        "status",
        "error",
        "attempts_made",
        "provider_at",
        "created_at",
        "edited_at",
        "unsent_at",
        "external_id",
        "reply_to",
        "webhook",
        "problems",
        "details",
    )
    readonly_fields = ("person", "webhook", "problems", "details", "attempts_made")
    hint = "Messages of all workspaces are listed here as they come."

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("contact").defer("payload")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if term := search_term.strip():
            places = self.places(request, "view")
            queryset = searching.by_external_id(queryset, term, places)
        return queryset, False

    @display(description="Channel", label=CHANNELS)
    def channel_label(self, message: Message) -> tuple[str, str]:
        return message.channel, message.get_channel_display()

    @display(description="Person")
    def person(self, message: Message) -> str:
        url = reverse("admin:inbox_conversation_change", args=[message.conversation_id])
        return format_html('<a class="fx-link" href="{}">{}</a>', url, message.contact)

    @display(description="Status", label=STATES)
    def state(self, message: Message) -> tuple[str, str]:
        return message.status, message.get_status_display()

    @display(description="Attempts")
    def attempts_made(self, message: Message) -> str:
        return attempts_of(message)

    @display(description="Text")
    def excerpt(self, message: Message) -> str:
        return message.text[:80]

    @display(description="Webhook", empty_value="–")
    def webhook(self, message: Message) -> str | None:
        """By id alone: the row has the whole body in it, or is long gone."""
        if not message.delivery_id:
            return None
        url = reverse("admin:inbox_webhookdelivery_change", args=[message.delivery_id])
        return format_html(
            '<a class="fx-link" href="{}">Delivery {}</a>', url, message.delivery_id
        )

    @display(description="Errors")
    def problems(self, message: Message) -> str:
        return pretty(message.errors)

    @display(description="Payload")
    def details(self, message: Message) -> str:
        return pretty(message.payload)


@admin.register(ChannelEvent)
class ChannelEventAdmin(ReadOnly):
    """Template and account news, opt-ins, calls, and kinds that nobody knows yet."""

    asks = {"view": Action.READ}
    list_display = ("provider_at", "account", "kind", "is_unknown")
    list_filter = ("is_unknown",)
    search_fields = ("kind__exact",)
    search_help_text = "The provider's word for the kind of event, whole"
    ordering = ("-id",)
    fields = ("account", "kind", "is_unknown", "provider_at", "created_at", "details")
    readonly_fields = ("details",)
    hint = "What a channel tells beside messages is listed here."

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        return rows.select_related("account").defer("account__token", "payload")

    @display(description="Payload")
    def details(self, event: ChannelEvent) -> str:
        return pretty(event.payload)


@admin.register(RefusedWebhook)
class RefusedWebhookAdmin(ReadOnly):
    """How many webhooks were turned away, hour by hour."""

    list_display = ("hour", "route", "reason", "count", "last_at")
    list_filter = ("route", "reason")
    ordering = ("-hour", "route")
