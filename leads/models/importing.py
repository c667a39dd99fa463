"""Imports of leads: the file, its rows, and what became of each."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from leads.models.bulk import BulkOperation
from leads.models.leads import Lead
from leads.models.parts import WorkspaceOfParent
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey


class ImportJobQuerySet(TenantQuerySet):
    """Sets of imports."""

    def running(self) -> "ImportJobQuerySet":
        """Those that a worker has to go on with."""
        return self.filter(state__in=ImportJob.RUNNING)


class ImportJob(WorkspaceRow):
    """One file of leads.

        uploaded -> reading -> checked -> importing -> imported | cancelled | failed

    `columns` are the file's headings, `mapping` says which field each is (by place;
    "" leaves it out), `on_duplicate` what happens to leads that are there already.
    The file's rows become ImportRows, its bytes then go. `operation` is what the
    import changed, and undoes it.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", "Uploaded"
        READING = "reading", "Reading"
        CHECKED = "checked", "Checked"
        IMPORTING = "importing", "Importing"
        IMPORTED = "imported", "Imported"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    class OnDuplicate(models.TextChoices):
        SKIP = "skip", "Leave it as it is"
        UPDATE = "update", "Overwrite it with what the file says"
        MERGE = "merge", "Fill in what it does not have yet"

    RUNNING = (State.READING, State.IMPORTING)

    filename = models.CharField(max_length=200)
    content = models.BinaryField(null=True, editable=False)
    size = models.IntegerField("size in bytes")
    state = models.CharField(
        max_length=9, choices=State.choices, default=State.UPLOADED
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    columns = models.JSONField(default=list)
    sample = models.JSONField(default=list)
    mapping = models.JSONField(default=list)
    defaults = models.JSONField(default=dict)
    on_duplicate = models.CharField(
        max_length=6, choices=OnDuplicate.choices, default=OnDuplicate.SKIP
    )
    is_dry_run = models.BooleanField("stop after checking", default=True)
    region = models.CharField(max_length=2, default="IN")
    rows = models.IntegerField(default=0)
    outcomes = models.JSONField(default=dict)
    cursor = models.BigIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    operation = models.OneToOneField(
        BulkOperation,
        on_delete=models.PROTECT,
        null=True,
        related_name="import_job",
        db_constraint=False,
    )
    created_at = models.DateTimeField(db_default=Now())
    worked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        constraints = [
            TenantKey("operation", name="leads_importjob_operation_whose"),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="leads_importjob_whose"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "uploaded",
                        "reading",
                        "checked",
                        "importing",
                        "imported",
                        "cancelled",
                        "failed",
                    ]
                ),
                name="leads_importjob_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["worked_at"],
                condition=Q(state__in=["reading", "importing"]),
                name="leads_importjob_running",
            )
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def done(self) -> int:
        """Rows that are read, or imported, by now."""
        return min(self.cursor, self.rows) if self.rows else 0

    @property
    def percent(self) -> int:
        if self.state in (self.State.IMPORTED, self.State.CHECKED):
            return 100
        return 100 * self.done // self.rows if self.rows else 0


class ImportRow(WorkspaceRow):
    """One row of a file. `data` are the lead's fields as understood, `raw` the cells
    of rows that are not."""

    class Outcome(models.TextChoices):
        NEW = "new", "New lead"
        UPDATE = "update", "Changes a lead"
        SKIP = "skip", "Is there already"
        REPEAT = "repeat", "Repeats an earlier row"
        ERROR = "error", "Has errors"

    public_id = None
    workspace = WorkspaceOfParent()
    job = models.ForeignKey(
        ImportJob,
        on_delete=models.CASCADE,
        related_name="lines",
        db_index=False,
        db_constraint=False,
    )
    number = models.IntegerField()
    data = models.JSONField(null=True)
    raw = models.JSONField(null=True)
    outcome = models.CharField(max_length=6, choices=Outcome.choices, blank=True)
    errors = models.JSONField(default=list, db_default=[])
    lead = models.ForeignKey(
        Lead,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_constraint=False,
    )

    class Meta:
        constraints = [
            TenantKey("job", name="leads_importrow_job_whose"),
            TenantKey("lead", name="leads_importrow_lead_whose"),
            models.UniqueConstraint(
                fields=["job", "number"], name="leads_importrow_one"
            ),
        ]

    def __str__(self) -> str:
        return f"row {self.number}"
