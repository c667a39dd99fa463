"""Customer companies, and the membership that joins them to people."""

from datetime import timedelta
from typing import Any, Self
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from flexoraa.lib.errors import Conflict
from flexoraa.lib.ids import uuid7
from teams import audit, roles, telling
from teams.models.people import User
from teams.tenancy import TenantQuerySet


def is_timezone(name: str) -> None:
    """Refuse what is no zone of the IANA database."""
    if name not in available_timezones():
        raise ValidationError(f"{name} is not a time zone, such as Asia/Kolkata.")


SEEN_EVERY = timedelta(minutes=5)


class WorkspaceQuerySet(models.QuerySet):
    """Sets of workspaces."""

    def locked(self) -> Self:
        """Rows that nobody else changes, and whose limits nobody else counts against,
        until the transaction ends. The first lock of the one order of locks; new rows
        that merely point to the workspace do not wait for it."""
        return self.select_for_update(no_key=True)


class Workspace(models.Model):
    """One customer company; every other row of it says so.

    `limits` is what its plan allows: `{"seats": 5, "channels": 3, "leads": 10000,
    "messages": 5000}`, messages by the month; what is null or absent has no limit.
    Payments write it, with `read_only` and why, and the plan that lifts each limit.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    timezone = models.CharField(
        max_length=64, default="Asia/Kolkata", validators=[is_timezone]
    )
    currency = models.CharField(max_length=3, default="INR")
    limits = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(
        User, through="Membership", related_name="workspaces"
    )

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        triggers = audit.tracked(
            "workspace",
            "name",
            "slug",
            "timezone",
            "currency",
            "limits",
            label="r.name",
            workspace="id",
        )

    def __str__(self) -> str:
        return self.name

    def check_limit(self, name: str, used: int, adding: int = 1) -> None:
        """Raise Conflict, code `limit_reached`, if that many more than are `used` are
        too many; code `read_only` when nothing may be added until somebody pays.
        Holds only for as long as the row is locked (`locked`)."""
        if self.limits.get("read_only"):
            raise Conflict(
                self.limits.get("reason") or "This workspace can only be read now.",
                code="read_only",
            )
        limit = self.limits.get(name)
        if limit is not None and used + adding > limit:
            lift = self.limits.get("lifted_by", {}).get(name)
            raise Conflict(
                f"The plan allows {limit} {name} and {used} are in use: free some or "
                f"change to {lift or 'another plan'}.",
                code="limit_reached",
            )


class Membership(models.Model):
    """A user's place in a workspace."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(
        max_length=10, choices=roles.Role.choices, default=roles.Role.MEMBER
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(null=True, editable=False)
    visit: Any = None  # the SupportVisit that this place stands for: no row then

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "user"], name="teams_membership_one_per_user"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=roles.Role.values),
                name="teams_membership_role_known",
            ),
        ]
        triggers = [
            *audit.tracked(
                "membership",
                "role",
                user="teams_user",
                label="(SELECT email FROM teams_user WHERE id = r.user_id)",
            ),
            *telling.changes(
                "membership",
                "(SELECT public_id FROM teams_user WHERE id = r.user_id)",
                "role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace}"

    def note_visit(self) -> None:
        """They were here; written down every few minutes."""
        now = timezone.now()
        if self.last_seen_at is None or now - self.last_seen_at > SEEN_EVERY:
            self.last_seen_at = now
            type(self).objects.filter(pk=self.pk).update(last_seen_at=now)

    def may(self, action: str) -> bool:
        """Whether this member's role allows the action."""
        return roles.may(self.role, action)
