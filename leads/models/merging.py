"""Leads that are one person: who may be, records of merges, each of which can be split
again."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from leads.models.leads import Lead
from leads.models.parts import WorkspaceOfParent
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey

MOST_ROWS = 200  # of stale ones that are taken at once


class MergeRecord(WorkspaceRow):
    """`loser` was merged into `winner`. Nothing moved: the loser points there.

    `filled` says what the winner got from the loser, and what was there before:
    {"phone": ["", "+91…"], "tags": ["vip"], "custom": {"plan": "gold"}}. `moved` are
    those who had been merged into the loser before, by key.
    """

    winner = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="merges", db_constraint=False
    )
    loser = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    filled = models.JSONField(default=dict)
    moved = models.JSONField(default=list, db_default=[])
    evidence = models.JSONField(default=list)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            TenantKey("winner", name="leads_mergerecord_winner_whose"),
            TenantKey("loser", name="leads_mergerecord_loser_whose"),
            models.UniqueConstraint(
                fields=["loser"],
                condition=models.Q(undone_at__isnull=True),
                name="leads_mergerecord_one_standing",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="leads_mergerecord_newest")
        ]

    def __str__(self) -> str:
        return f"{self.loser} into {self.winner}"


class DuplicateQuerySet(TenantQuerySet):
    """Sets of suggestions."""

    def open(self) -> Self:
        """Nobody has said no, and both leads are still there for themselves."""
        there = {
            f"{end}__{column}__isnull": True
            for end in ("first", "second")
            for column in ("merged_into", "archived_at")
        }
        return self.filter(dismissed_at__isnull=True, **there)

    def of(self, one: Lead, other: Lead) -> Self:
        """The suggestion about these two, if there is one."""
        first, second = sorted([one.pk, other.pk])
        return self.filter(first=first, second=second)


class Duplicate(WorkspaceRow):
    """Two leads that may be one person, the older first, and why.

    `evidence` names facts and their points, [{"fact": "phone", "points": 60}], and no
    value of either lead; `score` is their sum, 100 at most.
    """

    first = models.ForeignKey(
        Lead,
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    second = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    score = models.IntegerField()
    evidence = models.JSONField(default=list)
    found_at = models.DateTimeField(db_default=Now())
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    objects = DuplicateQuerySet.as_manager()

    class Meta:
        verbose_name = "possible duplicate"
        constraints = [
            TenantKey("first", name="leads_duplicate_first_whose"),
            TenantKey("second", name="leads_duplicate_second_whose"),
            models.UniqueConstraint(
                fields=["first", "second"], name="leads_duplicate_once"
            ),
            models.CheckConstraint(
                condition=Q(second__gt=F("first")), name="leads_duplicate_older_first"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "-score", "-id"],
                condition=Q(dismissed_at__isnull=True),
                name="leads_duplicate_likeliest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first} and {self.second}"

    def dismiss(self, by: object) -> bool:
        """They are two people; False if somebody said so already."""
        here = type(self).objects.filter(pk=self.pk, dismissed_at=None)
        return bool(here.update(dismissed_at=Now(), dismissed_by=by))


class StaleQuerySet(TenantQuerySet):
    """Sets of leads to look at."""

    def take(self, look: str, size: int) -> tuple[int, list[int]]:
        """(workspace, ids of leads there) that nobody else takes; (0, []) when nothing
        is stale. Inside a transaction, which does the look."""
        waiting = self.filter(look=look).order_by("id")
        locked = waiting.select_for_update(skip_locked=True)
        first = locked.first()
        if first is None:
            return 0, []
        if first.leads is None:
            return first.workspace_id, self._next_of_all(first, size)
        found: dict[int, None] = {}
        rows = locked.filter(workspace=first.workspace_id, leads__isnull=False)
        for row in rows[:MOST_ROWS]:
            found |= dict.fromkeys(row.leads[: size - len(found)])
            left = [pk for pk in row.leads if pk not in found]
            here = self.filter(pk=row.pk)
            if left:
                here.update(leads=left)
                break
            here.delete()
        return first.workspace_id, list(found)

    def _next_of_all(self, row: "Stale", size: int) -> list[int]:
        leads = Lead.objects.for_workspace(row.workspace_id).live()
        ids = leads.filter(pk__gt=row.after).order_by("pk").values_list("pk", flat=True)
        here, found = self.filter(pk=row.pk), list(ids[:size])
        if len(found) < size:
            here.delete()
        else:
            here.update(after=found[-1])
        return found


class Stale(WorkspaceRow):
    """Leads to be looked at again; appended by triggers, taken by who looks.

    Without `leads` all of the workspace is meant, those after the lead `after`.
    """

    class Look(models.TextChoices):
        SCORE = "score", "Score"
        TWINS = "twins", "Duplicates"

    public_id = None
    workspace = WorkspaceOfParent()  # without a key: it may go with everything
    look = models.CharField(max_length=5, choices=Look.choices)
    leads = ArrayField(models.BigIntegerField(), null=True)
    after = models.BigIntegerField(default=0, db_default=0)

    objects = StaleQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "stale leads"
        constraints = [
            models.CheckConstraint(
                condition=Q(look__in=["score", "twins"]), name="leads_stale_look_known"
            )
        ]
        indexes = [models.Index(fields=["look", "id"], name="leads_stale_in_turn")]

    def __str__(self) -> str:
        return f"{self.look} of {self.workspace_id}"
