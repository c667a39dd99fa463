"""Message templates in the API."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from inbox import templates
from inbox.api.serializers import AccountSerializer, WithId
from inbox.models import ChannelAccount, Template
from teams.api.scoping import WorkspaceScoped
from teams.roles import Action


class TemplateSerializer(WithId):
    """A template in one language: `body` is its text, `parameters` the names of what
    has to be filled in, `components` the platform's own form of it."""

    account = AccountSerializer(read_only=True)
    body = serializers.CharField(read_only=True)
    parameters = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Template
        fields = (
            "id",
            "account",
            "name",
            "language",
            "category",
            "status",
            "reason",
            "body",
            "parameters",
            "components",
            "status_at",
            "synced_at",
        )


class TemplateFilter(filters.FilterSet):
    """By channel, state, language and how the name begins."""

    account = filters.UUIDFilter(
        field_name="account__public_id", label="The id of a channel."
    )
    status = filters.ChoiceFilter(choices=Template.Status.choices)
    language = filters.CharFilter(max_length=20)
    search = filters.CharFilter(
        field_name="name",
        lookup_expr="startswith",
        max_length=100,
        label="How the name begins.",
    )

    class Meta:
        model = Template
        fields = ()


class SyncSerializer(serializers.Serializer):
    """How many channels are being asked."""

    channels = serializers.IntegerField()


class TemplateViewSet(
    WorkspaceScoped, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet
):
    """What the platform has approved, or not, by name."""

    queryset = Template.objects.select_related("account").defer("account__token")
    serializer_class = TemplateSerializer
    filterset_class = TemplateFilter
    ordering = "name"
    actions = {
        "list": Action.READ,
        "retrieve": Action.READ,
        "sync": Action.MANAGE_CHANNELS,
    }

    @extend_schema(request=None, responses={202: SyncSerializer}, filters=False)
    def sync(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Ask the platform for all templates, in the background."""
        accounts = ChannelAccount.objects.for_workspace(self.workspace)
        count = templates.ask(accounts)
        return Response({"channels": count}, status=status.HTTP_202_ACCEPTED)
