"""The wall between workspaces: the base of every viewset below a workspace's path."""

import uuid
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.http import Http404
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated

from flexoraa.lib import logs
from flexoraa.lib.cursors import CursorPagination
from flexoraa.lib.lookups import Lookup
from teams import roles, support
from teams.api.permissions import RoleAllows, ShownAgain
from teams.models import ApiKey, Membership, User, Workspace
from teams.roles import Action


class WorkspaceScoped:
    """The leftmost base of every viewset below `workspaces/<slug:workspace>`.

    Before any action runs it finds the asker's membership of the workspace in the
    path, answers 404 without one (nobody is told which workspaces exist), and narrows
    `queryset` to the workspace. `actions` says what each action asks of the role,
    `again` for which of them people must have shown lately who they are.
    """

    actions: ClassVar[Mapping[str, Action]] = {}
    again: ClassVar[Collection[str]]  # none when it is not said
    queryset: Any = None
    lookup_field = "public_id"
    lookup_url_kwarg = "id"
    permission_classes = (IsAuthenticated, RoleAllows, ShownAgain)
    pagination_class = CursorPagination
    metadata_class = None

    membership: Membership
    workspace: Workspace

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        if request.user.is_authenticated:
            self.membership = self._find_membership(request)
            self.workspace = request.workspace = self.membership.workspace
            logs.bind(workspace=self.workspace.pk)
            if self.queryset is not None:
                self.queryset = self.queryset.for_workspace(self.workspace)
        super().initial(request, *args, **kwargs)

    def get_serializer_context(self) -> dict[str, Any]:
        return {
            **super().get_serializer_context(),
            "workspace": getattr(self, "workspace", None),
        }

    def perform_create(self, serializer: Any) -> None:
        serializer.save(workspace=self.workspace)

    def _find_membership(self, request: Any) -> Membership:
        """Mine in the workspace of the path; with a key, in its own alone and with no
        more than its role; else, for platform staff, that of an open visit."""
        slug, key = self.kwargs["workspace"], key_of(request)
        found = _place(request.user.pk, slug)
        if found and (key is None or key.workspace_id == found.workspace_id):
            found.note_visit()
            return narrowed(found, key)
        if visited := visited_by(request, slug):
            if actor := getattr(request._request, "actor", None):
                actor.door = "support"
            return visited[0]
        raise Http404


_place = Lookup(
    lambda user, slug: Membership.objects.select_related("workspace").filter(
        user=user, workspace__slug=slug
    )
)


def key_of(request: Any) -> ApiKey | None:
    """The API key with which this was asked, if it was one."""
    auth = getattr(request, "auth", None)
    return auth if isinstance(auth, ApiKey) else None


def places_of(request: Any) -> Any:
    """The memberships that count for this request."""
    mine, key = request.user.memberships.all(), key_of(request)
    return mine.filter(workspace=key.workspace_id) if key else mine


def visited_by(request: Any, slug: str | None = None) -> list[Membership]:
    """My places in workspaces that I visit as support; a key visits nowhere."""
    return [] if key_of(request) else support.places(request.user, slug)


def narrowed(membership: Membership, key: ApiKey | None) -> Membership:
    """The membership as a key has it: its maker's role, or the key's if that is less.
    Such a one is not to be saved."""
    if key and roles.rank(key.role) > roles.rank(membership.role):
        membership.role = key.role
    return membership


class WorkspaceRelatedField(serializers.SlugRelatedField):
    """A row of the same workspace, by its public id; another's does not exist."""

    default_error_messages: ClassVar[dict[str, str]] = {
        "does_not_exist": "There is no such row in this workspace.",
        "invalid": "This is not an id.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"slug_field": "public_id", **kwargs})

    def get_queryset(self) -> Any:
        return super().get_queryset().for_workspace(self.context["workspace"])

    def to_internal_value(self, data: Any) -> Any:
        try:
            key = uuid.UUID(data)
        except (AttributeError, TypeError, ValueError):
            self.fail("invalid")
        return super().to_internal_value(key)


class MemberField(WorkspaceRelatedField):
    """A member of the workspace, by the public id of the user."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"queryset": User.objects.all(), **kwargs})

    def get_queryset(self) -> Any:
        return self.context["workspace"].members.filter(is_active=True)
