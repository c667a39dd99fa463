"""Files of strangers in answers: with headers that leave a browser nothing to run."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header, parse_etags

from flexoraa.lib import sniffing
from flexoraa.lib.errors import Conflict

RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
CHUNK = 256 * 1024
HEADERS = {
    # a browser does nothing with it but show it, whatever is in it
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=600",
    "Accept-Ranges": "bytes",
}


def serve(
    request: HttpRequest, path: Path, mime_type: str, tag: str, filename: str = ""
) -> HttpResponseBase:
    """A file: whole (200), in part (206), or unchanged (304).

    Pictures, sound and film are shown in a page; anything else, HTML and SVG above all,
    is a download. `mime_type` is what its bytes say, `tag` names its content. Raises
    Conflict when it is not there.
    """
    etag = f'"{tag}"'
    wanted = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponseBase
    if etag in wanted or wanted == ["*"]:
        response = HttpResponse(status=304)
    else:
        response = _content(request, path, etag)
    is_shown = mime_type in sniffing.SHOWN | sniffing.PLAYED
    for name, value in HEADERS.items():
        response[name] = value
    response["ETag"] = etag
    response["Content-Type"] = mime_type if is_shown else sniffing.UNKNOWN
    disposition = content_disposition_header(not is_shown, filename)
    response["Content-Disposition"] = disposition or "inline"
    return response


def _content(request: HttpRequest, path: Path, etag: str) -> HttpResponseBase:
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise Conflict("The file is missing here.", "file_missing") from error
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
