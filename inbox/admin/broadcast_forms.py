"""What is asked on the way to a broadcast: a template, to whom, with which words."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from inbox.models import Template
from inbox.models.broadcasts import MOST_PER_MINUTE
from inbox.preflight import CUSTOM, FIELDS
from leads.api.selecting import filtered
from leads.models import Campaign, CustomField, Lead, SavedView, Stage
from leads.models.leads import LeadQuerySet
from teams.models import Membership, Workspace

ANY = ("", "any")
MOST_CHOICES = 500


class Pick(forms.ChoiceField):
    """One of a list, or any."""

    def __init__(self, label: str, choices: Any, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            required=False,
            choices=[ANY, *choices],
            widget=UnfoldAdminSelectWidget(),
            **kwargs,
        )


class Line(forms.CharField):
    """A line of text."""

    def __init__(self, label: str, required: bool = False, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            required=required,
            max_length=kwargs.pop("max_length", 120),
            widget=UnfoldAdminTextInputWidget(),
            **kwargs,
        )


class TemplateForm(forms.Form):
    """Which template, of those that are approved where the asker runs campaigns."""

    def __init__(self, templates: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = templates.order_by("workspace", "name", "language")[:MOST_CHOICES]
        self.fields["template"] = forms.ChoiceField(
            label="Template",
            choices=[
                (str(row.pk), f"{row} · {row.category.lower()} · {row.account.name}")
                for row in rows
            ],
            widget=UnfoldAdminSelectWidget(),
        )


class BroadcastForm(forms.Form):
    """To whom, how fast, and what fills each gap of the template."""

    def __init__(self, template: Template, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.template, ours = template, template.workspace
        self.fields["name"] = Line("Name of the broadcast", required=True)
        self.fields["campaign"] = Pick("Leads of the campaign", _campaigns(ours))
        self.fields["view"] = Pick("Leads of the saved view", _views(ours))
        self.fields["stage"] = Pick("Leads in the stage", _stages(ours))
        self.fields["tag"] = Line("Leads with the tag", max_length=50)
        self.fields["per_minute"] = forms.IntegerField(
            label="Messages a minute",
            required=False,
            min_value=1,
            max_value=MOST_PER_MINUTE,
            help_text="Empty: as fast as the number may.",
            widget=UnfoldAdminIntegerFieldWidget(),
        )
        known = [*FIELDS.items(), *_custom(ours)]
        for gap in template.parameters:
            self.fields[f"field_{gap}"] = forms.ChoiceField(
                label=f"{{{{{gap}}}}} is",
                required=False,
                choices=[("", "the text below"), *known],
                widget=UnfoldAdminSelectWidget(),
            )
            self.fields[f"text_{gap}"] = Line(
                f"{{{{{gap}}}}} for who has none, or for all", max_length=1024
            )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for gap in self.template.parameters:
            if not found.get(f"field_{gap}") and not found.get(f"text_{gap}"):
                self.add_error(f"field_{gap}", "Choose a field, or write a text.")
        if found.get("view") and (found.get("stage") or found.get("tag")):
            raise ValidationError("A saved view has its own filter: leave the rest.")
        return found

    def parameters(self) -> dict[str, dict[str, str]]:
        """What fills each gap."""
        told = {}
        for gap in self.template.parameters:
            field = self.cleaned_data[f"field_{gap}"]
            text = self.cleaned_data[f"text_{gap}"]
            told[gap] = {"field": field} if field else {"text": text}
            if field and text:
                told[gap]["default"] = text
        return told

    def campaign(self) -> Campaign | None:
        """The campaign that was chosen."""
        key = self.cleaned_data["campaign"]
        return Campaign.objects.get(pk=key) if key else None

    def selection(self, request: HttpRequest, reach: LeadQuerySet) -> LeadQuerySet:
        """The leads that are meant, within `reach`."""
        given, found = self.cleaned_data, reach.live()
        if given["view"]:
            view = SavedView.objects.get(pk=given["view"])
            request.workspace = self.template.workspace  # as filters look for it
            found = filtered(view.filter, found, request)
        if given["campaign"]:
            found = found.filter(campaign=given["campaign"])
        if given["stage"]:
            found = found.filter(stage=given["stage"])
        if given["tag"]:
            found = found.filter(tags__contains=[given["tag"].strip()])
        return found

    def said(self) -> dict[str, Any]:
        """How they were chosen, to be kept with the broadcast."""
        names = ("campaign", "view", "stage", "tag")
        return {name: self.cleaned_data[name] for name in names}


def reach_in(workspace: Workspace, request: HttpRequest) -> LeadQuerySet:
    """The leads of a workspace that the asker may see."""
    leads = Lead.objects.for_workspace(workspace)
    if request.user.is_superuser:
        return leads
    mine = Membership.objects.get(workspace=workspace, user=request.user)
    return leads.in_reach_of(mine)


def _campaigns(workspace: Workspace) -> list[tuple[str, str]]:
    rows = Campaign.objects.for_workspace(workspace).order_by("-pk")[:MOST_CHOICES]
    return [(str(row.pk), row.name) for row in rows]


def _views(workspace: Workspace) -> list[tuple[str, str]]:
    rows = SavedView.objects.filter(workspace=workspace, is_shared=True)
    return [(str(row.pk), row.name) for row in rows.order_by("name")[:MOST_CHOICES]]


def _stages(workspace: Workspace) -> list[tuple[str, str]]:
    rows = Stage.objects.for_workspace(workspace).in_order()
    return [(str(row.pk), row.name) for row in rows]


def _custom(workspace: Workspace) -> list[tuple[str, str]]:
    rows = CustomField.objects.for_workspace(workspace).order_by("position", "pk")
    return [(f"{CUSTOM}{row.key}", row.label) for row in rows]
