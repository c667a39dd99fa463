"""Channels: connecting numbers, pages and accounts; their tokens go in, never out."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget

from flexoraa.lib.crypto import Secret
from flexoraa.lib.errors import Conflict
from inbox.admin.base import CHANNELS, STATES, WithHint, ago
from inbox.admin.sending import Looks, sending_of
from inbox.limits import check_channels
from inbox.models import ChannelAccount, WebhookDelivery
from teams.roles import Action

AN_ID = RegexValidator(
    r"\A[A-Za-z0-9_.:-]+\Z",
    "This is no id: copy it from the platform, without spaces, and not the name or "
    "the phone number.",
)


class ChannelAccountForm(forms.ModelForm):
    """The token has a field of its own, which is always empty when shown."""

    access_token = forms.CharField(
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text="Kept encrypted and never shown again. Empty keeps the present one.",
    )

    class Meta:
        model = ChannelAccount
        fields = (
            "workspace",
            "channel",
            "name",
            "external_id",
            "parent_external_id",
            "status",
            "status_reason",
            "sends_per_second",
            "human_agent",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"external_id", "parent_external_id"} & self.fields.keys():
            self.fields[name].validators.append(AN_ID)

    def clean(self) -> dict[str, Any]:
        """A new one needs room in the plan; the page's transaction holds the lock."""
        cleaned = super().clean()
        if self.instance.pk is None and cleaned.get("workspace"):
            try:
                check_channels(cleaned["workspace"])
            except Conflict as refusal:
                raise forms.ValidationError(str(refusal.detail)) from refusal
        return cleaned

    def save(self, commit: bool = True) -> ChannelAccount:
        if token := self.cleaned_data["access_token"].strip():
            self.instance.token = Secret(token)
        return super().save(commit)


@admin.register(ChannelAccount)
class ChannelAccountAdmin(Looks, WithHint):
    """Connected accounts and whether they are heard from."""

    asks = {
        "view": Action.READ,
        "add": Action.MANAGE_CHANNELS,
        "change": Action.MANAGE_CHANNELS,
        "delete": Action.MANAGE_CHANNELS,
    }
    form = ChannelAccountForm
    list_display = ("name", "channel_label", "workspace", "state", "sends", "heard")
    list_filter = ("channel", "status")
    list_select_related = ("workspace", "lane")
    search_fields = ("name", "external_id__exact")
    autocomplete_fields = ("workspace",)
    readonly_fields = ("webhook_url", "verify_token", "last_event_at", "sends")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "workspace",
                    "channel",
                    "name",
                    "external_id",
                    "parent_external_id",
                    "access_token",
                )
            },
        ),
        ("In Meta's app dashboard", {"fields": ("webhook_url", "verify_token")}),
        ("Health", {"fields": ("status", "status_reason", "last_event_at", "sends")}),
        ("Sending", {"fields": ("sends_per_second", "human_agent")}),
    )
    hint = "No channel is connected yet."

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Without tokens: none is shown, and a lost key must not close this page."""
        return super().get_queryset(request).defer("token")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple:
        """Which account it is, is settled once anything came in."""
        fields = super().get_readonly_fields(request, obj)
        if obj and (obj.last_event_at or obj.conversations.exists()):
            return ("channel", "external_id", *fields)
        return fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its conversations would go with it: disconnect it instead."""
        if obj is None or not super().has_delete_permission(request, obj):
            return False
        return not obj.conversations.exists()

    @display(description="Channel", label=CHANNELS)
    def channel_label(self, account: ChannelAccount) -> tuple[str, str]:
        return account.channel, account.get_channel_display()

    @display(description="Status", label=STATES)
    def state(self, account: ChannelAccount) -> tuple[str, str]:
        return account.status, account.get_status_display()

    @display(description="Sends")
    def sends(self, account: ChannelAccount) -> str:
        return sending_of(account)

    @display(description="Last heard from", ordering="last_event_at")
    def heard(self, account: ChannelAccount) -> str:
        return ago(account.last_event_at) if account.last_event_at else "never"

    @display(description="Callback URL")
    def webhook_url(self, account: ChannelAccount) -> str:
        root = settings.PUBLIC_URL.rstrip("/")
        return f"{root}/webhooks/{account.channel or '<channel>'}"

    @display(description="Verify token")
    def verify_token(self, account: ChannelAccount) -> str:
        if settings.META_VERIFY_TOKEN:
            return "set: type in what META_VERIFY_TOKEN holds"
        return "missing: set META_VERIFY_TOKEN, or Meta cannot subscribe"

    def save_model(
        self, request: HttpRequest, obj: ChannelAccount, form: Any, change: bool
    ) -> None:
        if "status" in form.changed_data:
            obj.status_at = timezone.now()  # older news no longer counts
        super().save_model(request, obj, form, change)
        if count := WebhookDelivery.objects.replay_for(obj):
            noun = "webhook is" if count == 1 else "webhooks are"
            messages.info(request, f"{count} waiting {noun} being taken up.")
