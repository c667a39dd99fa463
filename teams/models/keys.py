"""API keys: how machines sign in."""

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.db import models

from teams import audit, roles, telling
from teams.tenancy import TenantQuerySet, WorkspaceRow

START = "flx_"  # so that people and secret scanners recognise one
SHOWN = 12  # characters of it that lists show


class ApiKeyQuerySet(TenantQuerySet):
    """Making and finding keys."""

    def make(self, **fields: Any) -> tuple["ApiKey", str]:
        """A new key and its text, which nobody can be told again."""
        text = START + secrets.token_urlsafe(32)
        return self.create(digest=_digest(text), prefix=text[:SHOWN], **fields), text

    def find(self, text: str) -> "ApiKey | None":
        """The key with this text, with its maker and their place in its workspace."""
        keys = self.select_related("workspace", "made_by")
        return keys.filter(digest=_digest(text)).first()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()


class ApiKey(WorkspaceRow):
    """A machine's way into one workspace, with one role.

    It acts for whoever made it, and may never do more than they may at that moment:
    when they lose their role or leave, so does the key.
    """

    name = models.CharField(max_length=80)
    role = models.CharField(max_length=10, choices=roles.Role.choices)
    prefix = models.CharField(max_length=SHOWN, editable=False)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=roles.Role.values),
                name="teams_apikey_role_known",
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "id"], name="teams_apikey_workspace")
        ]
        triggers = [
            *audit.tracked(
                "api key",
                "name",
                "role",
                "prefix",
                label="r.name",
                made_by="teams_user",
            ),
            *telling.changes("key", "public_id", "role"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
