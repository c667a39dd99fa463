"""Leads that are one person: records of merges, each of which can be split again."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from leads.models.leads import Lead
from teams.tenancy import WorkspaceRow
from teams.tenant_keys import TenantKey


class MergeRecord(WorkspaceRow):
    """`loser` was merged into `winner`. Nothing moved: the loser points there.

    `filled` are the winner's fields that were empty and that the loser filled.
    """

    winner = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="merges", db_constraint=False
    )
    loser = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    filled = models.JSONField(default=dict)
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
        return f"{self.loser_id} into {self.winner_id}"
