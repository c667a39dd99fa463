"""Me and my workspaces."""

from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, generics, mixins, permissions, views, viewsets

from flexoraa.lib.cursors import CursorPagination
from teams.api.idempotency import idempotent
from teams.api.scoping import (
    WorkspaceScoped,
    key_of,
    narrowed,
    places_of,
    visited_by,
)
from teams.api.serializers import (
    MeSerializer,
    NewWorkspaceSerializer,
    WorkspaceSerializer,
    my_places,
)
from teams.models import User, Workspace
from teams.roles import Action


class MeView(generics.RetrieveAPIView):
    """The signed-in user, with role and allowed actions in each workspace."""

    serializer_class = MeSerializer
    metadata_class = None

    def get_object(self) -> User:
        places = my_places(places_of(self.request))
        me = User.objects.prefetch_related(places).get(pk=self.request.user.pk)
        mine = [narrowed(place, key_of(self.request)) for place in me.places]
        me.places = mine + visited_by(self.request)
        return me


class MyWorkspacesViewSet(
    mixins.ListModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet
):
    """The workspaces that I am a member of, the newest first."""

    queryset = Workspace.objects.none()
    pagination_class = CursorPagination
    metadata_class = None
    ordering = "-id"

    def get_queryset(self) -> Any:
        mine = Q(memberships__in=places_of(self.request))
        visited = [place.workspace_id for place in visited_by(self.request)]
        return Workspace.objects.filter(mine | Q(pk__in=visited) if visited else mine)

    def get_serializer_class(self) -> type:
        is_new = self.action == "create"
        return NewWorkspaceSerializer if is_new else WorkspaceSerializer

    @idempotent(required=False)
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if key_of(request):
            raise exceptions.PermissionDenied("A key belongs to its workspace alone.")
        return super().create(request, *args, **kwargs)


class WorkspaceViewSet(
    WorkspaceScoped, mixins.UpdateModelMixin, viewsets.GenericViewSet
):
    """The workspace of the path itself: its settings."""

    serializer_class = WorkspaceSerializer
    actions = {"partial_update": Action.MANAGE_WORKSPACE}

    def get_object(self) -> Workspace:
        return self.workspace


@extend_schema(exclude=True)
class Nowhere(views.APIView):
    """What lies under /api and is no route: a problem, not a page."""

    permission_classes = (permissions.AllowAny,)
    authentication_classes = ()
    metadata_class = None

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        raise exceptions.NotFound
