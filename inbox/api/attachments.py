"""Files in the API: uploads, and each byte of a customer's file that leaves us."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header, parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib import files, sniffing
from flexoraa.lib.errors import Conflict
from flexoraa.lib.rows import ReadsRows
from inbox import media
from inbox.adapters import ADAPTERS
from inbox.adapters.sending import Unsendable
from inbox.api.serializers import AttachmentSerializer
from inbox.models import Attachment, Conversation
from teams.api.scoping import WorkspaceRelatedField, WorkspaceScoped
from teams.roles import Action

RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
BINARY = OpenApiResponse(OpenApiTypes.BINARY)
CHUNK = 256 * 1024
FORM_BYTES = 64 * 1024  # of a form around its file
HEADERS = {
    # a browser does nothing with it but show it, whatever is in it
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=600",
    "Accept-Ranges": "bytes",
}


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
        response = serve(
            request,
            attachment.stored.path,
            attachment.mime_type if attachment.is_shown else sniffing.UNKNOWN,
            attachment.content,
        )
        name = attachment.filename or f"{attachment.kind}-{attachment.public_id}"
        response["Content-Disposition"] = content_disposition_header(
            not attachment.is_shown, name
        )
        return response

    @extend_schema(
        responses={(200, "image/webp"): OpenApiResponse(OpenApiTypes.BINARY)}
    )
    def thumbnail(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A small WebP of a picture, made here; 404 where there is none."""
        attachment = self._stored()
        path = files.path_of(attachment.folder, attachment.content, "thumbnail")
        if not attachment.has_thumbnail:
            raise exceptions.NotFound("There is no small picture of this file.")
        return serve(request, path, "image/webp", f"{attachment.content}-thumbnail")

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


def serve(request: Any, path: Path, mime_type: str, tag: str) -> HttpResponseBase:
    """A file with safe headers: whole (200), in part (206), or unchanged (304)."""
    etag = f'"{tag}"'
    wanted = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponseBase
    if etag in wanted or wanted == ["*"]:
        response = HttpResponse(status=304)
    else:
        try:
            response = _content(request, path, etag)
        except FileNotFoundError as error:
            raise Conflict("The file is missing on this server.", "file_missing") from (
                error
            )
    for name, value in {**HEADERS, "ETag": etag, "Content-Type": mime_type}.items():
        response[name] = value
    return response


def _content(request: Any, path: Path, etag: str) -> HttpResponseBase:
    size = path.stat().st_size
    part = range_of(request.headers.get("Range", ""), size)
    if request.headers.get("If-Range", etag) != etag:
        part = None
    if part == ():
        refusal = HttpResponse(status=416)
        refusal["Content-Range"] = f"bytes */{size}"
        return refusal
    start, end = part or (0, size - 1)
    response = StreamingHttpResponse(
        _pieces(path, start, end), status=206 if part else 200
    )
    response["Content-Length"] = str(end - start + 1)
    if part:
        response["Content-Range"] = f"bytes {start}-{end}/{size}"
    return response


def range_of(header: str, size: int) -> tuple[int, int] | tuple[()] | None:
    """First and last byte of the one range asked for; () when there are no such bytes,
    None for the whole (RFC 9110, section 14.2: what is not understood is ignored)."""
    found = RANGE.fullmatch(header.replace(" ", ""))
    if not found or found[0] == "bytes=-":
        return None
    if not found[1]:
        count = int(found[2])
        return (max(0, size - count), size - 1) if count and size else ()
    start, end = int(found[1]), int(found[2] or size - 1)
    if end < start and found[2]:
        return None
    return (start, min(end, size - 1)) if start < size else ()


def _pieces(path: Path, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        left = end - start + 1
        while left > 0 and (piece := file.read(min(CHUNK, left))):
            left -= len(piece)
            yield piece
