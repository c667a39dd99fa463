"""Members who left, and the work they left behind (teams/departures.py)."""

from django.conf import settings
from django.db import models

from teams.tenancy import TenantQuerySet, WorkspaceRow


class Departure(WorkspaceRow):
    """Somebody is no longer in a workspace; their open work goes to `heir`, or to
    nobody. Apps above this one work it off: see settings.OPEN_WORK."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    heir = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    moved = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(done_at=None),
                name="teams_departure_open",
            ),
            models.Index(fields=["workspace", "id"], name="teams_departure_workspace"),
        ]

    def __str__(self) -> str:
        return f"{self.user} left {self.workspace}"
