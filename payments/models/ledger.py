"""What came in and what was done: deliveries, timelines, and where the books differ."""

import hashlib
import zlib
from collections.abc import Mapping

import orjson
from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now
from psycopg import Cursor

from flexoraa.lib.deliveries import LANES, Delivery, DeliveryQuerySet
from payments.models.subscriptions import Subscription
from teams.tenancy import WorkspaceRow
from teams.tenant_keys import TenantKey


def _shorter(index: models.Index) -> models.Index:
    """The index under a name that fits: the app's and the class's are too long."""
    found = index.clone()
    found.name = f"payments_webhook_{index.name.rsplit('_', 1)[1]}"
    return found


class WebhookDelivery(Delivery):
    """A POST of Razorpay's. The same bytes are kept once, and counted.

    The event's id comes in a header that the signature does not cover, so it alone
    makes nothing a repeat and nothing new: equal bytes are an equal event, and an
    event whose bytes differ is worked off again, which changes nothing.
    """

    event_id = models.CharField(max_length=100, db_default="", blank=True)
    event = models.CharField(max_length=60, db_default="", blank=True)
    repeats = models.IntegerField(db_default=0)

    objects = DeliveryQuerySet.as_manager()

    class Meta(Delivery.Meta):
        verbose_name_plural = "webhook deliveries"
        constraints = [
            *Delivery.Meta.constraints,
            models.UniqueConstraint(
                fields=["sha256"], name="payments_webhookdelivery_once"
            ),
        ]
        indexes = [
            *map(_shorter, Delivery.Meta.indexes),
            models.Index(
                fields=["event_id"],
                condition=~Q(event_id=""),
                name="payments_webhook_event",
            ),
        ]

    @classmethod
    def accept(
        cls, route: str, body: bytes, headers: Mapping[str, str], fairness_key: bytes
    ) -> None:
        """As Delivery.accept; bytes that are there already count as a repeat."""
        connection.ensure_connection()
        with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
            cursor.execute(
                f'INSERT INTO "{cls._meta.db_table}" AS d '
                "(route, body, sha256, size, headers, lane, event_id) "
                "VALUES (%s, %b, %s, %s, %s, %s, %s) "
                "ON CONFLICT (sha256) DO UPDATE SET repeats = d.repeats + 1",
                [
                    route,
                    body,
                    hashlib.sha256(body).hexdigest(),
                    len(body),
                    orjson.dumps(dict(headers)).decode(),
                    zlib.crc32(fairness_key) % LANES,
                    fairness_key.decode("ascii", "replace")[:100],
                ],
            )


class RefusedWebhook(models.Model):
    """How many POSTs the door turned away in an hour, without keeping any of them."""

    route = models.CharField(max_length=20)
    reason = models.CharField(max_length=20)
    hour = models.DateTimeField()
    count = models.BigIntegerField(default=0)
    last_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["route", "reason", "hour"], name="payments_refusedwebhook_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} × {self.reason}"


class TimelineEntry(WorkspaceRow):
    """A line in the life of a subscription: an event, a call, a state, a mail."""

    class Kind(models.TextChoices):
        CALL = "call", "Call"
        EVENT = "event", "Event"
        STATE = "state", "State"
        MONEY = "money", "Money"
        NOTE = "note", "Note"

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="timeline"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    said = models.CharField(max_length=200)
    source = models.CharField(max_length=20)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    details = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            TenantKey("subscription", name="payments_timelineentry_subscription_whose"),
        ]
        ordering = ("-id",)
        verbose_name_plural = "timeline"
        indexes = [
            models.Index(fields=["subscription", "-id"], name="payments_timeline_of")
        ]

    def __str__(self) -> str:
        return self.said


class Notice(WorkspaceRow):
    """That a mail about money was written, so that it is written once."""

    kind = models.CharField(max_length=20)
    about = models.CharField(max_length=60)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "about"], name="payments_notice_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"


class Drift(models.Model):
    """Where our books and Razorpay's differed when somebody compared them."""

    workspace = models.ForeignKey(
        "teams.Workspace",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
    )
    kind = models.CharField(max_length=30)
    razorpay_id = models.CharField("Razorpay id", max_length=40)
    field = models.CharField(max_length=30)
    ours = models.CharField(max_length=120, blank=True)
    theirs = models.CharField(max_length=120, blank=True)
    found_at = models.DateTimeField(db_default=Now())
    healed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "drift"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "razorpay_id", "field"],
                condition=Q(healed_at=None),
                name="payments_drift_once_while_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.razorpay_id}: {self.field}"

    @classmethod
    def note(
        cls,
        kind: str,
        razorpay_id: str,
        field: str,
        *,
        ours: object,
        theirs: object,
        workspace_id: int | None = None,
        is_healed: bool = False,
    ) -> None:
        """Write it down; while one like it is open, that one stands for it."""
        known = cls.objects.filter(
            kind=kind, razorpay_id=razorpay_id, field=field, healed_at=None
        )
        if is_healed:
            known.update(healed_at=Now())
        elif known.exists():
            return
        cls.objects.create(
            kind=kind,
            razorpay_id=razorpay_id,
            field=field,
            ours=str(ours)[:120],
            theirs=str(theirs)[:120],
            workspace_id=workspace_id,
            healed_at=Now() if is_healed else None,
        )
