"""Writing in the API: replies, notes, reactions, and decisions about what failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib.rows import ReadsRows
from inbox import replies, resending
from inbox.adapters.sending import Choice, TemplateUse, Unsendable
from inbox.adapters.whatsapp_templates import body_component
from inbox.api.serializers import MessageSerializer, with_person
from inbox.api.threads import OF_MESSAGES
from inbox.models import Attachment, Conversation, Message
from teams.api.idempotency import idempotent
from teams.api.scoping import MemberField, WorkspaceRelatedField, WorkspaceScoped
from teams.roles import Action

KINDS = [(replies.MESSAGE, "Message"), (replies.NOTE, "Note")]
FIELDS = {"file": "attachments", "template": "template", "choice": "choices"}


class TemplateUseSerializer(serializers.Serializer):
    """A template and what goes into it: `parameters` are the values of its text by
    name or number, `components` anything else in Meta's own form."""

    name = serializers.CharField(max_length=512)
    language = serializers.CharField(max_length=20)
    parameters = serializers.DictField(
        child=serializers.CharField(max_length=1024), required=False
    )
    components = serializers.ListField(
        child=serializers.DictField(), required=False, max_length=20
    )


class ChoiceSerializer(serializers.Serializer):
    """A button or quick reply; `id` comes back when it is tapped."""

    id = serializers.CharField(max_length=256)
    title = serializers.CharField(max_length=100)


class ReplySerializer(serializers.Serializer):
    """What to say. `kind` note stays among colleagues, whom `mentions` names. `split`
    cuts a text that is too long for the channel into several messages."""

    kind = serializers.ChoiceField(KINDS, default=replies.MESSAGE)
    text = serializers.CharField(
        allow_blank=True, default="", max_length=50_000, trim_whitespace=False
    )
    attachments = WorkspaceRelatedField(
        queryset=Attachment.objects.filter(message=None),
        many=True,
        required=False,
        help_text="Uploaded files that are in no message yet.",
    )
    template = TemplateUseSerializer(required=False)
    choices = ChoiceSerializer(many=True, required=False)
    reply_to = WorkspaceRelatedField(
        queryset=Message.objects.all(), required=False, allow_null=True
    )
    mentions = MemberField(many=True, required=False)
    split = serializers.BooleanField(default=False)

    def validate_template(self, value: dict[str, Any]) -> TemplateUse:
        components = list(value.get("components", ()))
        if parameters := value.get("parameters"):
            components.append(body_component(parameters, parameters))
        return TemplateUse(
            name=value["name"],
            language=value["language"],
            components=tuple(components),
        )

    def validate_choices(self, value: list[dict[str, str]]) -> list[Choice]:
        return [Choice(**choice) for choice in value]

    def validate_attachments(self, value: list[Attachment]) -> list[Attachment]:
        if len(value) > 10:
            raise ValidationError("Up to 10 files at a time.", code="max_length")
        return list({file.pk: file for file in value}.values())


class ReplyAnswerSerializer(MessageSerializer):
    """The first message that says it; `parts` are the ids of all of them, in order."""

    parts = serializers.ListField(child=serializers.UUIDField(), read_only=True)

    class Meta(MessageSerializer.Meta):
        fields = (*MessageSerializer.Meta.fields, "parts")


class EmojiSerializer(serializers.Serializer):
    """One emoji; "" takes ours off."""

    emoji = serializers.CharField(max_length=16, allow_blank=True)


class Writes:
    """`create` for the thread of a conversation."""

    @extend_schema(request=ReplySerializer, responses={201: ReplyAnswerSerializer})
    @idempotent()
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Put a reply in line (201, status `queued`), or keep a note (`noted`).

        409 `window_closed` says in `allowed` what can be sent instead; 409
        `channel_closed` why this channel sends nothing.
        """
        conversation = get_object_or_404(
            Conversation.objects.for_workspace(self.workspace),
            public_id=self.kwargs["conversation"],
        )
        wanted = ReplySerializer(
            data=request.data, context=self.get_serializer_context()
        )
        wanted.is_valid(raise_exception=True)
        with refused_in_words():
            message = replies.queue(
                conversation, author=request.user, **wanted.validated_data
            )
        answer = self.representation(message.pk)
        answer["parts"] = [part.public_id for part in message.parts]
        return Response(answer, status=status.HTTP_201_CREATED)


class SentMessageViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """One message, and what can be decided about it."""

    queryset = with_person(Message.objects.all())
    serializer_class = MessageSerializer
    lists = OF_MESSAGES
    actions = {
        "retrieve": Action.READ,
        "resend": Action.WORK,
        "mark_sent": Action.WORK,
        "react": Action.WORK,
    }

    @extend_schema(request=None, responses=MessageSerializer)
    @idempotent()
    def resend(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Send what failed or stayed unconfirmed again, as a new attempt. 409 for
        everything else: it is on its way, or was sent."""
        message = self.get_object()
        resending.resend(message, by=request.user)
        return Response(self.representation(message.pk))

    @extend_schema(request=None, responses=MessageSerializer)
    @idempotent(required=False)
    def mark_sent(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Somebody has seen that an unconfirmed message did arrive."""
        message = self.get_object()
        resending.mark_sent(message, by=request.user)
        return Response(self.representation(message.pk))

    @extend_schema(request=EmojiSerializer, responses=MessageSerializer)
    @transaction.atomic
    def react(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Put our emoji on a message, or take it off."""
        message = self.get_object()
        wanted = EmojiSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        with refused_in_words():
            replies.react(message, author=request.user, **wanted.validated_data)
        return Response(self.representation(message.pk))


@contextmanager
def refused_in_words() -> Iterator[None]:
    """What a channel does not take is the sender's error, at the field that is it."""
    try:
        yield
    except Unsendable as error:
        field = FIELDS.get(error.code.split("_")[0], "text")
        detail = ErrorDetail(error.words, error.code)
        raise ValidationError({field: [detail]}) from error
