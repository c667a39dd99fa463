"""The team's back office; each module is one subject."""

from teams.admin import invitations, members, people, trail

__all__ = ["invitations", "members", "people", "trail"]
