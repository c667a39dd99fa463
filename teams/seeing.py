"""What a member sees and may do, and why: "view as", before inviting or changing."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string

from teams import roles
from teams.models import Membership
from teams.roles import Action


class Seen(NamedTuple):
    """A kind of rows: how many there are, how many of them this member sees, why, and
    the first few by name."""

    name: str
    count: int
    total: int
    why: str
    examples: list[str]


class Permission(NamedTuple):
    """An action, whether the role allows it, and which roles do."""

    name: str
    is_allowed: bool
    why: str


def seen_by(membership: Membership, role: str) -> list[Seen]:
    """Asks the apps that settings.SEEN names: functions of (membership, role)."""
    found: list[Seen] = []
    for path in settings.SEEN:
        answers: Iterable[Any] = import_string(path)(membership, role)
        found += [Seen(*answer) for answer in answers]
    return found


def actions_of(role: str) -> list[Permission]:
    """Every action of the table."""
    return [
        Permission(action.label, roles.may(role, action), _why(role, action))
        for action in Action
    ]


def _why(role: str, action: str) -> str:
    allowed = [name for name in roles.Role.values if roles.may(name, action)]
    names = ", ".join(roles.Role(name).label for name in allowed)
    word = "allows" if role in allowed else "does not allow"
    return f"The role {word} it; it takes one of: {names}."
