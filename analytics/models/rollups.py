"""Counts by local day and month, and which days must be counted again."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from teams.tenancy import WorkspaceRow


class Count(WorkspaceRow):
    """How many: `family` names the query that counts it, `measure` what is counted,
    `dimension` by what it is split, `member` the id within that ("" is none)."""

    public_id = None
    family = models.CharField(max_length=12)
    measure = models.CharField(max_length=40)
    dimension = models.CharField(max_length=12, blank=True)
    member = models.CharField(max_length=80, blank=True)
    n = models.BigIntegerField()

    class Meta:
        abstract = True


class DayCount(Count):
    """One count of one local day."""

    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "family", "dimension", "day", "measure", "member"],
                name="analytics_daycount_only",
                include=["n"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} on {self.day}"


class MonthCount(Count):
    """What the days of one month add up to; `month` is its first day."""

    month = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("workspace", "family", "dimension"),
                    *("month", "measure", "member"),
                ],
                name="analytics_monthcount_only",
                include=["n"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} in {self.month:%Y-%m}"


class DaySpread(Count):
    """The single values of a count of one local day that lie near each other, in order;
    buckets ascend with the values, so that a percentile needs only a few of them."""

    day = models.DateField()
    bucket = models.SmallIntegerField()
    values = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("workspace", "family", "dimension"),
                    *("day", "measure", "member", "bucket"),
                ],
                name="analytics_dayspread_only",
                include=["n"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} on {self.day}"


class MonthSpread(Count):
    """How many values the days of a month have in a bucket; they stay with the days."""

    month = models.DateField()
    bucket = models.SmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("workspace", "family", "dimension"),
                    *("month", "measure", "member", "bucket"),
                ],
                name="analytics_monthspread_only",
                include=["n"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} in {self.month:%Y-%m}"


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
