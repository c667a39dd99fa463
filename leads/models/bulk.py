"""Bulk operations: what was planned for each lead, and what became of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from leads.models.leads import Lead
from leads.models.parts import WorkspaceOfParent
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey


class BulkOperationQuerySet(TenantQuerySet):
    """Sets of operations."""

    def running(self) -> "BulkOperationQuerySet":
        """Those that a worker has to go on with."""
        return self.filter(state__in=BulkOperation.RUNNING)


class BulkOperation(WorkspaceRow):
    """One edit of many leads: planned, applied in slices, undone once at most.

    `request` is what was asked for, `dropped` counts by reason what was asked for and
    is not in the plan, `cursor` is the last lead that the running slice work is done
    with, `receipt` says how owners were chosen.
    """

    class Kind(models.TextChoices):
        UPDATE = "update", "Update"
        ASSIGN = "assign", "Assignment"
        IMPORT = "import", "Import"

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        APPLYING = "applying", "Applying"
        APPLIED = "applied", "Applied"
        CANCELLED = "cancelled", "Cancelled"
        UNDOING = "undoing", "Undoing"
        UNDONE = "undone", "Undone"

    RUNNING = (State.APPLYING, State.UNDOING)

    kind = models.CharField(max_length=6, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PLANNED)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    request = models.JSONField(default=dict)
    receipt = models.JSONField(default=dict)
    plan_hash = models.CharField(max_length=64, blank=True)
    planned = models.IntegerField("to change", default=0)
    dropped = models.JSONField(default=dict)
    applied = models.IntegerField("changed", default=0)
    moved = models.IntegerField("moved since", default=0)
    undone = models.IntegerField("restored", default=0)
    kept = models.IntegerField("kept as edited", default=0)
    cursor = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    worked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    objects = BulkOperationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "id"], name="leads_bulkoperation_whose"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "planned",
                        "applying",
                        "applied",
                        "cancelled",
                        "undoing",
                        "undone",
                    ]
                ),
                name="leads_bulkoperation_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["worked_at"],
                condition=Q(state__in=["applying", "undoing"]),
                name="leads_bulkoperation_running",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.planned} leads"

    @property
    def done(self) -> int:
        """Rows that the present run has dealt with."""
        if self.state in (self.State.UNDOING, self.State.UNDONE):
            return self.undone + self.kept
        return self.applied + self.moved

    @property
    def total(self) -> int:
        """Rows that the present run deals with."""
        if self.state in (self.State.UNDOING, self.State.UNDONE):
            return self.applied
        return self.planned

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


class BulkChange(WorkspaceRow):
    """What an operation does to one lead.

    `before` and `after` hold the fields that it changes, rows by their keys:
    {"stage": 7, "tags": {"add": ["vip"], "remove": []}, "custom": {"plan": "gold"}}.
    `version` is the lead's when the plan was made.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "To change"
        DROPPED = "dropped", "Left out"
        APPLIED = "applied", "Changed"
        MOVED = "moved", "Moved since the plan"
        UNDONE = "undone", "Restored"
        KEPT = "kept", "Kept as edited since"

    public_id = None
    workspace = WorkspaceOfParent()
    operation = models.ForeignKey(
        BulkOperation,
        on_delete=models.CASCADE,
        related_name="changes",
        db_index=False,
        db_constraint=False,
    )
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="bulk_changes", db_constraint=False
    )
    version = models.IntegerField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    state = models.CharField(max_length=7, choices=State.choices)
    reason = models.CharField(max_length=20, blank=True, db_default="")
    conflicts = models.JSONField(default=list, db_default=[])

    class Meta:
        constraints = [
            TenantKey("operation", name="leads_bulkchange_operation_whose"),
            TenantKey("lead", name="leads_bulkchange_lead_whose"),
            models.UniqueConstraint(
                fields=["operation", "lead"], name="leads_bulkchange_one_per_lead"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "planned",
                        "dropped",
                        "applied",
                        "moved",
                        "undone",
                        "kept",
                    ]
                ),
                name="leads_bulkchange_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.state}"
