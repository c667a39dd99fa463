"""Contacts and the names that channels have for them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.admin import TabularInline
from unfold.decorators import display

from inbox.admin.base import LargeTable
from inbox.models import Contact, ContactIdentity


class IdentityInline(TabularInline):
    """How channels name this person."""

    model = ContactIdentity
    fields = readonly_fields = ("account", "kind", "value", "created_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("account")


@admin.register(Contact)
class ContactAdmin(LargeTable):
    """People; the name may be corrected, the rest came from outside."""

    list_display = ("shown", "names", "workspace", "created_at")
    list_select_related = ("workspace",)
    list_filter = ("workspace",)
    search_fields = ("name__istartswith", "identities__key__startswith")
    search_help_text = "The beginning of a name, a phone number or another id"
    fields = ("name", "username", "workspace", "merged_into", "threads", "created_at")
    readonly_fields = ("username", "workspace", "merged_into", "threads", "created_at")
    inlines = (IdentityInline,)
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("identities")

    @display(description="Name")
    def shown(self, contact: Contact) -> str:
        return str(contact)

    @display(description="Known as")
    def names(self, contact: Contact) -> str:
        return ", ".join(map(str, contact.identities.all()))

    @display(description="Conversations")
    def threads(self, contact: Contact) -> str:
        rows = contact.conversations.order_by("-last_message_at")[:20]
        links = (
            (
                reverse("admin:inbox_conversation_change", args=[row.pk]),
                row.get_channel_display(),
                row.get_status_display(),
            )
            for row in rows
        )
        joined = format_html_join(", ", '<a href="{}">{} ({})</a>', links)
        return joined or format_html("<span>{}</span>", "none yet")
