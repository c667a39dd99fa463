"""What can be decided in the back office about sending: messages that failed or that
nobody confirmed, channels that are broken or shall be silent, templates."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from rest_framework.exceptions import APIException
from unfold.decorators import display

from inbox import connecting, resending, templates
from inbox.admin.base import ReadOnly
from inbox.models import ChannelAccount, Message, Template
from teams.roles import Action

MOST_AT_ONCE = 200
MOST_ASKED = 20  # calls to the platform while somebody waits for a page
FAR = {
    "waiting": ("waiting or on their way", ("queued", "sending")),
    "doubtful": ("not known whether sent", ("unknown",)),
    "undelivered": ("failed or unconfirmed", ("failed", "unconfirmed")),
}
COLOURS = {
    "APPROVED": "success",
    "PENDING": "info",
    "PAUSED": "warning",
    "REJECTED": "danger",
    "DISABLED": "danger",
    "GONE": "default",
}


class SendingFilter(SimpleListFilter):
    """How far messages of ours have come, by what somebody has to do."""

    title = parameter_name = "sending"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, title) for key, (title, _) in FAR.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in FAR:
            return queryset
        # a status at a time: each has an index of its own, all together have none
        states = Q()
        for state in FAR[self.value()][1]:
            states |= Q(status=state)
        return queryset.filter(states, direction="out")


class Decides(ReadOnly):
    """Actions on messages: sending again, marking as sent."""

    actions = ("resend", "mark_sent")

    def has_decide_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "decide", obj)

    @admin.action(description="Send again", permissions=["decide"])
    def resend(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Only what failed or stayed unconfirmed, as a new attempt."""
        self._each(request, queryset, resending.resend, "sent again")

    @admin.action(description="Mark as sent (it did arrive)", permissions=["decide"])
    def mark_sent(self, request: HttpRequest, queryset: QuerySet) -> None:
        """For those who have seen on the platform that it is there."""
        self._each(request, queryset, resending.mark_sent, "marked as sent")

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet,
        decide: Callable[[Message, Any], Message],
        done: str,
    ) -> None:
        """Row by row: what one refuses is said, and stops none of the others."""
        count, refused = 0, set()
        rows = queryset.select_related("conversation").order_by("pk")
        for message in rows[:MOST_AT_ONCE]:
            try:
                decide(message, request.user)
            except APIException as error:
                refused.add(str(error.detail))
            else:
                count += 1
                log_decision(request, message, done)
        if count:
            noun = "message is" if count == 1 else "messages are"
            messages.success(request, f"{count} {noun} {done}.")
        for words in sorted(refused):
            messages.error(request, words)


def log_decision(request: HttpRequest, row: Any, words: str) -> None:
    """Who decided it."""
    LogEntry.objects.log_actions(
        request.user.pk,
        [row],
        action_flag=CHANGE,
        change_message=words.capitalize(),
        single_object=True,
    )


def attempts_of(message: Message) -> str:
    """The calls that were made for a message, and what came of each."""
    rows = [
        (
            attempt.number,
            attempt.started_at.strftime("%d %b %Y %H:%M:%S UTC"),
            attempt.get_outcome_display(),
            f"{attempt.code}/{attempt.subcode}" if attempt.code else "",
            attempt.detail,
            "told later that it was sent: the person has it twice"
            if attempt.confirmed_late_at
            else "",
            f"{attempt.get_decision_display()} by {attempt.decided_by}"
            if attempt.decision
            else "",
        )
        for attempt in message.sends.select_related("decided_by").order_by("number")
    ]
    if not rows:
        return "–"
    lines = format_html_join("", "<li>{}. {}: {} {} {} {} {}</li>", rows)
    return format_html('<ol class="fx-attempts">{}</ol>', lines)


class Looks:
    """Actions on channels: trying the token, webhooks, holding sending back."""

    actions = ("try_token", "subscribe", "sync_templates", "stop", "resume")

    def has_connect_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "change", obj)

    @admin.action(description="Test the connection", permissions=["connect"])
    def try_token(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Ask the platform; a channel that works is connected again."""
        self._ask(request, queryset, connecting.check)

    @admin.action(description="Subscribe to webhooks", permissions=["connect"])
    def subscribe(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Have the platform send what people write."""
        self._ask(request, queryset, connecting.subscribe)

    @admin.action(description="Sync templates now", permissions=["connect"])
    def sync_templates(self, request: HttpRequest, queryset: QuerySet) -> None:
        """In the background, within seconds."""
        count = templates.ask(queryset.values("pk"))
        messages.info(request, f"Templates of {count} channels are being synced.")

    @admin.action(description="Stop sending", permissions=["connect"])
    def stop(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Hold back what is queued, until somebody resumes it."""
        for account in queryset:
            account.stop_sending(f"by {request.user}")
            log_decision(request, account, "sending stopped")
        messages.warning(request, "Sending is stopped; replies wait.")

    @admin.action(description="Resume sending", permissions=["connect"])
    def resume(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Go on with what is queued."""
        for account in queryset:
            account.resume_sending()
            log_decision(request, account, "sending resumed")
        messages.success(request, "Sending goes on.")

    def _ask(self, request: HttpRequest, queryset: QuerySet, ask: Callable) -> None:
        for account in queryset[:MOST_ASKED]:
            health = ask(account)
            say = messages.success if health.is_well else messages.error
            say(request, f"{account.name}: {health.words}")


def sending_of(account: ChannelAccount) -> str:
    """Whether it sends, and if not why, in words."""
    if account.sending_stopped_at:
        return f"stopped: {account.sending_stopped_reason or 'no reason given'}"
    if not account.may_send:
        return "no: disconnected"
    lane = getattr(account, "lane", None)
    if lane and lane.paused_until and lane.throttles:
        return f"paused: {lane.pause_reason}"
    return "yes"


@admin.register(Template)
class TemplateAdmin(ReadOnly):
    """What the platform has approved, and what not."""

    asks = {"view": Action.READ, "sync": Action.MANAGE_CHANNELS}
    list_display = ("name", "language", "category", "state", "account", "excerpt")
    list_filter = ("status", "category", "language")
    list_select_related = ("account",)
    search_fields = ("name__startswith",)
    search_help_text = "The beginning of a template's name"
    ordering = ("name", "language")
    fields = (
        "account",
        "name",
        "language",
        "category",
        "status",
        "reason",
        "text",
        "status_at",
        "synced_at",
    )
    readonly_fields = ("text",)
    actions = ("sync_now",)
    hint = "Templates that Meta's WhatsApp Manager holds appear here by themselves."

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("account__token")

    def has_sync_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "sync", obj)

    @display(description="Status", label=COLOURS)
    def state(self, template: Template) -> tuple[str, str]:
        return template.status, template.get_status_display()

    @display(description="Text")
    def excerpt(self, template: Template) -> str:
        return template.body[:80]

    @display(description="Text")
    def text(self, template: Template) -> str:
        return template.body

    @admin.action(description="Sync now", permissions=["sync"])
    def sync_now(self, request: HttpRequest, queryset: QuerySet) -> None:
        """All templates of the channels of those that were ticked."""
        count = templates.ask(queryset.values("account"))
        messages.info(request, f"Templates of {count} channels are being synced.")
