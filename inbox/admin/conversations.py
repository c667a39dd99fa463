"""Conversations: the list, and a thread shown as a chat."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.timesince import timesince
from unfold.decorators import display

from flexoraa.lib.errors import Conflict
from inbox.admin.base import CHANNELS, STATES, ReadOnly
from inbox.models import Conversation, Message, Reaction

PAGE = 100
CHANGES = {
    "resolve": Conversation.resolve,
    "reopen": Conversation.reopen,
    "read": Conversation.mark_read,
}


@admin.register(Conversation)
class ConversationAdmin(ReadOnly):
    """The newest activity first."""

    list_display = (
        "person",
        "channel_label",
        "state",
        "unread",
        "excerpt",
        "active",
        "assignee",
        "workspace",
    )
    list_filter = ("status", "channel", "workspace")
    list_select_related = ("contact", "assignee", "workspace")
    search_fields = ("contact__name__istartswith",)
    search_help_text = "The beginning of a person's name"
    ordering = ("-last_message_at", "-id")

    @display(description="Person")
    def person(self, conversation: Conversation) -> str:
        return str(conversation.contact)

    @display(description="Channel", label=CHANNELS)
    def channel_label(self, conversation: Conversation) -> tuple[str, str]:
        return conversation.channel, conversation.get_channel_display()

    @display(description="Status", label=STATES)
    def state(self, conversation: Conversation) -> tuple[str, str]:
        return conversation.status, conversation.get_status_display()

    @display(description="Unread", label="info")
    def unread(self, conversation: Conversation) -> str:
        return str(conversation.unread_count) if conversation.unread_count else ""

    @display(description="Last message")
    def excerpt(self, conversation: Conversation) -> str:
        return conversation.preview[:70]

    @display(description="Active", ordering="last_message_at")
    def active(self, conversation: Conversation) -> str:
        return timesince(conversation.last_message_at, depth=1) + " ago"

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.change_state)
        name = "inbox_conversation_state"
        return [path("<int:pk>/state/", view, name=name), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        """The thread, its latest hundred messages, older ones a link away."""
        conversation = self.get_object(request, object_id)
        if conversation is None:
            return super().change_view(request, object_id, **kwargs)
        thread, older = thread_page(conversation, before(request))
        context = {
            **self.admin_site.each_context(request),
            "title": str(conversation.contact),
            "opts": self.opts,
            "conversation": conversation,
            "identities": conversation.contact.identities.all(),
            "days": by_day(thread, conversation.workspace.timezone),
            "older": older,
            "is_latest": before(request) is None,
        }
        return TemplateResponse(request, "admin/inbox/thread.html", context)

    def change_state(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Resolve, reopen or mark as read; only by POST."""
        conversation = get_object_or_404(Conversation, pk=pk)
        change = CHANGES.get(request.POST.get("change", ""))
        if request.method == "POST" and change:
            try:
                change(conversation)
                self.log_change(request, conversation, request.POST["change"])
                messages.success(request, "Done.")
            except Conflict as conflict:
                messages.error(request, str(conflict.detail))
        url = reverse("admin:inbox_conversation_change", args=[pk])
        return HttpResponseRedirect(url)


def before(request: HttpRequest) -> tuple[datetime, int] | None:
    """The place in the thread that the "older" link names; None for its end."""
    moment, _, pk = request.GET.get("before", "").rpartition("~")
    try:
        parsed = parse_datetime(moment)
    except ValueError:
        return None
    if not parsed or timezone.is_naive(parsed) or not pk.isdigit():
        return None
    return parsed, int(pk[:18])


def thread_page(
    conversation: Conversation, place: tuple[datetime, int] | None
) -> tuple[list[Message], str]:
    """A page of messages, oldest first, and the place before which older ones lie."""
    rows: QuerySet[Message] = conversation.messages.select_related("contact", "author")
    if place:
        at, pk = place
        rows = rows.filter(Q(provider_at__lt=at) | Q(provider_at=at, pk__lt=pk))
    reactions = Reaction.objects.exclude(emoji="").select_related("contact")
    rows = rows.prefetch_related("attachments", Prefetch("reactions", reactions))
    found = list(rows.order_by("-provider_at", "-pk")[: PAGE + 1])
    page = found[:PAGE][::-1]
    older = ""
    if len(found) > PAGE:
        older = f"{page[0].provider_at.isoformat()}~{page[0].pk}"
    annotate(page)
    return page, older


def annotate(page: list[Message]) -> None:
    """Tell each message which ad or link it came from, and what it answers, as far as
    that is on the page too."""
    by_id = {message.external_id: message for message in page if message.external_id}
    for message in page:
        message.quoted = by_id.get(message.reply_to)
        message.came_from = source_of(message.payload.get("referral"))


def source_of(referral: Any) -> str:
    """The ad or link in words; "" when there is none."""
    if not isinstance(referral, dict):
        return ""
    words = ("headline", "title", "ref", "source_url", "ad_id", "source_id", "source")
    named = (str(referral[word]) for word in words if referral.get(word))
    return next(named, "a link")


def by_day(thread: list[Message], zone: str) -> list[tuple[datetime, list[Message]]]:
    """The messages under the days of the workspace's own clock."""
    days: dict[Any, tuple[datetime, list[Message]]] = {}
    for message in thread:
        key = message.provider_at.astimezone(ZoneInfo(zone)).date()
        days.setdefault(key, (message.provider_at, []))[1].append(message)
    return list(days.values())
