"""What is asked on the way to a bulk edit."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from leads.assignment import Strategy
from leads.changes import Changes
from leads.models import Campaign, CustomField, Lead, Stage
from leads.models.leads import MOST_TAGS, tidy_tags
from teams.models import Membership, Workspace
from teams.roles import Action

LEAVE = ("", "leave as it is")
NONE = "none"


class Text(forms.CharField):
    """A line that may stay empty."""

    def __init__(self, label: str, help_text: str = "", max_length: int = 200) -> None:
        super().__init__(
            label=label,
            required=False,
            max_length=max_length,
            help_text=help_text,
            widget=UnfoldAdminTextInputWidget(),
        )


class Choice(forms.ChoiceField):
    """One of a list, or nothing to change."""

    def __init__(self, label: str, choices: list[tuple[Any, str]]) -> None:
        super().__init__(
            label=label,
            required=False,
            choices=[LEAVE, *choices],
            widget=UnfoldAdminSelectWidget(),
        )


class UpdateForm(forms.Form):
    """What to set on each of many leads; what is empty stays as it is."""

    def __init__(self, workspace: Workspace, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stages = {
            str(stage.pk): stage
            for stage in Stage.objects.for_workspace(workspace).in_order()
        }
        self.custom = list(CustomField.objects.for_workspace(workspace))
        named = [(pk, stage.name) for pk, stage in self.stages.items()]
        self.fields["stage"] = Choice("Stage", named)
        self.fields["lost_reason"] = Text(
            "Lost reason", "When the stage is a lost one."
        )
        self.fields["owner"] = Choice(
            "Owner", [(NONE, "nobody"), *colleagues(workspace)]
        )
        self.fields["campaign"] = Choice(
            "Campaign", [(NONE, "none"), *campaigns(workspace)]
        )
        self.fields["source"] = Text("Source", max_length=60)
        self.fields["consent"] = Choice("Consent", Lead.Consent.choices)
        self.fields["add_tags"] = Text("Add tags", "Separated by commas.")
        self.fields["remove_tags"] = Text("Remove tags", "Separated by commas.")
        for field in self.custom:
            self.fields[f"custom_{field.key}"] = Text(field.label, max_length=2_000)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        stage = self.stages.get(found.get("stage", ""))
        is_loss = stage is not None and stage.kind == Stage.Kind.LOST
        if is_loss and not found.get("lost_reason"):
            self.add_error("lost_reason", "Say why they are lost.")
        if found.get("lost_reason") and not is_loss:
            self.add_error("lost_reason", "Only for a stage that is lost.")
        for field in self.custom:
            try:
                found[f"custom_{field.key}"] = field.to_stored(
                    found.get(f"custom_{field.key}")
                )
            except ValidationError as error:
                self.add_error(f"custom_{field.key}", error)
        if not self.errors and not any(found.values()):
            raise ValidationError("Say at least one thing to change.")
        return found

    def changes(self) -> Changes:
        """What was filled in, as the engine takes it."""
        given = self.cleaned_data
        values: dict[str, Any] = {
            name: None if given[name] == NONE else int(given[name])
            for name in ("stage", "owner", "campaign")
            if given[name]
        }
        for name in ("lost_reason", "source", "consent"):
            if given[name]:
                values[name] = given[name]
        custom = {field.key: given[f"custom_{field.key}"] for field in self.custom}
        return Changes(
            values=values,
            add_tags=tuple(tags(given["add_tags"])),
            remove_tags=tuple(tags(given["remove_tags"])),
            custom={key: value for key, value in custom.items() if value is not None},
        )


class AssignForm(forms.Form):
    """Whom to give many leads to."""

    def __init__(self, workspace: Workspace, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["campaign"] = Choice("Campaign", campaigns(workspace))
        self.fields["owners"] = forms.MultipleChoiceField(
            label="Owners",
            required=False,
            choices=colleagues(workspace),
            widget=forms.CheckboxSelectMultiple(),
        )
        self.fields["strategy"] = forms.ChoiceField(
            label="How", choices=Strategy.choices, widget=UnfoldAdminSelectWidget()
        )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not self.errors and not (found.get("owners") or found.get("campaign")):
            raise ValidationError("Choose a campaign, owners, or both.")
        return found


def colleagues(workspace: Workspace) -> list[tuple[Any, str]]:
    """Who may work leads in this workspace."""
    members = Membership.objects.filter(workspace=workspace, user__is_active=True)
    return [
        (str(member.user_id), str(member.user))
        for member in members.select_related("user").order_by("user__name", "pk")
        if member.may(Action.WORK_LEADS)
    ]


def campaigns(workspace: Workspace) -> list[tuple[Any, str]]:
    """Campaigns that are not over."""
    rows = Campaign.objects.for_workspace(workspace).exclude(status="ended")
    return [(str(row.pk), row.name) for row in rows.order_by("-pk")[:500]]


def tags(text: str) -> list[str]:
    """Tags out of a line."""
    return [tag[:50] for tag in tidy_tags(text.split(","))[:MOST_TAGS]]
