"""Files on disk against the rows that name them: what is missing, what nobody names."""

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from flexoraa.lib import files
from inbox import announcing
from inbox.models import Attachment

OURS = re.compile(r"workspace-(\d+)")
YOUNG_SECONDS = 24 * 3600  # for which a file may still be waiting for its row
BATCH = 1000
GONE = "The copy is gone from the disk. Fetch it again while the provider has it."


class Missing(NamedTuple):
    """A row that says it is stored, and is not there."""

    attachment: int
    path: Path


def missing() -> Iterator[Missing]:
    """Stored attachments whose file is not on disk."""
    stored = Attachment.objects.filter(state="stored").order_by("pk")
    for row in stored.iterator(chunk_size=BATCH):
        if not row.stored.path.exists():
            yield Missing(row.pk, row.stored.path)


def unnamed() -> Iterator[Path]:
    """Files in workspaces' folders, thumbnails too, that no row names; not the young
    ones, whose row may be about to be written."""
    for batch in _batches(files.kept()):
        wanted: dict[int, set[str]] = defaultdict(set)
        for workspace, content, _ in batch:
            wanted[workspace].add(content)
        named = {
            (workspace, content)
            for workspace, contents in wanted.items()
            for content in Attachment.objects.filter(
                workspace=workspace, content__in=contents
            ).values_list("content", flat=True)
        }
        for workspace, content, path in batch:
            if (workspace, content) not in named and _is_old(path):
                yield path


def mark_lost(found: Iterable[Missing]) -> int:
    """Say of these that they are lost, so that they can be fetched again; how many."""
    count = 0
    for row in found:
        rows = Attachment.objects.filter(pk=row.attachment, state="stored")
        if rows.update(state="lost", content="", error=GONE):
            count += 1
            message = Attachment.objects.values_list("message").get(pk=row.attachment)
            announcing.messages_updated([pk for pk in message if pk])
    return count


def remove(paths: Iterable[Path]) -> int:
    """Delete these files; how many there were."""
    count = 0
    for path in paths:
        path.unlink(missing_ok=True)
        count += 1
    return count


def _batches(
    found: Iterable[tuple[str, str, Path]],
) -> Iterator[list[tuple[int, str, Path]]]:
    ours = (
        (int(match[1]), content, path)
        for folder, content, path in found
        if (match := OURS.fullmatch(folder))
    )
    batch: list[tuple[int, str, Path]] = []
    for one in ours:
        batch.append(one)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > YOUNG_SECONDS
    except FileNotFoundError:
        return False
