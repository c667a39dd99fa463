"""Visits of platform staff to a customer's workspace (teams/support.py)."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from teams import audit, telling
from teams.models.workspaces import Membership
from teams.roles import SUPPORT
from teams.tenancy import TenantQuerySet, WorkspaceRow

LONGEST = timedelta(hours=8)


class SupportVisitQuerySet(TenantQuerySet):
    """Sets of visits."""

    def open(self) -> Self:
        """Neither ended nor over, by the database's clock, and by somebody who is
        platform staff still."""
        return self.filter(
            ended_at=None,
            ends_at__gt=Now(),
            visitor__is_active=True,
            visitor__is_superuser=True,
        )


class SupportVisit(WorkspaceRow):
    """Somebody of the platform's staff is in a workspace until `ends_at`, or until they
    or the workspace's own people end it. Never changed otherwise, never deleted."""

    visitor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = SupportVisitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    ends_at__gt=models.F("created_at"),
                    ends_at__lte=models.F("created_at") + LONGEST,
                ),
                name="teams_supportvisit_is_short",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="teams_supportvisit_has_reason"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "id"], name="teams_supportvisit_workspace"
            ),
            models.Index(
                fields=["visitor"],
                condition=models.Q(ended_at=None),
                name="teams_supportvisit_open",
            ),
        ]
        triggers = [
            *audit.tracked(
                "support visit",
                "reason",
                "ends_at",
                "ended_at",
                label="(SELECT email FROM teams_user WHERE id = r.visitor_id)",
                visitor="teams_user",
                ended_by="teams_user",
            ),
            *telling.changes("support", "public_id", "ended_at", "ends_at"),
        ]

    def __str__(self) -> str:
        return f"{self.visitor} in {self.workspace}"

    @property
    def is_open(self) -> bool:
        """Whether it goes on, by our clock: for showing, not for letting in."""
        return self.ended_at is None and self.ends_at > timezone.now()

    def as_membership(self) -> Membership:
        """The place in the workspace that the visit gives. It is no row: nobody can be
        given work by it, it has no seat, and it is not to be saved."""
        place = Membership(
            workspace=self.workspace, user=self.visitor, role=SUPPORT, public_id=None
        )
        place.visit = self
        return place
