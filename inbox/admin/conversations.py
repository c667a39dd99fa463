"""Conversations: the list, and a thread shown as a chat."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from flexoraa.lib.errors import Conflict
from inbox.admin import chat, searching
from inbox.admin.base import CHANNELS, STATES, ReadOnly, ago
from inbox.admin.filters import AssignedFilter
from inbox.models import Contact, ContactIdentity, Conversation
from teams.roles import Action

CHANGES = {
    "resolve": Conversation.resolve,
    "reopen": Conversation.reopen,
    "read": Conversation.mark_read,
}


@admin.register(Conversation)
class ConversationAdmin(ReadOnly):
    """The newest activity first."""

    asks = {"view": Action.READ, "work": Action.WORK}
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
    list_filter = (
        "status",
        "channel",
        AssignedFilter,
        ("assignee", AutocompleteSelectFilter),
        ("workspace", AutocompleteSelectFilter),
    )
    list_filter_submit = True
    list_select_related = ("contact__merged_into", "assignee", "workspace")
    search_fields = ("contact__name",)  # shows the box; see get_search_results
    search_help_text = "The beginning of a person's name, phone number or other id"
    ordering = ("-last_message_at", "-id")
    hint = "Nobody has written yet."

    @display(description="Person")
    def person(self, conversation: Conversation) -> str:
        return str(person_of(conversation))

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

    @display(description="Active")
    def active(self, conversation: Conversation) -> str:
        return ago(conversation.last_message_at)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if term := search_term.strip():
            found = searching.people(term, self.places(request, "view"))
            queryset = queryset.filter(contact__in=found)
        return queryset, False

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.change_state)
        name = "inbox_conversation_state"
        return [path("<int:pk>/state/", view, name=name), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        """The thread, its latest hundred messages, older ones a link away."""
        conversation = self.get_object(request, object_id)
        if conversation is None:
            return super().change_view(request, object_id, **kwargs)
        if not self.has_view_permission(request, conversation):
            raise PermissionDenied
        person = person_of(conversation)
        place = chat.place_of(request.GET.get("before", ""))
        page = chat.page_of(conversation, place)
        context = {
            **self.admin_site.each_context(request),
            "title": str(person),
            "opts": self.opts,
            "conversation": conversation,
            "person": person,
            "identities": names_of(person),
            "days": page.days,
            "older": page.older,
            "is_latest": place is None,
        }
        return TemplateResponse(request, "admin/inbox/thread.html", context)

    def get_object(self, request: HttpRequest, object_id: str, *args: Any) -> Any:
        """With what the head of a thread names, and without the account's token."""
        found = self.get_queryset(request).select_related(
            "account", "workspace", "contact__merged_into"
        )
        pk = object_id if object_id.isdecimal() and len(object_id) < 19 else 0
        return found.defer("account__token").filter(pk=pk).first()

    def change_state(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Resolve, reopen or mark as read; only by POST."""
        conversation = self.get_or_404(request, pk, "work")
        change = CHANGES.get(request.POST.get("change", ""))
        if request.method == "POST" and change:
            try:
                if change(conversation):
                    self.log_change(request, conversation, request.POST["change"])
                messages.success(request, "Done.")
            except Conflict as conflict:
                messages.error(request, str(conflict.detail))
        url = reverse("admin:inbox_conversation_change", args=[pk])
        return HttpResponseRedirect(url)


def person_of(conversation: Conversation) -> Contact:
    """Whom it is with, after merges."""
    return conversation.contact.merged_into or conversation.contact


def names_of(person: Contact) -> QuerySet[ContactIdentity]:
    """Every name of a person, also those of who was merged into them."""
    family = Q(contact=person) | Q(contact__merged_into=person)
    return ContactIdentity.objects.filter(family).order_by("pk")
