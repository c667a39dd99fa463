"""How a workspace works with leads: its settings, its pipeline, its own fields."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from flexoraa.lib import clean
from teams.tenancy import TenantQuerySet, WorkspaceRow

LONGEST_TEXT = 2_000


class LeadSettings(WorkspaceRow):
    """What a workspace has settled for its leads; the database makes the row."""

    public_id = None
    workspace = models.OneToOneField(
        "teams.Workspace",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="lead_settings",
    )
    region = models.CharField(
        max_length=2,
        default="IN",
        db_default="IN",
        validators=[RegexValidator(r"^[A-Z]{2}\Z", "Two capital letters: IN.")],
        help_text="Whose phone numbers are written without a country code: IN.",
    )
    sdr_sees_all = models.BooleanField(
        "SDRs see all leads",
        default=False,
        db_default=False,
        help_text="Else only their own and those that are nobody's.",
    )
    makes_leads_of_messages = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Whoever writes for the first time becomes a lead.",
    )
    # the day, in the workspace's zone, on which scores that time changes were counted
    scored_on = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "lead settings"

    def __str__(self) -> str:
        return f"Settings of {self.workspace}"


class StageQuerySet(TenantQuerySet):
    """Sets of stages."""

    def in_order(self) -> "StageQuerySet":
        """As the pipeline runs."""
        return self.order_by("position", "id")

    def first_open(self, workspace: Any) -> "Stage":
        """Where a new lead of this workspace starts."""
        return self.for_workspace(workspace).filter(kind="open").in_order()[0]


class Stage(WorkspaceRow):
    """A step of the pipeline. A new workspace gets five of them from the database."""

    class Kind(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=4, choices=Kind.choices, default=Kind.OPEN)
    position = models.PositiveIntegerField(
        default=0, help_text="Stages run from low to high."
    )
    is_qualified = models.BooleanField(
        "qualified",
        default=False,
        help_text="Whoever gets here counts as a qualified lead.",
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = StageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="leads_stage_one_per_name",
                violation_error_message="There is a stage of this name already.",
            ),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="leads_stage_whose"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["open", "won", "lost"]),
                name="leads_stage_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CustomField(WorkspaceRow):
    """A field that a workspace adds to its leads; values live in `Lead.custom`."""

    class Kind(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        FLAG = "flag", "Yes or no"
        DATE = "date", "Date"
        CHOICE = "choice", "One of a list"

    key = models.SlugField(
        max_length=40, help_text="Its name in the API and in files; it stays."
    )
    label = models.CharField(max_length=80)
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.TEXT)
    choices = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        help_text="For one of a list: what may be chosen, separated by commas.",
    )
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "key"],
                name="leads_customfield_one_per_key",
                violation_error_message="There is a field with this key already.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["text", "number", "flag", "date", "choice"]),
                name="leads_customfield_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        if self.kind == self.Kind.CHOICE and not self.choices:
            raise ValidationError({"choices": "Say what may be chosen."})

    def to_stored(self, value: Any) -> Any:
        """The value as `Lead.custom` keeps it; None clears the field.

        Texts as files hold them are understood too ("12.5", "yes"). Raises
        ValidationError with a sentence.
        """
        if value is None or value == "":
            return None
        return getattr(self, f"_{self.kind}")(value)

    def _text(self, value: Any) -> str:
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise ValidationError(f"{self.label} is a text.")
        if len(text := clean.text(str(value), LONGEST_TEXT + 1)) > LONGEST_TEXT:
            raise ValidationError(f"{self.label} has at most {LONGEST_TEXT} letters.")
        return text

    def _number(self, value: Any) -> int | float:
        text = str(value).replace(",", "").strip()
        if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", text):
            raise ValidationError(f"{self.label} is a number, such as 12 or 12.5.")
        return float(text) if "." in text else int(text)

    def _flag(self, value: Any) -> bool:
        words = {"true": True, "yes": True, "1": True}
        words |= {"false": False, "no": False, "0": False}
        found = words.get(str(value).strip().lower())
        if found is None:
            raise ValidationError(f"{self.label} is yes or no.")
        return found

    def _date(self, value: Any) -> str:
        try:
            return date.fromisoformat(str(value).strip()).isoformat()
        except ValueError as error:
            raise ValidationError(
                f"{self.label} is a date, such as 2026-01-31."
            ) from error

    def _choice(self, value: Any) -> str:
        if value not in self.choices:
            raise ValidationError(f"{self.label} is one of: {', '.join(self.choices)}.")
        return str(value)


def checked(fields: Iterable[CustomField], given: Any) -> dict[str, Any]:
    """Custom values as they are kept; None marks those to clear.

    Raises ValidationError by key: for unknown keys too.
    """
    if not isinstance(given, dict):
        raise ValidationError("Custom fields are an object of keys and values.")
    by_key = {field.key: field for field in fields}
    found, problems = {}, {}
    for key, value in given.items():
        if key not in by_key:
            problems[key] = "There is no such custom field."
            continue
        try:
            found[key] = by_key[key].to_stored(value)
        except ValidationError as error:
            problems[key] = error.messages[0]
    if problems:
        raise ValidationError(problems)
    return found
