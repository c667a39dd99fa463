"""What a file is, by its first bytes; what somebody says it is counts for little.

Types as registered with IANA. Signatures: the formats' own specifications, as collected
in the WHATWG's "MIME Sniffing" and in libmagic.
"""

import re

HEAD = 4096  # bytes that are looked at
UNKNOWN = "application/octet-stream"
SIGNATURES: list[tuple[int, bytes, str]] = [
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"fLaC", "audio/flac"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
]
RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
BRANDS = [  # ISO base media: the brand after "ftyp", by its beginning
    (b"M4A", "audio/mp4"),
    (b"M4B", "audio/mp4"),
    (b"3g", "video/3gpp"),
    (b"qt", "video/quicktime"),
    (b"heic", "image/heic"),
    (b"mif1", "image/heic"),
    (b"avif", "image/avif"),
]
OFFICE = {  # by ending, for what is a ZIP or an OLE file inside
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
}
MARKUP = re.compile(rb"<(!doctype html|html|head|body|script|svg|iframe|!--|\?xml)")
SHOWN = frozenset(("image/jpeg", "image/png", "image/gif", "image/webp"))
PLAYED = frozenset(
    (
        "audio/aac",
        "audio/amr",
        "audio/flac",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "audio/webm",
        "video/3gpp",
        "video/mp4",
        "video/quicktime",
        "video/webm",
    )
)


def sniff(head: bytes, filename: str = "") -> str:
    """The type of a file that begins like this; its name only tells apart what the
    bytes leave open."""
    ending = filename.rpartition(".")[2].lower()
    for place, signature, kind in SIGNATURES:
        if head.startswith(signature, place):
            if kind in ("application/zip", "application/x-ole-storage"):
                return OFFICE.get(ending, kind)
            return "audio/webm" if kind == "video/webm" and ending == "weba" else kind
    if head[:4] == b"RIFF":
        return RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        found = (kind for brand, kind in BRANDS if head[8:].startswith(brand))
        return next(found, "video/mp4")
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        # frames of MPEG audio: layer 0 is ADTS, which is AAC
        return "audio/aac" if head[1] & 0x06 == 0 else "audio/mpeg"
    return _text(head, ending)


def kind_of(mime_type: str) -> str:
    """image, video, audio or document: what a message of this file is."""
    if mime_type in SHOWN:
        return "image"
    if mime_type in PLAYED or mime_type == "video/x-msvideo":
        return mime_type.partition("/")[0]
    return "document"


def _text(head: bytes, ending: str) -> str:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4 or not head:  # else a character is cut in two
            return UNKNOWN
    if b"\0" in head:
        return UNKNOWN
    if found := MARKUP.search(head.lower()):
        return "image/svg+xml" if b"<svg" in head.lower() else _markup(found[1])
    return "text/csv" if ending == "csv" else "text/plain"


def _markup(word: bytes) -> str:
    return "text/xml" if word == b"?xml" else "text/html"
