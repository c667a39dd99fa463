"""Labels and canned replies: what a team words for itself."""

from typing import Any

from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from inbox import canned
from inbox.api.serializers import WithId
from inbox.models import CannedReply, Conversation, Label
from inbox.models.labels import SHORTCUT
from teams.api.scoping import WorkspaceRelatedField, WorkspaceScoped
from teams.api.serializers import SavesChanges
from teams.roles import Action


class OneOfAName(SavesChanges, WithId):
    """Before a serializer of rows whose `unique_field` is unique in a workspace."""

    unique_field = ""

    def create(self, validated_data: dict[str, Any]) -> Any:
        return self._told(super().create, validated_data)

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        return self._told(super().update, instance, validated_data)

    def _told(self, write: Any, *args: Any) -> Any:
        try:
            with transaction.atomic():
                return write(*args)
        except IntegrityError as error:
            raise serializers.ValidationError(
                {self.unique_field: "There is one of this name already."},
                code="unique",
            ) from error


class LabelSerializer(OneOfAName):
    """A word and a colour."""

    unique_field = "name"

    class Meta:
        model = Label
        fields = ("id", "name", "colour", "created_at")
        read_only_fields = ("created_at",)
        validators = ()


class CannedReplySerializer(OneOfAName):
    """An answer kept ready, with variables such as {{contact.name}}."""

    unique_field = "shortcut"
    shortcut = serializers.RegexField(
        rf"^{SHORTCUT.pattern}\Z",
        max_length=40,
        help_text="What is typed after a slash: letters, digits, _ and -.",
    )
    text = serializers.CharField(max_length=4096, trim_whitespace=False)

    class Meta:
        model = CannedReply
        fields = ("id", "shortcut", "text", "changed_at")
        read_only_fields = ("changed_at",)
        validators = ()

    def validate_text(self, value: str) -> str:
        if not value.strip():
            raise serializers.ValidationError("This is empty.", code="blank")
        if unknown := canned.unknown_variables(value):
            known = ", ".join(canned.KNOWN)
            raise serializers.ValidationError(
                f"Nothing fills {', '.join(unknown)}. There are: {known}.",
                code="unknown_variable",
            )
        return value


class RenderedSerializer(serializers.Serializer):
    """The text for one conversation; `missing` names what nothing fills there."""

    text = serializers.CharField(read_only=True)
    missing = serializers.ListField(child=serializers.CharField(), read_only=True)


class ForConversationSerializer(serializers.Serializer):
    """Which conversation."""

    conversation = WorkspaceRelatedField(queryset=Conversation.objects.all())


class LabelViewSet(
    WorkspaceScoped,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet,
):
    """The labels of the workspace, oldest first."""

    queryset = Label.objects.all()
    serializer_class = LabelSerializer
    ordering = "id"
    actions = {
        "list": Action.READ,
        "retrieve": Action.READ,
        "create": Action.WORK,
        "partial_update": Action.WORK,
        "destroy": Action.MANAGE_WORKSPACE,
    }


class CannedReplyViewSet(
    WorkspaceScoped,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet,
):
    """The canned replies of the workspace."""

    queryset = CannedReply.objects.all()
    serializer_class = CannedReplySerializer
    ordering = "id"
    actions = {
        "list": Action.READ,
        "retrieve": Action.READ,
        "create": Action.WORK,
        "partial_update": Action.WORK,
        "destroy": Action.WORK,
        "render": Action.READ,
    }

    def perform_create(self, serializer: Any) -> None:
        serializer.save(workspace=self.workspace, created_by=self.request.user)

    @extend_schema(
        parameters=[OpenApiParameter("conversation", str, required=True)],
        responses=RenderedSerializer,
        filters=False,
    )
    def render(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """The text with its variables filled in for one conversation."""
        reply = self.get_object()
        asked = ForConversationSerializer(
            data=request.query_params, context=self.get_serializer_context()
        )
        asked.is_valid(raise_exception=True)
        found = Conversation.objects.select_related(
            "workspace", "account", "contact__merged_into"
        ).defer("account__token")
        conversation = get_object_or_404(
            found, pk=asked.validated_data["conversation"].pk
        )
        person = conversation.contact.merged_into or conversation.contact
        values = canned.values_for(conversation, person, request.user)
        return Response(canned.render(reply.text, values)._asdict())
