"""The rows of people and workspaces."""

from teams.models.audit import AuditEvent
from teams.models.counters import Counter
from teams.models.departures import Departure
from teams.models.idempotency import IdempotencyKey
from teams.models.inspections import Inspection
from teams.models.invitations import Invitation
from teams.models.keys import ApiKey
from teams.models.mail import Mail
from teams.models.people import User, UserManager
from teams.models.support import SupportVisit
from teams.models.workspaces import Membership, Workspace, is_timezone

__all__ = [
    "ApiKey",
    "AuditEvent",
    "Counter",
    "Departure",
    "IdempotencyKey",
    "Inspection",
    "Invitation",
    "Mail",
    "Membership",
    "SupportVisit",
    "User",
    "UserManager",
    "Workspace",
    "is_timezone",
]
