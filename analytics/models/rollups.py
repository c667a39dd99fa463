"""Counts by local day, and which days must be counted again."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from teams.tenancy import WorkspaceRow


class DayCount(WorkspaceRow):
    """One count of one local day: `n`, and for percentiles every single value.

    `family` names the query that counts it, `measure` what is counted, `dimension` by
    what it is split, `member` the id within that ("" is none).
    """

    public_id = None
    family = models.CharField(max_length=12)
    day = models.DateField()
    measure = models.CharField(max_length=40)
    dimension = models.CharField(max_length=12, blank=True)
    member = models.CharField(max_length=80, blank=True)
    n = models.BigIntegerField()
    values = ArrayField(models.BigIntegerField(), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "family", "day", "measure", "dimension", "member"],
                name="analytics_daycount_one",
                include=["n"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} on {self.day}"


class Dirt(WorkspaceRow):
    """A fact of this day changed; appended by triggers, taken away by the count.

    Nobody waits for anybody to append. `leads` are those of which a fact changed: the
    days follow from their histories. With neither the whole family is meant, with
    family "" all of them.
    """

    public_id = None
    # without a key: a workspace may go with everything that leaves dirt
    workspace = models.ForeignKey(
        "teams.Workspace",
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    family = models.CharField(max_length=12, blank=True)
    day = models.DateField(null=True)
    leads = ArrayField(models.BigIntegerField(), null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "dirt"
        indexes = [models.Index(fields=["workspace"], name="analytics_dirt_workspace")]

    def __str__(self) -> str:
        return f"{self.family} on {self.day}"


class Filled(WorkspaceRow):
    """When a day of a family was counted last."""

    public_id = None
    family = models.CharField(max_length=12)
    day = models.DateField()
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "filled days"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "family", "day"], name="analytics_filled_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.family} on {self.day}"
