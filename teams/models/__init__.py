"""The rows of people and workspaces."""

from teams.models.audit import AuditEvent
from teams.models.idempotency import IdempotencyKey
from teams.models.people import User, UserManager
from teams.models.workspaces import Membership, Workspace, is_timezone

__all__ = [
    "AuditEvent",
    "IdempotencyKey",
    "Membership",
    "User",
    "UserManager",
    "Workspace",
    "is_timezone",
]
