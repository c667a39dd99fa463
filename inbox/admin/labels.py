"""Labels, canned replies and the rule of assignment: what a team sets up once."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from inbox import canned
from inbox.admin.base import WithHint
from inbox.models import AssignmentRule, CannedReply, Desk, Label
from teams.roles import Action

COLOURS = {
    "grey": "default",
    "red": "danger",
    "orange": "warning",
    "yellow": "warning",
    "green": "success",
    "teal": "success",
    "blue": "info",
    "purple": "primary",
    "pink": "danger",
}


@admin.register(Label)
class LabelAdmin(WithHint):
    """Words to sort conversations by."""

    asks = {
        "view": Action.READ,
        "add": Action.WORK,
        "change": Action.WORK,
        "delete": Action.MANAGE_WORKSPACE,
    }
    list_display = ("shown", "workspace", "created_at")
    list_select_related = ("workspace",)
    search_fields = ("name__istartswith",)
    fields = ("workspace", "name", "colour")
    ordering = ("workspace", "name")
    hint = "Labels sort conversations: Billing, VIP, Wholesale."

    @display(description="Label", label=COLOURS)
    def shown(self, label: Label) -> tuple[str, str]:
        return label.colour, label.name


class CannedReplyForm(forms.ModelForm):
    """Refuses variables that nothing fills."""

    class Meta:
        model = CannedReply
        fields = ("workspace", "shortcut", "text")
        help_texts = {
            "shortcut": "What is typed after a slash: letters, digits, _ and -.",
            "text": "Variables: "
            + ", ".join(f"{{{{{name}}}}}" for name in canned.KNOWN),
        }

    def clean_text(self) -> str:
        text = self.cleaned_data["text"]
        if unknown := canned.unknown_variables(text):
            raise forms.ValidationError(f"Nothing fills {', '.join(unknown)}.")
        return text


@admin.register(CannedReply)
class CannedReplyAdmin(WithHint):
    """Answers kept ready."""

    asks = {
        "view": Action.READ,
        "add": Action.WORK,
        "change": Action.WORK,
        "delete": Action.WORK,
    }
    form = CannedReplyForm
    list_display = ("__str__", "excerpt", "workspace", "changed_at")
    list_select_related = ("workspace",)
    search_fields = ("shortcut__istartswith",)
    ordering = ("workspace", "shortcut")
    hint = "Type / in the inbox to use them. Keep what you write more than once."

    @display(description="Text")
    def excerpt(self, reply: CannedReply) -> str:
        return reply.text[:80]

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)


@admin.register(AssignmentRule)
class AssignmentRuleAdmin(WithHint):
    """How conversations that nobody has find somebody."""

    asks = dict.fromkeys(("view",), Action.READ) | dict.fromkeys(
        ("add", "change", "delete"), Action.MANAGE_WORKSPACE
    )
    list_display = ("workspace", "strategy", "capacity")
    list_select_related = ("workspace",)
    fields = ("workspace", "strategy", "capacity")
    hint = "Without a rule, conversations are assigned by hand."


@admin.register(Desk)
class DeskAdmin(WithHint):
    """Who takes new conversations at present, and how many."""

    asks = dict.fromkeys(("view",), Action.READ) | dict.fromkeys(
        ("add", "change", "delete"), Action.MANAGE_WORKSPACE
    )
    list_display = ("user", "is_available", "capacity", "given_at", "workspace")
    list_select_related = ("workspace", "user")
    fields = ("workspace", "user", "is_available", "capacity")
    autocomplete_fields = ("user",)
    hint = "Who is available gets new conversations by the workspace's rule."
