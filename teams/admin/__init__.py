"""The team's back office; each module is one subject."""

from teams.admin import invitations, members, people, support, trail

__all__ = ["invitations", "members", "people", "support", "trail"]
