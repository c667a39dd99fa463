"""Small pictures of pictures, made only where nobody waits for them: in the worker."""

import warnings
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

from flexoraa.lib import files

MOST_PIXELS = 50_000_000  # of a picture that is opened at all; phones make up to 50
SIDE = 480  # pixels of the longer side
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


class NoPicture(Exception):
    """It cannot be opened, or would be too large when unpacked."""


class Size(NamedTuple):
    """In pixels, the right way up."""

    width: int
    height: int


def thumbnail(path: Path, to: Path) -> Size:
    """Write a WebP of at most 480 pixels to `to`, without what cameras add; the size
    of the picture itself. Raises NoPicture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as picture:
                size = Size(*picture.size)
                if size.width * size.height > MOST_PIXELS:
                    raise NoPicture("It has too many pixels.")
                picture.draft("RGB", (SIDE * 2, SIDE * 2))
                upright = ImageOps.exif_transpose(picture)
                turned = picture.getexif().get(0x0112, 1) > 4
                small = upright.convert("RGBA" if _has_alpha(upright) else "RGB")
                small.thumbnail((SIDE, SIDE))
                _write(small, to)
    except (
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        MemoryError,
    ) as error:
        raise NoPicture(f"It cannot be opened: {error!r:.100}") from error
    return Size(size.height, size.width) if turned else size


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info


def _write(small: Image.Image, to: Path) -> None:
    with files.draft() as file:
        small.save(file, "WEBP", quality=80, exif=b"")
        file.flush()
        files.place(Path(file.name), to, file.fileno())
