"""Broadcasts: one template to a frozen list of leads, and what became of each."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.functions import Coalesce, Now

from inbox.models.accounts import ChannelAccount
from inbox.models.conversations import Conversation
from inbox.models.messages import Message
from inbox.models.people import Contact, id_kinds
from inbox.models.templates import Template
from leads.models import Campaign, Lead
from teams import audit
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey

MOST_PER_MINUTE = 6_000
# what a recipient's message says of them, as people speak of it
FATES = {
    "queued": "queued",
    "sending": "queued",
    "unknown": "unconfirmed",
    "unconfirmed": "unconfirmed",
    "sent": "sent",
    "failed": "failed",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
}
STATES = (
    "pending",
    "skipped",
    "queued",
    "unconfirmed",
    "sent",
    "delivered",
    "read",
    "failed",
)
REASONS = {
    "no_identity": "have no number to write to",
    "opted_out": "want no marketing",
    "duplicate": "share the number of another lead",
    "missing_parameter": "lack what the template needs",
    "not_live": "are archived or merged",
    "not_found": "are not there, or out of your reach",
    "refused": "are refused by the channel",
    "cancelled": "were left when it was cancelled",
    "erased": "were erased",
}


class BroadcastQuerySet(TenantQuerySet):
    """Sets of broadcasts."""

    def due(self) -> "BroadcastQuerySet":
        """Those that a worker has to go on with: running, or scheduled for by now."""
        when = Q(state=Broadcast.State.SCHEDULED, start_at__lte=Now())
        return self.filter(Q(state=Broadcast.State.RUNNING) | when)

    def tallies(self, ids: Iterable[int]) -> dict[int, dict[str, int]]:
        """How many recipients of each of these are in which state; one statement."""
        rows = BroadcastRecipient.objects.filter(broadcast__in=list(ids)).with_fate()
        found: dict[int, dict[str, int]] = {}
        counts = rows.order_by().values_list("broadcast", "fate")
        for pk, fate, count in counts.annotate(count=models.Count("pk")):
            found.setdefault(pk, {})[fate] = count
        return {
            pk: {state: told[state] for state in STATES if state in told}
            for pk, told in found.items()
        }


class Broadcast(WorkspaceRow):
    """A template for many leads: planned and looked at, then sent in slices.

    `parameters` says what fills each gap of the template: {"1": {"field": "name",
    "default": "there"}, "2": {"text": "Friday"}}; `components` is the rest of it in
    the platform's own form, the same for everybody. `request` is how the leads were
    chosen, `facts` what the look beforehand found; `note` says in words what holds a
    running one up.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        SCHEDULED = "scheduled", "Scheduled"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        FINISHED = "finished", "Finished"
        CANCELLED = "cancelled", "Cancelled"

    NEXT = {
        "start": (State.PLANNED,),
        "pause": (State.RUNNING, State.SCHEDULED),
        "resume": (State.PAUSED,),
        "cancel": (State.PLANNED, State.SCHEDULED, State.RUNNING, State.PAUSED),
        "retry": (State.RUNNING, State.PAUSED, State.FINISHED),
    }

    name = models.CharField(max_length=120)
    account = models.ForeignKey(
        ChannelAccount,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    template = models.ForeignKey(
        Template,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    parameters = models.JSONField(default=dict)
    components = models.JSONField(default=list)
    request = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PLANNED)
    note = models.CharField(max_length=300, blank=True, db_default="")
    per_minute = models.PositiveIntegerField(
        "messages a minute",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PER_MINUTE)],
        help_text="Empty: as fast as the number may.",
    )
    total = models.IntegerField(default=0)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    start_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    worked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = BroadcastQuerySet.as_manager()

    class Meta:
        constraints = [
            TenantKey("account", name="inbox_broadcast_account_whose"),
            TenantKey("template", name="inbox_broadcast_template_whose"),
            TenantKey("campaign", name="inbox_broadcast_campaign_whose"),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="inbox_broadcast_whose"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "planned",
                        "scheduled",
                        "running",
                        "paused",
                        "finished",
                        "cancelled",
                    ]
                ),
                name="inbox_broadcast_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="scheduled") | Q(start_at__isnull=False),
                name="inbox_broadcast_scheduled_for",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="inbox_broadcast_newest"),
            models.Index(
                fields=["worked_at"],
                condition=Q(state__in=["running", "scheduled"]),
                name="inbox_broadcast_due",
            ),
        ]
        triggers = audit.tracked(
            "broadcast", "name", "state", "per_minute", "start_at", label="r.name"
        )

    def __str__(self) -> str:
        return self.name

    def tally(self) -> dict[str, int]:
        """How many recipients are in each state."""
        return Broadcast.objects.tallies([self.pk]).get(self.pk, {})

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING


class BroadcastRecipientQuerySet(TenantQuerySet):
    """Sets of recipients."""

    def with_fate(self) -> "BroadcastRecipientQuerySet":
        """`fate`: where each is by now; what was queued is where its message is."""
        known = [When(message__status=k, then=Value(v)) for k, v in FATES.items()]
        told = Case(*known, output_field=CharField(max_length=11))
        return self.annotate(fate=Coalesce(told, F("state"), output_field=CharField()))


class BroadcastRecipient(WorkspaceRow):
    """One lead of a broadcast: with what, and the one message that says it.

    `state` is pending, queued (it has a message) or skipped, with the `reason`. The
    message's first reference is made of `public_id`, and references are unique, so
    that no second message can be made for a recipient (flexoraa.lib.ids.ulid_of).
    """

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        QUEUED = "queued", "Queued"
        SKIPPED = "skipped", "Skipped"

    broadcast = models.ForeignKey(
        Broadcast,
        on_delete=models.CASCADE,
        related_name="recipients",
        db_index=False,
        db_constraint=False,
    )
    lead = models.ForeignKey(
        Lead,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
    )
    contact = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
    )
    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    message = models.OneToOneField(
        Message,
        on_delete=models.PROTECT,
        null=True,
        related_name="broadcast_recipient",
        db_constraint=False,
    )
    kind = models.CharField(max_length=10, choices=id_kinds, blank=True)
    key = models.CharField(max_length=200, blank=True)
    parameters = models.JSONField(default=dict)
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=20, blank=True, db_default="")
    detail = models.CharField(max_length=300, blank=True, db_default="")

    objects = BroadcastRecipientQuerySet.as_manager()

    class Meta:
        constraints = [
            TenantKey("broadcast", name="inbox_broadcastrecipient_broadcast_whose"),
            TenantKey("lead", name="inbox_broadcastrecipient_lead_whose"),
            TenantKey("contact", name="inbox_broadcastrecipient_contact_whose"),
            TenantKey(
                "conversation", name="inbox_broadcastrecipient_conversation_whose"
            ),
            TenantKey("message", name="inbox_broadcastrecipient_message_whose"),
            models.UniqueConstraint(
                fields=["broadcast", "lead"],
                name="inbox_broadcastrecipient_one_per_lead",
            ),
            models.UniqueConstraint(
                fields=["broadcast", "kind", "key"],
                condition=~Q(state="skipped"),
                name="inbox_broadcastrecipient_one_per_name",
            ),
            models.CheckConstraint(
                condition=Q(state="queued", message__isnull=False)
                | Q(state__in=["pending", "skipped"], message__isnull=True),
                name="inbox_broadcastrecipient_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["broadcast", "id"],
                condition=Q(state="pending"),
                name="inbox_recipient_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.state}"

    def reason_words(self) -> Any:
        """Why it was skipped, as a sentence goes on after "who"."""
        return REASONS.get(self.reason, self.reason)
