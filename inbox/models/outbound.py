"""What sending leaves behind: attempts, the state of each account's lane, gestures, and
who was mentioned in a note."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from inbox.models.accounts import ChannelAccount
from inbox.models.conversations import Conversation
from inbox.models.messages import Message
from teams.tenancy import WorkspaceRow
from teams.tenant_keys import TenantKey


class SendAttempt(WorkspaceRow):
    """One call for one message, by its own reference; written before the call is made.

    What comes back with a reference belongs to its attempt, also when the message was
    sent again meanwhile: `confirmed_late_at` then says that it was doubled.
    """

    class Outcome(models.TextChoices):
        RUNNING = "running", "Under way"
        SENT = "sent", "Sent"
        REFUSED = "refused", "Refused"
        NOT_SENT = "not_sent", "Not sent"
        UNCERTAIN = "uncertain", "Uncertain"

    class Decision(models.TextChoices):
        RESENT = "resent", "Sent again"
        MARKED = "marked", "Marked as sent"

    message = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        related_name="sends",
        db_index=False,
        db_constraint=False,
    )
    number = models.SmallIntegerField()
    ref = models.CharField(max_length=40, unique=True)
    outcome = models.CharField(
        max_length=10, choices=Outcome.choices, default=Outcome.RUNNING
    )
    external_id = models.CharField(max_length=512, blank=True, db_default="")
    code = models.IntegerField(null=True)
    subcode = models.IntegerField(null=True)
    detail = models.TextField(blank=True, db_default="")
    trace = models.CharField(max_length=100, blank=True, db_default="")
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    confirmed_late_at = models.DateTimeField(null=True)
    # what a person decided when it had failed or nobody had confirmed it
    decision = models.CharField(
        max_length=6, choices=Decision.choices, blank=True, db_default=""
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            TenantKey("message", name="inbox_sendattempt_message_whose"),
            models.UniqueConstraint(
                fields=["message", "number"], name="inbox_sendattempt_number_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    outcome__in=["running", "sent", "refused", "not_sent", "uncertain"]
                ),
                name="inbox_sendattempt_outcome_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["confirmed_late_at"],
                condition=Q(confirmed_late_at__isnull=False),
                name="inbox_sendattempt_late",
            )
        ]

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.outcome}"


class SendLane(WorkspaceRow):
    """How fast an account may send right now. A row apart from the account: it changes
    many times a second, and who sends for an account holds its lock.

    `tokens` are messages that may go at once, as of `refilled_at`. `throttles` counts
    how often in a row the provider asked for a pause.
    """

    account = models.OneToOneField(
        ChannelAccount, on_delete=models.CASCADE, related_name="lane"
    )
    tokens = models.FloatField(db_default=1)
    refilled_at = models.DateTimeField(db_default=Now())
    paused_until = models.DateTimeField(null=True)
    pause_reason = models.CharField(max_length=200, blank=True, db_default="")
    throttles = models.SmallIntegerField(db_default=0)

    class Meta:
        constraints = [TenantKey("account", name="inbox_sendlane_account_whose")]

    def __str__(self) -> str:
        return f"lane of {self.account_id}"


class Gesture(WorkspaceRow):
    """What is sent beside messages: seen, typing, a reaction. Each may be repeated
    without harm, and only the latest of a kind counts, so it is sent without ceremony
    and forgotten."""

    class Kind(models.TextChoices):
        SEEN = "seen", "Seen"
        TYPING = "typing", "Typing"
        REACTION = "reaction", "Reaction"

    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    target = models.CharField(max_length=512, blank=True)
    emoji = models.CharField(max_length=64, blank=True)
    attempts = models.SmallIntegerField(db_default=0)
    due_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            TenantKey("conversation", name="inbox_gesture_conversation_whose"),
            models.UniqueConstraint(
                fields=["conversation", "kind", "target"], name="inbox_gesture_latest"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["seen", "typing", "reaction"]),
                name="inbox_gesture_kind_known",
            ),
        ]
        indexes = [models.Index(fields=["due_at", "id"], name="inbox_gesture_due")]

    def __str__(self) -> str:
        return self.kind


class Mention(WorkspaceRow):
    """A colleague named in a note."""

    message = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        related_name="mentions",
        db_index=False,
        db_constraint=False,
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        constraints = [
            TenantKey("message", name="inbox_mention_message_whose"),
            models.UniqueConstraint(
                fields=["message", "user"], name="inbox_mention_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.message_id}"
