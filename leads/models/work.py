"""What the team writes down and has to do about a lead."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from leads.models.leads import Lead
from teams.tenancy import WorkspaceRow
from teams.tenant_keys import TenantKey


class Note(WorkspaceRow):
    """A few sentences about a lead."""

    lead = models.ForeignKey(
        Lead,
        on_delete=models.CASCADE,
        related_name="notes",
        db_index=False,
        db_constraint=False,
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
    )
    text = models.TextField(max_length=10_000)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            TenantKey("lead", name="leads_note_lead_whose"),
        ]
        indexes = [models.Index(fields=["lead", "-id"], name="leads_note_of_lead")]

    def __str__(self) -> str:
        return self.text[:80]


class Task(WorkspaceRow):
    """Something to do about a lead, by a time."""

    lead = models.ForeignKey(
        Lead,
        on_delete=models.CASCADE,
        related_name="tasks",
        db_index=False,
        db_constraint=False,
    )
    title = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    done_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            TenantKey("lead", name="leads_task_lead_whose"),
        ]
        indexes = [
            models.Index(fields=["lead", "due_at"], name="leads_task_of_lead"),
            models.Index(fields=["workspace", "due_at", "id"], name="leads_task_due"),
            models.Index(
                fields=["workspace", "assignee", "due_at", "id"],
                name="leads_task_open_of",
                condition=Q(done_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class SavedView(WorkspaceRow):
    """A filter of the list of leads under a name: mine, or the whole team's.

    `filter` holds query parameters of the list: {"stage": "…", "search": "rao"}.
    """

    name = models.CharField(max_length=80)
    filter = models.JSONField(default=dict)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        editable=False,
    )
    is_shared = models.BooleanField("shared with the team", default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "user", "name"],
                name="leads_savedview_one_per_name",
                violation_error_message="You have a view of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name
