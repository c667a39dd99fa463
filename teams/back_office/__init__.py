"""The wall of the back office: bases of every admin, scoped by workspace and role."""

from teams.back_office.lists import LargeTable, ReadOnly, WithHint, ago
from teams.back_office.reach import Reach, reach_of, within
from teams.back_office.scoped import (
    ScopedAdmin,
    ScopedStackedInline,
    ScopedTabularInline,
    shown_again,
)

__all__ = [
    "LargeTable",
    "Reach",
    "ReadOnly",
    "ScopedAdmin",
    "ScopedStackedInline",
    "ScopedTabularInline",
    "WithHint",
    "ago",
    "reach_of",
    "shown_again",
    "within",
]
