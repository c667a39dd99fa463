"""Files of the stand-in: uploads, look-up by id, links that expire.

Sources: developers.facebook.com, WhatsApp "media"; Instagram and Messenger "message
attachments".
"""

import hashlib
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import NamedTuple

from flexoraa.sandbox.graph_errors import GraphError

MEGABYTE = 1024 * 1024
LINK_SECONDS = 300.0  # WhatsApp's links live five minutes
KINDS: dict[str, tuple[set[str], int]] = {  # WhatsApp: types and bytes at most
    "image": ({"image/jpeg", "image/png"}, 5 * MEGABYTE),
    "audio": (
        {"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"},
        16 * MEGABYTE,
    ),
    "video": ({"video/mp4", "video/3gpp"}, 16 * MEGABYTE),
    "sticker": ({"image/webp"}, 500 * 1024),
    "document": (
        {
            "text/plain",
            "text/csv",
            "application/pdf",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        },
        100 * MEGABYTE,
    ),
}
IMAGES = {"image/png", "image/jpeg", "image/gif"}  # Instagram's and Messenger's
FILE_BYTES = 25 * MEGABYTE  # Messenger, and Instagram but for pictures
INSTAGRAM_IMAGE_BYTES = 8 * MEGABYTE


@dataclass
class File:
    """A stored file."""

    id: str
    account: str
    body: bytes
    mime_type: str
    filename: str = ""
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        self.sha256 = hashlib.sha256(self.body).hexdigest()


class Link(NamedTuple):
    """Leads to a file until a time (seconds since 1970)."""

    file: File
    until: float
    is_private: bool  # it needs the token, too: WhatsApp's do, the others' do not


class Library:
    """The files of all accounts; for any number of threads."""

    def __init__(self, link_seconds: float = LINK_SECONDS) -> None:
        self.link_seconds = link_seconds
        self._lock = threading.Lock()
        self._files: dict[str, File] = {}
        self._links: dict[str, Link] = {}

    def store(
        self, account: str, body: bytes, mime_type: str, filename: str = ""
    ) -> File:
        """Keep a file under a new id."""
        number = str(secrets.randbelow(9 * 10**14) + 10**14)
        file = File(number, account, body, mime_type, filename)
        with self._lock:
            self._files[file.id] = file
        return file

    def get(self, file_id: str) -> File | None:
        """The file of that id."""
        with self._lock:
            return self._files.get(file_id)

    def remove(self, file_id: str) -> None:
        """Delete it; its links die, too."""
        with self._lock:
            file = self._files.pop(file_id, None)
            for key, link in list(self._links.items()):
                if link.file is file:
                    del self._links[key]

    def link(self, file: File, *, is_private: bool = True) -> str:
        """A fresh path to download it from."""
        key = secrets.token_urlsafe(24)
        link = Link(file, time.time() + self.link_seconds, is_private)
        with self._lock:
            self._links[key] = link
        return f"/_media/{key}"

    def follow(self, key: str) -> Link | None:
        """Where a path leads to while it lives."""
        with self._lock:
            link = self._links.get(key)
        return link if link and link.until > time.time() else None

    def expire_links(self) -> None:
        """Every link given so far is dead."""
        with self._lock:
            self._links.clear()

    def clear(self) -> None:
        """Empty the shelves."""
        with self._lock:
            self._files.clear()
            self._links.clear()


def kind_of(mime_type: str) -> str:
    """The message type that takes such a file on WhatsApp; empty when none does."""
    plain = mime_type.split(";")[0].strip().lower()
    return next((kind for kind, (types, _) in KINDS.items() if plain in types), "")


def check_upload(mime_type: str, size: int) -> None:
    """Raise GraphError unless WhatsApp takes such a file."""
    kind = kind_of(mime_type)
    if not kind:
        raise GraphError(
            100,
            f"Param file must be a file with one of the following types: "
            f"{', '.join(sorted(KINDS['image'][0] | KINDS['audio'][0]))}, …. "
            f"Received file of type '{mime_type}'.",
        )
    if size > KINDS[kind][1]:
        raise GraphError(131053, f"The file is larger than {KINDS[kind][1]} bytes.")


def check_attachment(channel: str, kind: str, mime_type: str, size: int) -> None:
    """Raise GraphError unless Messenger or Instagram takes such a file."""
    if kind == "image" and mime_type not in IMAGES:
        raise GraphError(100, f"Unsupported image type {mime_type}.", subcode=2018047)
    small = channel == "instagram" and kind == "image"
    limit = INSTAGRAM_IMAGE_BYTES if small else FILE_BYTES
    if size > limit:
        raise GraphError(
            100, "Attachment size exceeds allowable limit.", subcode=2018109
        )
