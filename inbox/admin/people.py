"""Contacts and the names that channels have for them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from flexoraa.lib.errors import Conflict
from inbox import consents, merging
from inbox.admin import searching
from inbox.admin.base import LargeTable
from inbox.models import Contact, ContactIdentity, ContactMerge, Conversation
from teams.back_office import ScopedTabularInline
from teams.roles import Action


class IdentityInline(ScopedTabularInline):
    """How channels name this person."""

    asks = {"view": Action.READ}
    model = ContactIdentity
    fields = readonly_fields = ("account", "kind", "value", "created_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        return rows.select_related("account").defer("account__token")


@admin.register(Contact)
class ContactAdmin(LargeTable):
    """People; the name may be corrected, the rest came from outside."""

    asks = {"view": Action.READ, "change": Action.WORK}
    list_display = ("shown", "names", "workspace", "created_at")
    list_select_related = ("workspace",)
    list_filter = (("workspace", AutocompleteSelectFilter),)
    list_filter_submit = True
    search_fields = ("name",)  # shows the box; see get_search_results
    search_help_text = "The beginning of a name, a phone number or another id"
    fields = ("name", "username", "workspace", "merged_into", "threads", "created_at")
    readonly_fields = ("username", "workspace", "merged_into", "threads", "created_at")
    inlines = (IdentityInline,)
    ordering = ("-id",)
    actions = ("merge", "split", "opt_out", "opt_in")
    hint = "People appear with their first message."

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("identities")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if term := search_term.strip():
            found = searching.people(term, self.places(request, "view"))
            queryset = queryset.filter(pk__in=found)
        return queryset, False

    @admin.action(description="Merge two into one person", permissions=["change"])
    def merge(self, request: HttpRequest, queryset: QuerySet) -> None:
        """The older stays; nothing is moved, so a split takes it back."""
        them = list(queryset.order_by("pk")[:3])
        if len(them) != 2:
            messages.error(request, "Tick exactly two people who are one.")
            return
        try:
            merging.merge(them[0], them[1], by=request.user)
        except Conflict as conflict:
            messages.error(request, str(conflict.detail))
            return
        messages.success(request, f"{them[1]} joined {them[0]}.")

    @admin.action(description="Split the last merge", permissions=["change"])
    def split(self, request: HttpRequest, queryset: QuerySet) -> None:
        """For those who stayed, and for those who joined."""
        for person in queryset.order_by("pk")[:100]:
            stays = person.merged_into or person
            record = ContactMerge.objects.filter(stayed=stays, undone_at=None)
            if person.merged_into_id:
                record = record.filter(joined=person)
            last = record.order_by("-pk").first()
            if last is None:
                messages.warning(request, f"Nobody was merged into {person}.")
                continue
            try:
                joined = merging.split(last, by=request.user)
            except Conflict as conflict:
                messages.error(request, f"{person}: {conflict.detail}")
                continue
            messages.success(request, f"{joined} stands alone again.")

    @admin.action(description="Opt out of marketing", permissions=["change"])
    def opt_out(self, request: HttpRequest, queryset: QuerySet) -> None:
        """They said so elsewhere: enter it into the ledger."""
        self._enter(request, queryset, wants=False)

    @admin.action(description="Opt in to marketing again", permissions=["change"])
    def opt_in(self, request: HttpRequest, queryset: QuerySet) -> None:
        """They said so elsewhere: enter it into the ledger."""
        self._enter(request, queryset, wants=True)

    def _enter(self, request: HttpRequest, queryset: QuerySet, *, wants: bool) -> None:
        done = 0
        for person in queryset.order_by("pk")[:100]:
            try:
                consents.record(person, wants=wants, by=request.user)
                done += 1
            except Conflict as conflict:
                messages.warning(request, f"{person}: {conflict.detail}")
        if done:
            messages.success(request, f"Entered for {done}.")

    @display(description="Name")
    def shown(self, contact: Contact) -> str:
        return str(contact)

    @display(description="Known as")
    def names(self, contact: Contact) -> str:
        return ", ".join(map(str, contact.identities.all()))

    @display(description="Conversations")
    def threads(self, contact: Contact) -> str:
        family = Q(contact=contact) | Q(contact__merged_into=contact)
        rows = Conversation.objects.filter(family).order_by("-last_message_at")[:20]
        links = (
            (
                reverse("admin:inbox_conversation_change", args=[row.pk]),
                row.get_channel_display(),
                row.get_status_display(),
                row.last_message_at.date(),
            )
            for row in rows
        )
        joined = format_html_join(
            ", ", '<a class="fx-link" href="{}">{} ({}, {})</a>', links
        )
        return joined or format_html("<span>{}</span>", "none yet")
