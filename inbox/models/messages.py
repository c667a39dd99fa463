"""Messages of every channel in one table, and what hangs on them."""

import json
from collections.abc import Iterable

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from flexoraa.lib import sets
from inbox import adapters
from inbox.adapters.base import Kind
from inbox.models.accounts import ChannelAccount
from inbox.models.conversations import Conversation
from inbox.models.ledger import WebhookDelivery
from inbox.models.people import Contact
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey

# Statuses move up only. A message that failed can still turn out delivered (WhatsApp
# retries by itself), but nothing comes after read and played.
RANKS = {
    "received": 0,
    "noted": 0,
    "queued": 0,
    "sending": 1,
    "unknown": 2,  # it may have been sent; a status, an echo or time will tell
    "unconfirmed": 2,  # nobody told: a person decides
    "sent": 3,
    "failed": 4,
    "delivered": 5,
    "read": 6,
    "played": 7,
}


NOT_SENT_BEFORE = "The part before it was not sent."
STATUSES = [(status, status.title()) for status in RANKS]

# WhatsApp's history names a file first and brings it later under the same id
PLACEHOLDER = "m.kind = 'unsupported' AND m.payload ->> 'type' = 'media_placeholder'"


# What a text search looks at: words as they are written, no language's grammar
WORDS = SearchVector("text", config="simple")
MOST_WORDS = 10


def words_query(term: str) -> SearchQuery:
    """Every word of the term, each the beginning of a word that is sought."""
    quoted = [
        "'" + word.replace("\\", "\\\\").replace("'", "''") + "':*"
        for word in term.split()[:MOST_WORDS]
    ]
    return SearchQuery(" & ".join(quoted), config="simple", search_type="raw")


def kinds() -> list[tuple[str, str]]:
    """A callable, so that a new kind of message needs no migration."""
    return [(kind.value, kind.value) for kind in Kind]


