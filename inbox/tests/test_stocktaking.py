"""Files on disk are compared with the rows that name them."""

import os
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from flexoraa.lib import files
from inbox.models import Attachment
from inbox.models.attachments import folder_of
from inbox.tests.replying import say, talk

pytestmark = pytest.mark.django_db
LONG_AGO = 1_600_000_000


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def store(account):
    """store(b"...") -> the file of a message, on disk for long."""
    message = say(talk(account))

    def store(content: bytes, named: bool = True) -> files.Stored:
        with files.draft() as draft:
            draft.write(content)
            stored = files.keep(draft, folder_of(account.workspace_id))
        os.utime(stored.path, (LONG_AGO, LONG_AGO))
        if named:
            Attachment.objects.create(
                workspace=account.workspace,
                message=message,
                kind="image",
                state="stored",
                content=stored.sha256,
                size=stored.size,
            )
        return stored

    return store


def check(*options: str) -> str:
    said = StringIO()
    call_command("check_media", *options, stdout=said)
    return said.getvalue()


def test_files_and_rows_that_agree_are_left_alone(store):
    kept = store(b"one")
    assert check() == "Files and rows agree.\n"
    assert "0 marked as lost, 0 files deleted." in check("--mend")
    assert kept.path.exists()


def test_a_file_that_is_gone_can_be_fetched_again(store):
    store(b"one")
    lost = store(b"two")
    lost.path.unlink()
    with pytest.raises(CommandError, match="1 files are missing, 0 belong to nobody"):
        check()
    assert Attachment.objects.filter(state="stored").count() == 2
    assert "1 marked as lost" in check("--mend")
    row = Attachment.objects.get(state="lost")
    assert row.error.startswith("The copy is gone")
    assert check() == "Files and rows agree.\n"


def test_a_file_that_nobody_names_goes_with_its_thumbnail(store, account):
    orphan = store(b"nobody's", named=False)
    small = files.path_of(orphan.folder, orphan.sha256, "thumbnail")
    small.write_bytes(b"small")
    os.utime(small, (LONG_AGO, LONG_AGO))
    kept = store(b"somebody's")
    with pytest.raises(CommandError, match="0 files are missing, 2 belong to nobody"):
        check()
    assert "2 files deleted" in check("--mend")
    assert (orphan.path.exists(), small.exists()) == (False, False)
    assert kept.path.exists()


def test_young_files_and_those_of_others_are_left_alone(store, settings):
    young = store(b"just written", named=False)
    os.utime(young.path)
    other = settings.MEDIA_ROOT / "imports" / "ab" / "abc"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"x")
    os.utime(other, (LONG_AGO, LONG_AGO))
    assert check() == "Files and rows agree.\n"
    assert young.path.exists()
    assert other.exists()


def test_the_same_bytes_in_another_workspace_name_nothing_here(store, make_workspace):
    orphan = store(b"the same", named=False)
    Attachment.objects.create(
        workspace=make_workspace("theirs"),
        kind="image",
        state="stored",
        content=orphan.sha256,
        size=orphan.size,
    )
    check("--mend")
    assert not orphan.path.exists()
