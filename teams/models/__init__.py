"""The rows of people and workspaces."""

from teams.models.idempotency import IdempotencyKey
from teams.models.people import User, UserManager
from teams.models.workspaces import Membership, Workspace, is_timezone

__all__ = [
    "IdempotencyKey",
    "Membership",
    "User",
    "UserManager",
    "Workspace",
    "is_timezone",
]
