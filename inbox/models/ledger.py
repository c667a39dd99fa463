"""What came in: webhook deliveries as bytes, and events that are no message."""

import hashlib

from django.db import models
from django.db.models.functions import Now

from flexoraa.lib.deliveries import Delivery, DeliveryQuerySet
from inbox.models.accounts import ChannelAccount
from teams.tenancy import WorkspaceRow
from teams.tenant_keys import TenantKey


class WebhookDeliveryQuerySet(DeliveryQuerySet):
    """The inbox's queue."""

    def replay_for(self, account: ChannelAccount) -> int:
        """Take up again what came before this account was connected."""
        return self.filter(
            state="unroutable", unrouted__overlap=account.route_keys
        ).replay()

    def put_body(self, pk: int, body: bytes) -> bool:
        """Keep this body instead, since somebody in the old one was erased; False if
        it is the same. What went wrong with the old one may quote it, and goes too."""
        digest = hashlib.sha256(body).hexdigest()
        changed = self.filter(pk=pk).exclude(sha256=digest)
        return bool(changed.update(body=body, sha256=digest, size=len(body), error=""))


class WebhookDelivery(Delivery):
    """A POST to one of the inbox's webhook routes; `route` is the channel's."""

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta(Delivery.Meta):
        verbose_name_plural = "webhook deliveries"


class RefusedWebhook(models.Model):
    """How many POSTs a route turned away in an hour, without keeping any of them."""

    route = models.CharField(max_length=20)
    reason = models.CharField(max_length=20)
    hour = models.DateTimeField()
    count = models.BigIntegerField(default=0)
    last_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["route", "reason", "hour"], name="inbox_refusedwebhook_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} × {self.reason} on {self.route}"


class ChannelEvent(WorkspaceRow):
    """An event that is no message: template and account updates, opt-ins, calls, and
    kinds that the adapter does not know. Stored once however often it comes."""

    account = models.ForeignKey(
        ChannelAccount,
        on_delete=models.CASCADE,
        related_name="events",
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField(max_length=100)
    is_unknown = models.BooleanField(default=False)
    payload = models.JSONField()
    fingerprint = models.CharField(max_length=64)
    provider_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            TenantKey("account", name="inbox_channelevent_account_whose"),
            models.UniqueConstraint(
                fields=["account", "fingerprint"], name="inbox_channelevent_once"
            ),
        ]

    def __str__(self) -> str:
        return self.kind
