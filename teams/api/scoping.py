"""The wall between workspaces: the base of every viewset below a workspace's path."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import Http404
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated

from flexoraa.lib import logs
from flexoraa.lib.cursors import CursorPagination
from teams.api.permissions import RoleAllows
from teams.models import Membership, User, Workspace
from teams.roles import Action


class WorkspaceScoped:
    """The leftmost base of every viewset below `workspaces/<slug:workspace>`.

    Before any action runs it finds the asker's membership of the workspace in the
    path, answers 404 without one (nobody is told which workspaces exist), and narrows
    `queryset` to the workspace. `actions` says what each action asks of the role.
    """

    actions: ClassVar[Mapping[str, Action]] = {}
    queryset: Any = None
    lookup_field = "public_id"
    lookup_url_kwarg = "id"
    permission_classes = (IsAuthenticated, RoleAllows)
    pagination_class = CursorPagination
    metadata_class = None

    membership: Membership
    workspace: Workspace

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        if request.user.is_authenticated:
            self.membership = self._find_membership(request.user)
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

    def _find_membership(self, user: User) -> Membership:
        mine = user.memberships.select_related("workspace")
        try:
            return mine.get(workspace__slug=self.kwargs["workspace"])
        except Membership.DoesNotExist as error:
            raise Http404 from error


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
