"""Rules by which leads are scored: points for a fact, shown with the score."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from teams.tenancy import WorkspaceRow


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