class MessageQuerySet(TenantQuerySet):
    """Sets of messages."""

    def known(self, ids: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
        """Which of these (account id, external id) are stored already, not counting
        placeholders: what they stand for has their id."""
        wanted = list(ids)
        if not wanted:
            return set()
        rows = sets.fetch(
            "SELECT m.account_id, m.external_id FROM unnest(%s::bigint[], %s::text[]) "
            "AS k(account_id, external_id) JOIN inbox_message m "
            f"USING (account_id, external_id) WHERE m.external_id <> '' "
            f"AND NOT ({PLACEHOLDER})",
            [list(column) for column in zip(*wanted, strict=True)],
        )
        return set(rows)

    def lock(self, ids: Iterable[int]) -> None:
        """Lock these rows in the order that everybody locks them: by id."""
        sets.execute(
            "SELECT 1 FROM inbox_message WHERE id = ANY(%s) "
            "ORDER BY id FOR NO KEY UPDATE",
            [sorted(ids)],
        )

    def saying(self, term: str) -> "MessageQuerySet":
        """Those with words that begin as each word of the term does, in any script."""
        return self.alias(words=WORDS).filter(words=words_query(term))

    def estimate(self) -> int:
        """How many rows the planner expects; it knows which words are common."""
        plan = json.loads(self.order_by().explain(format="json"))
        return int(plan[0]["Plan"]["Plan Rows"])

    def fail_dependents(self, ids: Iterable[int]) -> list[int]:
        """What waits for these messages, which were not sent, is not sent either; the
        ids of all that."""
        everybody: list[int] = []
        while ids := list(ids):
            rows = sets.fetch(
                "UPDATE inbox_message SET status = 'failed', status_rank = %s, "
                "error = %s WHERE depends_on_id = ANY(%s) "
                "AND depends_on_id IS NOT NULL AND status = 'queued' RETURNING id",
                [RANKS["failed"], NOT_SENT_BEFORE, ids],
            )
            ids = [row[0] for row in rows]
            everybody += ids
        return everybody

    def in_order(self) -> "MessageQuerySet":
        """Oldest first: by the provider's clock, then as they were stored."""
        return self.order_by("provider_at", "id")


class Message(WorkspaceRow):
    """One message in or out, or a note between colleagues.

    `external_id` is the provider's id, "" until it is known. `provider_at` is the
    provider's clock, `created_at` ours. `payload` holds what `text` and attachments
    cannot say, by kind; `ref` is our own reference in a message that we sent.

    A queued message is its own outbox (inbox/outbox.py): `next_attempt_at` says when
    it is due, `leased_by` which database session sends it, `uncertain_at` since when
    nobody knows whether it was sent, `depends_on` what must have been sent before, and
    `error` in words what keeps it. Each attempt is a SendAttempt.
    """

    class Direction(models.TextChoices):
        IN = "in", "Inbound"
        OUT = "out", "Outbound"
        NOTE = "note", "Note"

    # One composite key in the database ties workspace, account and conversation
    # together (migration 0003), so each alone needs none.
    workspace = models.ForeignKey(
        "teams.Workspace",
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    account = models.ForeignKey(
        ChannelAccount,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.CASCADE,
        related_name="messages",
        db_index=False,
        db_constraint=False,
    )
    contact = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    delivery = models.ForeignKey(
        WebhookDelivery,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text="The webhook that brought it; bodies are not kept for ever.",
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    channel = models.CharField(max_length=20, choices=adapters.choices)
    direction = models.CharField(max_length=4, choices=Direction.choices)
    kind = models.CharField(max_length=20, choices=kinds)
    text = models.TextField(blank=True, db_default="")
    payload = models.JSONField(db_default=models.Value({}, models.JSONField()))
    external_id = models.CharField(max_length=512, blank=True, db_default="")
    reply_to = models.CharField(
        "reply to", max_length=512, blank=True, db_default="", help_text="external ID"
    )
    ref = models.CharField(max_length=40, blank=True, db_default="")
    status = models.CharField(max_length=12, choices=STATUSES)
    status_rank = models.SmallIntegerField(db_default=0)
    errors = models.JSONField(db_default=models.Value([], models.JSONField()))
    error = models.CharField(max_length=500, blank=True, db_default="")
    attempts = models.SmallIntegerField(db_default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    leased_by = models.IntegerField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    uncertain_at = models.DateTimeField(null=True, blank=True)
    depends_on = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="dependents",
        db_index=False,
        db_constraint=False,
    )
    provider_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    unsent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = MessageQuerySet.as_manager()
    parts: "list[Message]"  # of a reply just queued: all messages that say it

    class Meta:
        constraints = [
            TenantKey(
                "conversation",
                name="inbox_message_conversation_whose",
                shared=["workspace", "account"],
            ),
            TenantKey("contact", name="inbox_message_contact_whose"),
            TenantKey("depends_on", name="inbox_message_depends_on_whose"),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="inbox_message_whose"
            ),
            models.UniqueConstraint(
                fields=["account", "external_id"],
                condition=~Q(external_id=""),
                name="inbox_message_once",
            ),
            models.UniqueConstraint(
                fields=["ref"], condition=~Q(ref=""), name="inbox_message_ref_once"
            ),
            models.CheckConstraint(
                condition=Q(direction__in=["in", "out", "note"]),
                name="inbox_message_direction_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=list(RANKS)), name="inbox_message_status_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["conversation", "provider_at", "id"],
                name="inbox_message_thread",
            ),
            models.Index(fields=["workspace", "-id"], name="inbox_message_newest"),
            # reports count by day; rows lie about in the order of their times
            BrinIndex(
                fields=["provider_at"], name="inbox_message_times", autosummarize=True
            ),
            GinIndex(
                F("workspace"),
                WORDS,
                name="inbox_message_words",
                gin_pending_list_limit=512,  # kB; each search reads what is pending
            ),
            # which ads led here (inbox/leading.py)
            models.Index(
                fields=["created_at"],
                condition=Q(payload__has_key="referral"),
                name="inbox_message_referred",
            ),
            # one small index for each question that sending asks
            models.Index(
                fields=["account", "next_attempt_at", "id"],
                condition=Q(status="queued"),
                name="inbox_message_queued",
            ),
            models.Index(
                fields=["conversation", "id"],
                condition=Q(status__in=["queued", "sending"]),
                name="inbox_message_ahead",
            ),
            models.Index(
                fields=["id"],
                condition=Q(status="sending"),
                name="inbox_message_sending",
            ),
            models.Index(
                fields=["uncertain_at", "id"],
                condition=Q(status="unknown"),
                name="inbox_message_unknown",
            ),
            models.Index(
                fields=["workspace", "-id"],
                condition=Q(status__in=["unconfirmed", "failed"]),
                name="inbox_message_undelivered",
            ),
            models.Index(
                fields=["depends_on"],
                condition=Q(depends_on__isnull=False),
                name="inbox_message_depends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.direction}"
