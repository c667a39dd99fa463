"""Invitations into a workspace."""

import hashlib
import secrets
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone

from teams import audit, roles
from teams.tenancy import TenantQuerySet, WorkspaceRow

VALID_FOR = timedelta(days=7)
TOKEN_BYTES = 32


def digest(token: str) -> bytes:
    """What is kept of a token: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).digest()


class InvitationQuerySet(TenantQuerySet):
    """Sets of invitations."""

    def open(self) -> Self:
        """Neither accepted nor revoked; may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def pending(self) -> Self:
        """Could be accepted now."""
        return self.open().filter(expires_at__gt=Now())

    def expired(self) -> Self:
        """Were not accepted in time."""
        return self.open().filter(expires_at__lte=Now())


class Invitation(WorkspaceRow):
    """Somebody asked into a workspace by e-mail, with the role that waits for them.

    The token is known to the mail alone: here is its hash. Open ones are one for each
    address and workspace; to send it again makes the older link worthless.
    """

    email = models.EmailField("e-mail address")
    role = models.CharField(max_length=10, choices=roles.Role.choices)
    token_hash = models.BinaryField(max_length=32, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    mail = models.ForeignKey(
        "teams.Mail", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="teams_invitation_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=roles.Role.values),
                name="teams_invitation_role_known",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(revoked_at=None),
                name="teams_invitation_one_end",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "id"], name="teams_invitation_workspace"),
            models.Index(
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="teams_invitation_open_email",
            ),
        ]
        triggers = audit.tracked(
            "invitation",
            "email",
            "role",
            "sent_at",
            "expires_at",
            "accepted_at",
            "revoked_at",
            label="r.email",
            invited_by="teams_user",
            accepted_by="teams_user",
        )

    def __str__(self) -> str:
        return f"{self.email} to {self.workspace}"

    @property
    def state(self) -> str:
        """pending, expired, accepted or revoked."""
        if self.accepted_at:
            return "accepted"
        if self.revoked_at:
            return "revoked"
        return "pending" if self.expires_at > timezone.now() else "expired"

    def renew(self) -> str:
        """A new token, valid from now on; whatever was mailed before is worthless.
        The caller saves the row and mails the token, which is kept nowhere else."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self.token_hash = digest(token)
        self.sent_at = timezone.now()
        self.expires_at = self.sent_at + VALID_FOR
        return token
