"""The audit trail: who changed what, written by triggers (teams/audit.py)."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from teams.tenancy import TenantQuerySet


class AuditEvent(models.Model):
    """One change of one row. `changes` is `{"role": ["sdr", "admin"]}`, before and
    after; before is null where the row is new, after where it went.

    Nothing points to anything by a key that could go: the trail outlives its rows.
    Without a workspace it is about the whole installation, such as a user's e-mail.
    """

    class Action(models.TextChoices):
        INSERT = "insert", "Added"
        UPDATE = "update", "Changed"
        DELETE = "delete", "Removed"

    public_id = models.UUIDField(unique=True, editable=False)
    workspace = models.ForeignKey(
        "teams.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    at = models.DateTimeField(db_default=Now())
    subject = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    label = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=6, choices=Action.choices)
    changes = models.JSONField(null=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    door = models.CharField(max_length=20)
    request_id = models.CharField(max_length=64, blank=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "id"], name="teams_auditevent_workspace"),
            models.Index(
                fields=["workspace", "subject", "id"], name="teams_auditevent_subject"
            ),
            models.Index(
                fields=["workspace", "subject_id", "id"], name="teams_auditevent_row"
            ),
            models.Index(
                fields=["workspace", "actor", "id"], name="teams_auditevent_actor"
            ),
            models.Index(fields=["at"], name="teams_auditevent_at"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.subject} {self.label}"
