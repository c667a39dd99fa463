"""What became of leads: the stages they were in, who had them, what was edited.

Triggers on the table of leads write these rows, so no path skips them: a form, a
serializer, an update of a hundred thousand, an import, psql. Who did it and in which
bulk operation come from settings of the transaction.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from flexoraa.lib import sets
from leads.models.leads import Lead
from leads.models.parts import WorkspaceOfParent
from leads.models.stages import Stage
from teams.tenancy import WorkspaceRow
from teams.tenant_keys import TenantKey


def acting(user: Any, bulk: Any = None) -> None:
    """Until this transaction ends, changes to leads are this user's, and part of this
    bulk operation. Must run inside a transaction."""
    sets.fetch(
        "SELECT set_config('leads.by', %s, true), set_config('leads.bulk', %s, true)",
        [str(user.pk) if user else "", str(bulk.pk) if bulk else ""],
    )


class Interval(WorkspaceRow):
    """From when to when; half-open, without an end until it ends."""

    public_id = None
    workspace = WorkspaceOfParent()
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, db_index=False, db_constraint=False
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,  # one look-up a row less in edits of many
    )
    bulk = models.ForeignKey(
        "leads.BulkOperation",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        abstract = True


class StageInterval(Interval):
    """A lead was in a stage. `by` moved it there, in `bulk` if that was one."""

    stage = models.ForeignKey(
        Stage,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        default_related_name = "stage_intervals"
        constraints = [
            TenantKey("lead", name="leads_stageinterval_lead_whose"),
            TenantKey("bulk", name="leads_stageinterval_bulk_whose"),
            TenantKey("stage", name="leads_stageinterval_stage_whose"),
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(ended_at__isnull=True),
                name="leads_stageinterval_one_open",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="leads_stageinterval_forward",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lead", "started_at"], name="leads_stageinterval_of_lead"
            ),
            models.Index(
                fields=["workspace", "started_at"], name="leads_stageinterval_times"
            ),
            models.Index(
                fields=["workspace", "ended_at"],
                name="leads_stageinterval_ends",
                condition=Q(ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} in {self.stage_id}"


class AssignmentInterval(Interval):
    """A lead was somebody's. `by` gave it to them."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
    )

    class Meta:
        default_related_name = "assignment_intervals"
        constraints = [
            TenantKey("lead", name="leads_assignmentinterval_lead_whose"),
            TenantKey("bulk", name="leads_assignmentinterval_bulk_whose"),
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(ended_at__isnull=True),
                name="leads_assignmentinterval_one_open",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="leads_assignmentinterval_forward",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lead", "started_at"], name="leads_assignment_of_lead"
            ),
            models.Index(
                fields=["workspace", "user", "started_at"],
                name="leads_assignment_of_user",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} with {self.user_id}"


class LeadEdit(WorkspaceRow):
    """What an edit changed besides stage and owner: {"name": [before, after]}.

    Bulk edits are not here: BulkChange says the same of them.
    """

    public_id = None
    workspace = WorkspaceOfParent()
    lead = models.ForeignKey(
        Lead,
        on_delete=models.CASCADE,
        related_name="edits",
        db_index=False,
        db_constraint=False,
    )
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    changes = models.JSONField()

    class Meta:
        constraints = [
            TenantKey("lead", name="leads_leadedit_lead_whose"),
        ]
        indexes = [models.Index(fields=["lead", "-id"], name="leads_leadedit_of_lead")]

    def __str__(self) -> str:
        return f"{self.lead_id} at {self.at}"
