"""Where the asker of a page of the back office may do what."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from teams import roles
from teams.models import Membership, User, Workspace
from teams.tenant_keys import has_workspace

Places = Collection[int] | None  # ids of workspaces; None: all there are


@dataclass(frozen=True, slots=True)
class Reach:
    """Platform staff reach everywhere; others where their role allows it."""

    is_everywhere: bool
    roles: Mapping[int, str]  # workspace id -> role

    def places(self, action: str | None) -> Places:
        """Where this may be done; an action of None is for platform staff alone."""
        if self.is_everywhere:
            return None
        return frozenset(
            pk for pk, role in self.roles.items() if action and roles.may(role, action)
        )

    def covers(self, row: Model, action: str | None) -> bool:
        """Whether it may be done to this row, in any of the workspaces it is in."""
        places = self.places(action)
        if places is None:
            return True
        return bool(places) and not places.isdisjoint(workspaces_of(row))


def reach_of(request: HttpRequest) -> Reach:
    """The asker's reach: one query for a request, none for platform staff."""
    found = getattr(request, "_reach", None)
    if found is None:
        found = request._reach = _reach(request.user)
    return found


def _reach(user: Any) -> Reach:
    if not (user.is_active and user.is_staff):
        return Reach(is_everywhere=False, roles={})
    if user.is_superuser:
        return Reach(is_everywhere=True, roles={})
    mine = user.memberships.values_list("workspace", "role")
    return Reach(is_everywhere=False, roles=dict(mine))


def is_tenant(model: type[Model]) -> bool:
    """Whether its rows belong to workspaces, so that others may not see them."""
    return model in (Workspace, User) or has_workspace(model)


def within(rows: QuerySet, places: Places) -> QuerySet:
    """Only the rows of these workspaces; people are in those they are members of.

    What belongs to no workspace is for platform staff.
    """
    if places is None:
        return rows
    if has_workspace(rows.model):
        return rows.filter(workspace__in=places)
    if rows.model is Workspace:
        return rows.filter(pk__in=places)
    if rows.model is User:
        members = Membership.objects.filter(workspace__in=places)
        return rows.filter(pk__in=members.values("user"))
    return rows.none()


def workspaces_of(row: Model) -> set[int]:
    """The ids of the workspaces that a row is in."""
    if isinstance(row, Workspace):
        return {row.pk}
    if isinstance(row, User):
        return set(row.memberships.values_list("workspace", flat=True))
    pk = getattr(row, "workspace_id", None)
    return set() if pk is None else {pk}
