"""Files in the API: uploads, and each byte of a customer's file that leaves us."""

from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib.errors import Conflict
from flexoraa.lib.rows import ReadsRows
from flexoraa.lib.serving import serve
from inbox import media
from inbox.adapters import ADAPTERS
from inbox.adapters.sending import Unsendable
from inbox.api.serializers import AttachmentSerializer
from inbox.models import Attachment, Conversation
from teams.api.scoping import WorkspaceRelatedField, WorkspaceScoped
from teams.roles import Action

BINARY = OpenApiResponse(OpenApiTypes.BINARY)
FORM_BYTES = 64 * 1024  # of a form around its file


class TooLarge(exceptions.APIException):
    """More than may be uploaded."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class UploadSerializer(serializers.Serializer):
    """A file to be sent. With a `conversation` it is checked against what its channel
    takes; `voice` says that it is a voice note."""

    file = serializers.FileField(allow_empty_file=False, max_length=255)
    conversation = WorkspaceRelatedField(
        queryset=Conversation.objects.all(), required=False, allow_null=True
    )
    voice = serializers.BooleanField(default=False)


class AttachmentViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """Files of a workspace."""

    queryset = Attachment.objects.with_page()
    serializer_class = AttachmentSerializer
    parser_classes = (MultiPartParser,)
    actions = {
        "create": Action.WORK,
        "retrieve": Action.READ,
        "thumbnail": Action.READ,
    }

    @extend_schema(
        request={"multipart/form-data": UploadSerializer},
        responses={201: AttachmentSerializer},
    )
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Upload a file; its id goes into `attachments` of a reply within a day.

        What it is, is read from its bytes. 413 when it is larger than any channel
        takes, 400 when the conversation's channel does not take it.
        """
        most = settings.MEDIA_MAX_MB * media.MB
        if int(request.META.get("CONTENT_LENGTH") or 0) > most + FORM_BYTES:
            raise TooLarge(f"Files of up to {settings.MEDIA_MAX_MB} MB can be sent.")
        form = UploadSerializer(
            data=request.data, context=self.get_serializer_context()
        )
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        kept = media.store_upload(
            self.workspace, asked["file"], by=request.user, voice=asked["voice"]
        )
        try:
            _check(kept, asked.get("conversation"))
        except serializers.ValidationError:
            kept.delete()
            raise
        return Response(self.representation(kept.pk), status=status.HTTP_201_CREATED)

    @extend_schema(responses={(200, "*/*"): BINARY})
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The file itself. Pictures, sound and film may be shown in a page; anything
        else, HTML and SVG above all, is a download. Ranges and ETags are understood."""
        attachment = self._stored()
        return serve(
            request,
            attachment.stored.path,
            attachment.mime_type,
            attachment.content,
            attachment.filename or f"{attachment.kind}-{attachment.public_id}",
        )

    @extend_schema(responses={(200, "image/webp"): BINARY})
    def thumbnail(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A small WebP of a picture, made here; 404 where there is none."""
        attachment = self._stored()
        if not attachment.has_thumbnail:
            raise exceptions.NotFound("There is no small picture of this file.")
        path, tag = attachment.small_path, f"{attachment.content}-thumbnail"
        return serve(request, path, "image/webp", tag)

    def perform_content_negotiation(self, request: Any, force: bool = False) -> Any:
        """A file is what it is, whatever an <img> or <audio> says that it accepts."""
        return super().perform_content_negotiation(request, force=True)

    def _stored(self) -> Attachment:
        attachment = get_object_or_404(self.get_queryset(), public_id=self.kwargs["id"])
        if not attachment.is_stored:
            raise Conflict(
                f"There is no copy of this file: {attachment.get_state_display()}. "
                f"{attachment.error}".strip(),
                code=f"file_{attachment.state}",
            )
        return attachment


def _check(kept: Attachment, conversation: Conversation | None) -> None:
    """Refuse what the channel would, before anybody writes a text to it."""
    if conversation is None:
        return
    adapter, file = ADAPTERS[conversation.channel], media.as_file(kept)
    try:
        adapter.allowed(file).check(file, adapter.label)
    except Unsendable as error:
        raise serializers.ValidationError(
            {"file": error.words}, code=error.code
        ) from error
