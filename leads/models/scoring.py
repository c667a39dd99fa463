"""Rules by which leads are scored: points for a fact, shown with the score."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from leads.models.stages import CustomField
from teams.tenancy import WorkspaceRow

MOST_RULES = 50  # of one workspace
MOST_DAYS = 3_650
MOST_RUPEES = 10**13


class ScoreRule(WorkspaceRow):
    """So many points for leads of which `fact` is true; `argument` completes it."""

    class Fact(models.TextChoices):
        HAS_PHONE = "has_phone", "has a phone number"
        HAS_EMAIL = "has_email", "has an e-mail address"
        HAS_COMPANY = "has_company", "has a company"
        HAS_TAG = "has_tag", "has the tag …"
        HAS_SOURCE = "has_source", "came from …"
        VALUE_FROM = "value_from", "is worth … rupees or more"
        CUSTOM_IS = "custom_is", "has the custom field … (key=value)"
        TOUCHED_WITHIN = "touched_within", "was touched in the last … days"
        QUIET_FOR = "quiet_for", "did not change for … days"
        PAID = "paid", "has paid before"

    # true of a lead today and not tomorrow, though nobody writes
    OF_TIME = (Fact.TOUCHED_WITHIN, Fact.QUIET_FOR)

    fact = models.CharField(max_length=14, choices=Fact.choices)
    argument = models.CharField(max_length=120, blank=True)
    points = models.IntegerField(help_text="From -100 to 100.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "fact", "argument"],
                name="leads_scorerule_once",
                violation_error_message="There is such a rule already.",
            ),
            models.CheckConstraint(
                condition=Q(points__gte=-100, points__lte=100),
                name="leads_scorerule_points",
                violation_error_message="Points go from -100 to 100.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_fact_display().replace("…", self.argument)

    def clean(self) -> None:
        """Raises ValidationError unless the argument is one of this fact, and when a
        new rule would be one too many."""
        others = ScoreRule.objects.for_workspace(self.workspace_id)
        if not self.pk and others.count() >= MOST_RULES:
            raise ValidationError(f"A workspace has {MOST_RULES} rules at most.")
        self.argument = (self.argument or "").strip()
        takes_one = "…" in self.get_fact_display()
        if takes_one and not self.argument:
            raise ValidationError({"argument": "Say what stands for the dots."})
        if not takes_one and self.argument:
            raise ValidationError({"argument": "This fact takes none."})
        if self.fact in self.OF_TIME:
            self._whole("days", 1, MOST_DAYS)
        elif self.fact == self.Fact.VALUE_FROM:
            self._whole("rupees", 0, MOST_RUPEES)
        elif self.fact == self.Fact.CUSTOM_IS:
            self.custom_value()
        elif self.fact == self.Fact.HAS_TAG and len(self.argument) > 50:
            raise ValidationError({"argument": "Tags have 50 letters at most."})

    def custom_value(self) -> dict[str, Any]:
        """{key: value} of a custom field as leads keep it. Raises ValidationError."""
        key, _, wanted = self.argument.partition("=")
        fields = CustomField.objects.for_workspace(self.workspace_id)
        field = fields.filter(key=key.strip()).first()
        if field is None or not wanted.strip():
            raise ValidationError({"argument": "Say key=value of a custom field."})
        try:
            return {field.key: field.to_stored(wanted.strip())}
        except ValidationError as error:
            raise ValidationError({"argument": error.messages}) from error

    def _whole(self, unit: str, least: int, most: int) -> None:
        is_number = self.argument.isascii() and self.argument.isdigit()
        if not is_number or not least <= int(self.argument) <= most:
            raise ValidationError(
                {"argument": f"Say a whole number of {unit}, {least} to {most}."}
            )
        self.argument = str(int(self.argument))
