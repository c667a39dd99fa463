"""Message templates, as the provider has approved them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from flexoraa.lib import sets
from inbox.models.accounts import ChannelAccount
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey

PARAMETER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class TemplateQuerySet(TenantQuerySet):
    """Sets of templates."""

    def follow(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """The provider told of changes: {"account_id", "name", "language", "event",
        "reason", "at"}. What it says of a status counts at once, in the order of its
        clock; everything else is looked up soon."""
        if not rows:
            return
        sets.execute(
            "UPDATE inbox_template t SET status = r.event, reason = r.reason, "
            "status_at = r.at FROM (SELECT DISTINCT ON (account_id, name, language) * "
            "FROM json_to_recordset(%s::json) AS x(account_id bigint, name text, "
            "language text, event text, reason text, at timestamptz) "
            "ORDER BY account_id, name, language, at DESC) r "
            "WHERE t.account_id = r.account_id AND t.name = r.name "
            "AND t.language = r.language AND t.status_at <= r.at "
            "AND r.event = ANY(%s)",
            [sets.dumps(rows), list(Template.Status.values)],
        )
        sets.execute(
            "UPDATE inbox_channelaccount SET templates_due_at = "
            "statement_timestamp() WHERE id = ANY(%s)",
            [sorted({row["account_id"] for row in rows})],
        )


class Template(WorkspaceRow):
    """One template in one language. `components` are the provider's own form of it
    (developers.facebook.com, "message templates"); only an approved one can be sent."""

    class Status(models.TextChoices):
        APPROVED = "APPROVED", "Approved"
        PENDING = "PENDING", "Pending"
        REJECTED = "REJECTED", "Rejected"
        PAUSED = "PAUSED", "Paused"
        DISABLED = "DISABLED", "Disabled"
        GONE = "GONE", "No longer there"

    account = models.ForeignKey(
        ChannelAccount, on_delete=models.CASCADE, related_name="templates"
    )
    external_id = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=20)
    category = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=20, choices=Status.choices)
    reason = models.CharField(max_length=500, blank=True)
    components = models.JSONField(default=list)
    status_at = models.DateTimeField(db_default=Now())
    synced_at = models.DateTimeField(db_default=Now())

    objects = TemplateQuerySet.as_manager()

    class Meta:
        constraints = [
            TenantKey("account", name="inbox_template_account_whose"),
            models.UniqueConstraint(
                fields=["account", "name", "language"], name="inbox_template_once"
            ),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="inbox_template_whose"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="inbox_template_named"),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "name", "id"], name="inbox_template_by_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"

    def component(self, kind: str) -> dict[str, Any]:
        """Its HEADER, BODY, FOOTER or BUTTONS; {} without one."""
        for item in self.components if isinstance(self.components, list) else ():
            if isinstance(item, dict) and str(item.get("type", "")).upper() == kind:
                return item
        return {}

    @property
    def is_marketing(self) -> bool:
        """Whether those who opted out may not get it."""
        return self.category.upper() == "MARKETING"

    @property
    def body(self) -> str:
        """Its text, with parameters as {{1}} or {{name}}."""
        return str(self.component("BODY").get("text") or "")

    @property
    def parameters(self) -> list[str]:
        """The names of the parameters of its text, in their order."""
        return list(dict.fromkeys(PARAMETER.findall(self.body)))

    def filled(self, values: dict[str, str]) -> str:
        """Its text as the person reads it."""
        return PARAMETER.sub(lambda found: values.get(found[1], found[0]), self.body)
