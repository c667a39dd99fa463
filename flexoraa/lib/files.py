"""Files on disk by what is in them: the same bytes are kept once in a folder.

A file is written beside its place, brought to disk, and moved there in one step, so
what has a name is whole. Folders are workspaces', so what one has says nothing about
another, and a workspace can be erased by its folder.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from django.conf import settings

from flexoraa.lib import sniffing

SUFFIX = {"thumbnail": ".thumb"}
CHUNK = 1024 * 1024  # bytes that are read at once


class Stored(NamedTuple):
    """A file that is kept: its folder's name, SHA-256 in hex, size and first bytes."""

    folder: str
    sha256: str
    size: int
    head: bytes

    @property
    def path(self) -> Path:
        return path_of(self.folder, self.sha256)


@contextmanager
def draft() -> Iterator[IO[bytes]]:
    """A file that is gone at the end of the block, unless `keep` took it."""
    folder = Path(settings.MEDIA_ROOT) / "drafts"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        try:
            yield file
        finally:
            Path(file.name).unlink(missing_ok=True)


def keep(file: IO[bytes], folder: str) -> Stored:
    """Move a draft to its place, or drop it when the same is there already."""
    file.flush()
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    size = file.tell()
    file.seek(0)
    stored = Stored(folder, digest.hexdigest(), size, file.read(sniffing.HEAD))
    place(Path(file.name), stored.path, file.fileno())
    return stored


def place(draft: Path, path: Path, number: int) -> None:
    """Bring a written file to disk under its name; `number` is its descriptor."""
    if path.exists():
        os.utime(path)  # the broom leaves young files alone
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    os.fsync(number)
    draft.replace(path)
    _sync(path.parent)


def path_of(folder: str, sha256: str, of: str = "") -> Path:
    """Where a file is, or what was made of it (`thumbnail`)."""
    return (
        Path(settings.MEDIA_ROOT) / folder / sha256[:2] / (sha256 + SUFFIX.get(of, ""))
    )


def kept() -> Iterator[tuple[str, str, Path]]:
    """Every file that is kept: folder, SHA-256, path; thumbnails beside them."""
    for path in Path(settings.MEDIA_ROOT).glob("*/??/*"):
        yield path.parts[-3], path.name.partition(".")[0], path


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
