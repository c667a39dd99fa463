"""The team: members and their roles, invitations, API keys."""

import uuid
from collections.abc import Sequence
from typing import Any

import django_filters
from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework import exceptions, mixins, status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from teams import departures, invitations, members, support
from teams.api.idempotency import idempotent
from teams.api.scoping import WorkspaceScoped
from teams.api.team_shapes import (
    ApiKeySerializer,
    InvitationSerializer,
    InviteSerializer,
    MemberSerializer,
    NewApiKeySerializer,
    OutcomesSerializer,
    RoleSerializer,
)
from teams.models import ApiKey, Invitation, Membership, User
from teams.roles import Action

MOST = 100  # addresses in one request


class InvitationFilter(django_filters.FilterSet):
    """`?state=pending` and the like."""

    STATES = ("pending", "expired", "accepted", "revoked")
    state = django_filters.ChoiceFilter(
        choices=[(state, state) for state in STATES], method="filter_state"
    )

    def filter_state(self, queryset: Any, name: str, value: str) -> Any:
        if value in ("pending", "expired"):
            return getattr(queryset, value)()
        return queryset.filter(**{f"{value}_at__isnull": False})


class InvitationViewSet(WorkspaceScoped, mixins.ListModelMixin, GenericViewSet):
    """People asked into the workspace, the newest first."""

    queryset = Invitation.objects.select_related("invited_by", "mail", "workspace")
    serializer_class = InvitationSerializer
    filterset_class = InvitationFilter
    ordering = "-id"
    takes_lists = {"invite"}
    actions = {
        "list": Action.MANAGE_TEAM,
        "invite": Action.MANAGE_TEAM,
        "resend": Action.MANAGE_TEAM,
        "revoke": Action.MANAGE_TEAM,
    }

    @extend_schema(
        request=PolymorphicProxySerializer(
            component_name="InviteOneOrMany",
            serializers=[InviteSerializer, InviteSerializer(many=True)],
            resource_type_field_name=None,
            many=False,
        ),
        responses={201: OutcomesSerializer},
    )
    @idempotent()
    def invite(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Invite one address, or a list of up to 100. All or none: an outcome for each
        address, `invited`, `already_member` or `already_invited`."""
        body = request.data if isinstance(request.data, list) else [request.data]
        if not 1 <= len(body) <= MOST:
            raise exceptions.ValidationError(f"Send 1 to {MOST} addresses.")
        form = InviteSerializer(data=body, many=True)
        form.is_valid(raise_exception=True)
        wanted = {row["email"]: row["role"] for row in form.validated_data}
        outcomes = invitations.invite(self.workspace, wanted, actor=self.membership)
        answer = OutcomesSerializer({"results": outcomes}).data
        return Response(answer, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=InvitationSerializer)
    @idempotent(required=False)
    def resend(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Mail it again, with a new link for seven days; the old one is worthless."""
        found = invitations.resend(self.get_object(), actor=self.membership)
        return Response(self.get_serializer(found).data)

    @extend_schema(request=None, responses=InvitationSerializer)
    def revoke(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Take it back."""
        found = invitations.revoke(self.get_object())
        return Response(self.get_serializer(found).data)


class MemberViewSet(WorkspaceScoped, mixins.ListModelMixin, GenericViewSet):
    """Who is in the workspace, with role, last visit and open work."""

    queryset = Membership.objects.select_related("user", "workspace")
    serializer_class = MemberSerializer
    ordering = "id"
    lookup_field = "user__public_id"
    lookup_url_kwarg = "user"
    actions = {
        "list": Action.READ,
        "role": Action.MANAGE_TEAM,
        "destroy": Action.MANAGE_TEAM,
        "transfer": Action.MANAGE_TEAM,
        "leave": Action.READ,
    }
    again = ("role", "transfer")

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self._with_work(page))

    def _with_work(self, rows: Sequence[Membership]) -> Any:
        work = departures.open_work(self.workspace, [row.user for row in rows])
        for row in rows:
            row.open_work = work[row.user_id]
        return self.get_serializer(rows, many=True).data

    @extend_schema(request=RoleSerializer, responses=MemberSerializer)
    def role(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Give another role; it counts from the member's next request. Nobody gives or
        takes a role above their own; 409 `last_owner` for the last owner."""
        form = RoleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changed = members.change_role(
            self.get_object(), form.validated_data["role"], actor=self.membership
        )
        return Response(self._with_work([changed])[0])

    @extend_schema(request=None, responses=MemberSerializer)
    def transfer(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Make this member owner in my place; I stay as admin. For owners."""
        changed = members.transfer(self.get_object(), actor=self.membership)
        return Response(self._with_work([changed])[0])

    @extend_schema(
        responses={204: None},
        parameters=[
            OpenApiParameter(
                "reassign_to",
                OpenApiTypes.STR,
                description="The member (their user id) who takes over the open "
                "conversations and leads, or `nobody`. 409 `open_work` when there are "
                "some and this is not said.",
            )
        ],
    )
    def destroy(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Take a member out of the workspace."""
        wanted = request.query_params.get("reassign_to", "")
        members.remove(
            self.get_object(),
            actor=self.membership,
            heir=self._heir(wanted),
            is_said=bool(wanted),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={204: None})
    def leave(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Go out of the workspace myself; my open work is nobody's then. Platform
        staff end their visit by it."""
        if self.membership.visit:
            support.end(self.membership.visit, actor=request.user)
            return Response(status=status.HTTP_204_NO_CONTENT)
        members.remove(self.membership, actor=self.membership)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _heir(self, wanted: str) -> User | None:
        if wanted in ("", "nobody"):
            return None
        try:
            return self.workspace.members.get(public_id=uuid.UUID(wanted))
        except (ValueError, User.DoesNotExist) as error:
            raise exceptions.ValidationError(
                {"reassign_to": "There is no such member in this workspace."}
            ) from error


class ApiKeyViewSet(
    WorkspaceScoped,
    mixins.ListModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet,
):
    """Keys for machines; each acts for who made it, with the key's role at most."""

    queryset = ApiKey.objects.select_related("made_by")
    serializer_class = ApiKeySerializer
    ordering = "-id"
    actions = {
        "list": Action.MANAGE_KEYS,
        "create": Action.MANAGE_KEYS,
        "destroy": Action.MANAGE_KEYS,
    }
    again = ("create", "destroy")

    @extend_schema(request=ApiKeySerializer, responses={201: NewApiKeySerializer})
    @transaction.atomic
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """A new key. `key` in the answer is shown this once."""
        form = ApiKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        invitations.check_grant(self.membership, form.validated_data["role"])
        key, text = ApiKey.objects.make(
            workspace=self.workspace, made_by=request.user, **form.validated_data
        )
        key.key = text
        answer = NewApiKeySerializer(key).data
        return Response(answer, status=status.HTTP_201_CREATED)
