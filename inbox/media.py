"""Files: fetched while the provider still has them, kept, and handed over to be sent.

The pending rows are the queue. Nothing is downloaded or uploaded inside a transaction.
"""

import logging
import random
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import IO, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import File as DjangoFile
from django.db import transaction
from django.db.models.functions import Now

from flexoraa.lib import fetching, files, http, pictures, sets, sniffing
from flexoraa.lib.crypto import Secret, Undecryptable
from inbox import announcing
from inbox.adapters import ADAPTERS
from inbox.adapters.sending import Call, File, Refusal, Refused, Upload
from inbox.models import Attachment, ChannelAccount, ProviderFile
from inbox.models.attachments import folder_of
from teams.models import User, Workspace

log = logging.getLogger(__name__)
MB = 1024 * 1024
MOST_ATTEMPTS = 10
FIRST_PAUSE, LONGEST_PAUSE = 5, 6 * 3600  # seconds; WhatsApp's ids live seven days
UNSENT_HOURS = 24  # for which an upload waits to be sent
LOST = frozenset((400, 403, 404, 410))  # answers of links that do not come back


class Gone(Exception):
    """The provider no longer has it, or never will give it to us."""


class NotNow(Exception):
    """It may be had later."""


class UploadRefused(Exception):
    """The provider did not take the file."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.words)
        self.refusal = refusal


def drain() -> int:
    """Fetch one file that is due; how many it was."""
    claimed = Attachment.objects.claim(1)
    for key in claimed:
        rows = Attachment.objects.select_related("message")
        with suppress(Attachment.DoesNotExist):  # taken back meanwhile
            fetch(rows.get(pk=key, state="pending"))
    return len(claimed)


def backlog() -> dict[str, float]:
    """How many files wait to be fetched, and how long the oldest has been due."""
    return Attachment.objects.backlog()


def sweep() -> None:
    """Forget uploads that nobody sent; run by the worker, cheap when idle."""
    sets.execute(
        "DELETE FROM inbox_attachment WHERE message_id IS NULL "
        "AND created_at < now() - make_interval(hours => %s)",
        [UNSENT_HOURS],
    )


def fetch(attachment: Attachment) -> None:
    """Get one pending file from its provider; what came of it is on the row.

    Whatever happens to it, this raises nothing that is the file's own fault.
    """
    try:
        with files.draft() as file:
            _download(attachment, file)
            stored = files.keep(file, attachment.folder)
    except (Gone, fetching.Unsafe) as error:
        state = "lost" if isinstance(error, Gone) else "failed"
        settle(attachment, state=state, error=str(error)[:200])
    except (NotNow, fetching.Unreachable, http.CallFailed, Undecryptable) as error:
        postpone(attachment, str(error))
    else:
        if not settle(attachment, **_facts(stored, attachment.filename)):
            remove(attachment.workspace_id, [stored.sha256])


def remove(workspace_id: int, contents: Iterable[str]) -> set[str]:
    """Delete the copies, and their small pictures, that no row names; which they were.
    An upload of the very same bytes at this moment is found by `check_media`."""
    gone = set(contents)
    used = Attachment.objects.for_workspace(workspace_id).filter(content__in=gone)
    gone -= set(used.values_list("content", flat=True))
    for content in gone:
        for made in ("", "thumbnail"):
            path = files.path_of(folder_of(workspace_id), content, made)
            path.unlink(missing_ok=True)
    return gone


def token_of(account: ChannelAccount) -> Secret:
    """What SecretField gives, of accounts that were just made, too."""
    token: Any = account.token
    return token if isinstance(token, Secret) else Secret(token)


def _download(attachment: Attachment, into: IO[bytes]) -> None:
    if attachment.message is None:
        raise Gone("It is in no message, so nobody knows where it is.")
    account = ChannelAccount.objects.get(pk=attachment.message.account_id)
    adapter, token = ADAPTERS[account.channel], token_of(account)
    url = attachment.url
    if call := adapter.lookup_call(attachment.external_id):
        url = _look_up(account, call)
    if not url:
        raise Gone("The provider did not say where the file is.")
    try:
        found = fetching.fetch(
            url,
            into,  # type: ignore[arg-type]
            allowed=fetching.Allowed(adapter.media_hosts, _sandboxes()),
            max_bytes=settings.MEDIA_MAX_MB * MB,
            headers=adapter.headers(token),
            private=adapter.token_hosts,
        )
    except fetching.TooLarge as error:
        raise fetching.TooLarge(
            f"The file is larger than {settings.MEDIA_MAX_MB} MB."
        ) from error
    if found.status in LOST and not call:
        raise Gone(f"The provider's link has expired (HTTP {found.status}).")
    if found.status != 200:
        raise NotNow(f"The provider answered with HTTP {found.status}.")
    if not found.size:
        raise NotNow("The provider sent an empty file.")


def _look_up(account: ChannelAccount, call: Call) -> str:
    """Where WhatsApp has the file at present. Raises Gone or NotNow."""
    adapter, token = ADAPTERS[account.channel], token_of(account)
    answer = http.call(
        call.method,
        adapter.url(call),
        params=adapter.params(call, token),
        headers=adapter.headers(token),
    )
    body = answer.json()
    if answer.status == 200:
        return adapter.media_url(body)
    told = adapter.outcome(answer.status, body)
    why = told.why if isinstance(told, Refusal) else Refused.RETRY
    words = told.words if isinstance(told, Refusal) else "No link was given."
    if why in (Refused.INVALID, Refused.UNREACHABLE):
        raise Gone(f"The provider no longer has the file: {words}")
    raise NotNow(words)


def _sandboxes() -> list[str]:
    """Origins of stand-ins for the platforms, which run on this machine without TLS."""
    if not settings.SANDBOX:
        return []
    roots = (settings.GRAPH_URL, settings.INSTAGRAM_GRAPH_URL)
    return [fetching.origin_of(urlsplit(root)) for root in roots]


def _facts(stored: files.Stored, filename: str) -> dict:
    """What the row says of a kept file; pictures get a small one beside them."""
    mime_type = sniffing.sniff(stored.head, filename)
    facts = {
        "state": "stored",
        "content": stored.sha256,
        "size": stored.size,
        "mime_type": mime_type,
        "error": "",
    }
    if mime_type in sniffing.SHOWN:
        to = files.path_of(stored.folder, stored.sha256, "thumbnail")
        with suppress(pictures.NoPicture):
            size = pictures.thumbnail(stored.path, to)
            facts |= {
                "width": size.width,
                "height": size.height,
                "has_thumbnail": True,
            }
    return facts


@transaction.atomic
def settle(attachment: Attachment, **facts: object) -> bool:
    """Write how it ended, unless somebody was faster; streams hear of it."""
    pending = Attachment.objects.filter(pk=attachment.pk, state="pending")
    if not pending.update(**facts):
        return False
    if attachment.message_id:
        announcing.messages_updated([attachment.message_id])
    return True


def postpone(attachment: Attachment, why: str) -> None:
    """Try again later, less and less often; lost after the tenth attempt."""
    if attachment.attempts >= MOST_ATTEMPTS:
        settle(attachment, state="lost", error=why[:200])
        return
    pause = min(FIRST_PAUSE * 4 ** max(0, attachment.attempts - 1), LONGEST_PAUSE)
    pause *= 0.75 + random.random() / 2  # noqa: S311 (no secret)
    Attachment.objects.filter(pk=attachment.pk, state="pending").update(
        due_at=Now() + timedelta(seconds=pause), error=why[:200]
    )


def store_upload(
    workspace: Workspace, file: DjangoFile, *, by: User | None, voice: bool = False
) -> Attachment:
    """Keep what a member uploads; it waits for a day to be sent with a reply."""
    filename = (file.name or "")[:255]
    with files.draft() as draft:
        for chunk in file.chunks():
            draft.write(chunk)
        stored = files.keep(draft, folder_of(workspace.pk))
    facts = _facts(stored, filename)
    return Attachment.objects.create(
        workspace=workspace,
        kind=sniffing.kind_of(facts["mime_type"]),
        filename=filename,
        uploaded_by=by,
        voice=voice,
        **facts,
    )


def as_file(attachment: Attachment, external_id: str = "") -> File:
    """A stored file as adapters know it."""
    return File(
        kind=attachment.kind,
        mime_type=attachment.mime_type,
        size=attachment.size or 0,
        filename=attachment.filename,
        external_id=external_id,
        voice=attachment.voice,
    )


def provider_id(attachment: Attachment, account: ChannelAccount) -> str:
    """The id by which the account's provider knows this file, to send it by.

    Uploads it, unless the provider was given it before and still has it; call it
    outside any transaction. Uploading sends nothing to anybody, so after any failure it
    may be tried again. Raises http.CallFailed, or UploadRefused with the provider's
    reason.
    """
    known = ProviderFile.objects.remembered(
        account.pk, attachment.content, attachment.kind
    )
    if known:
        return known
    adapter, token = ADAPTERS[account.channel], token_of(account)
    file = as_file(attachment)
    upload = adapter.upload_call(account.external_id, token, file)
    try:
        answer = _upload(account, upload, attachment)
    except FileNotFoundError as error:
        raise UploadRefused(
            Refusal(why=Refused.INVALID, words="The file is no longer stored here.")
        ) from error
    external_id = adapter.uploaded(answer.json()) if answer.status == 200 else ""
    if not external_id:
        told = adapter.outcome(answer.status, answer.json())
        if not isinstance(told, Refusal):
            told = Refusal(why=Refused.RETRY, words="The provider gave the file no id.")
        raise UploadRefused(told)
    _remember(attachment, account, external_id, adapter.upload_days)
    return external_id


def forget(attachments: Iterable[Attachment], account: ChannelAccount) -> None:
    """The provider refused the ids that it gave: `provider_id` uploads anew."""
    ProviderFile.objects.forget(account.pk, [file.content for file in attachments])


def _upload(
    account: ChannelAccount, upload: Upload, attachment: Attachment
) -> http.Answer:
    adapter, token = ADAPTERS[account.channel], token_of(account)
    with attachment.stored.path.open("rb") as file:
        name = attachment.filename or f"{attachment.kind}"
        return http.call(
            upload.call.method,
            adapter.url(upload.call),
            params=adapter.params(upload.call, token),
            headers=adapter.headers(token),
            data=upload.fields,
            files={upload.part: (name, file, attachment.mime_type)},
            read_seconds=60,
        )


def _remember(
    attachment: Attachment, account: ChannelAccount, external_id: str, days: float
) -> None:
    ProviderFile.objects.update_or_create(
        account=account,
        content=attachment.content,
        kind=attachment.kind,
        defaults={
            "external_id": external_id,
            "expires_at": Now() + timedelta(days=days),
        },
        create_defaults={
            "workspace_id": account.workspace_id,
            "external_id": external_id,
            "expires_at": Now() + timedelta(days=days),
        },
    )
