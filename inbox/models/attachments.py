"""Files and links in messages: where they are at the provider, and the copy of ours."""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from flexoraa.lib import files, sets, sniffing
from inbox.models.accounts import ChannelAccount
from inbox.models.messages import Message
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey

LEASE_SECONDS = 300  # longer than a fetch may take


class AttachmentQuerySet(TenantQuerySet):
    """Sets of files; those that are pending are the queue of inbox.media."""

    def claim(self, limit: int) -> list[int]:
        """Take what is due, for as long as a fetch may take; who dies meanwhile holds
        it up no longer. By the database's clock."""
        rows = sets.fetch(
            "UPDATE inbox_attachment SET attempts = attempts + 1, "
            "due_at = statement_timestamp() + make_interval(secs => %s) WHERE id IN ("
            "SELECT id FROM inbox_attachment WHERE state = 'pending' "
            "AND due_at <= statement_timestamp() ORDER BY due_at, id LIMIT %s "
            "FOR UPDATE SKIP LOCKED) RETURNING id",
            [LEASE_SECONDS, limit],
        )
        return [row[0] for row in rows]

    def fetch_again(self) -> int:
        """Make what was lost, or failed, pending once more; how many."""
        wanted = self.filter(state__in=["lost", "failed"])
        return wanted.update(state="pending", attempts=0, due_at=Now(), error="")

    def with_page(self) -> "AttachmentQuerySet":
        """`page` is where a link leads to; files have none, they are served by us."""
        return self.annotate(
            page=Case(
                When(state="link", then=F("url")),
                default=Value(""),
                output_field=models.TextField(),
            )
        )

    def backlog(self) -> dict[str, float]:
        """How many wait, and for how many seconds the oldest has been due."""
        count, age = sets.fetch(
            "SELECT count(*), coalesce(extract(epoch FROM statement_timestamp() "
            "- min(due_at)), 0) FROM inbox_attachment WHERE state = 'pending'"
        )[0]
        return {"waiting": count, "oldest_seconds": max(0.0, round(float(age), 3))}


class Attachment(WorkspaceRow):
    """A file or link. What came in is `pending` until the worker has a copy of it;
    what was uploaded here has no message until it is sent.

    `mime_type` is what the provider says until the file is stored, and then what its
    bytes say. `sha256` is the provider's word; `content` is the SHA-256 of our copy,
    under which it is kept.
    """

    class State(models.TextChoices):
        LINK = "link", "Link"
        PENDING = "pending", "Being fetched"
        STORED = "stored", "Stored"
        LOST = "lost", "Lost"  # the provider no longer has it, or nobody could get it
        FAILED = "failed", "Refused"  # by us: too large, or from where it must not be

    message = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        null=True,
        related_name="attachments",
        db_constraint=False,
    )
    position = models.SmallIntegerField(default=0)
    kind = models.CharField(max_length=20)
    external_id = models.CharField(max_length=512, blank=True, db_default="")
    url = models.TextField(blank=True, db_default="")
    mime_type = models.CharField(max_length=200, blank=True)
    filename = models.TextField(blank=True)
    sha256 = models.CharField(max_length=100, blank=True, db_default="")
    title = models.TextField(blank=True, db_default="")
    voice = models.BooleanField(default=False, db_default=False)

    state = models.CharField(
        max_length=8, choices=State.choices, default="pending", db_default="pending"
    )
    content = models.CharField(max_length=64, blank=True, db_default="")
    size = models.BigIntegerField(null=True)
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    has_thumbnail = models.BooleanField(default=False, db_default=False)
    error = models.CharField(max_length=200, blank=True, db_default="")
    attempts = models.SmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(db_default=Now())
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        constraints = [
            TenantKey("message", name="inbox_attachment_message_whose"),
            models.CheckConstraint(
                condition=Q(state__in=["link", "pending", "stored", "lost", "failed"]),
                name="inbox_attachment_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="stored") | ~Q(content="") & Q(size__isnull=False),
                name="inbox_attachment_stored_has_content",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state="pending"),
                name="inbox_attachment_due",
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(message__isnull=True),
                name="inbox_attachment_unsent",
            ),
            models.Index(
                fields=["workspace", "content"],
                condition=~Q(content=""),
                name="inbox_attachment_content",
            ),
        ]
        ordering = ("message_id", "position")

    def __str__(self) -> str:
        return self.filename or self.title or self.kind

    @property
    def is_stored(self) -> bool:
        """Whether there is a copy to serve."""
        return self.state == self.State.STORED

    @property
    def is_shown(self) -> bool:
        """Whether a browser may show or play it in a page; all else is a download."""
        return self.mime_type in sniffing.SHOWN | sniffing.PLAYED

    @property
    def folder(self) -> str:
        """Under which folder of MEDIA_ROOT the copy is kept."""
        return folder_of(self.workspace_id)

    @property
    def stored(self) -> files.Stored:
        """The copy on disk, without its first bytes."""
        return files.Stored(self.folder, self.content, self.size or 0, b"")

    @property
    def small_path(self) -> Path:
        """Where the small picture of a picture is, if it `has_thumbnail`."""
        return files.path_of(self.folder, self.content, "thumbnail")


def folder_of(workspace_id: int) -> str:
    """The folder of MEDIA_ROOT with a workspace's files."""
    return f"workspace-{workspace_id}"


class ProviderFileQuerySet(TenantQuerySet):
    """What providers were given."""

    def remembered(self, account_id: int, content: str, kind: str) -> str:
        """The id under which the provider still has the file; "" when it has not."""
        found = self.filter(
            account=account_id, content=content, kind=kind, expires_at__gt=Now()
        )
        return found.values_list("external_id", flat=True).first() or ""

    def forget(self, account_id: int, contents: Iterable[str]) -> None:
        """The provider does not take these ids any more: upload again next time."""
        self.filter(account=account_id, content__in=list(contents)).delete()


class ProviderFile(WorkspaceRow):
    """A file of ours that an account's provider was given, and the id that it has
    there until `expires_at`; sending it again needs no second upload."""

    account = models.ForeignKey(
        ChannelAccount, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    content = models.CharField(max_length=64)
    kind = models.CharField(max_length=20)
    external_id = models.CharField(max_length=512)
    expires_at = models.DateTimeField()

    objects = ProviderFileQuerySet.as_manager()

    class Meta:
        constraints = [
            TenantKey("account", name="inbox_providerfile_account_whose"),
            models.UniqueConstraint(
                fields=["account", "content", "kind"], name="inbox_providerfile_one"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id
