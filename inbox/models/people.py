"""People on the other side, and the names that channels have for them."""

from collections.abc import Iterable

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper

from flexoraa.lib import sets
from inbox.adapters.base import IdKind
from inbox.models.accounts import ChannelAccount
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey


class Contact(WorkspaceRow):
    """A person. When two turn out to be one, the younger points to the older."""

    name = models.CharField(max_length=200, blank=True)
    username = models.CharField(max_length=200, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged"
    )
    lead = models.ForeignKey(
        "leads.Lead",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="contacts",
        db_constraint=False,
        editable=False,
    )
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            TenantKey("merged_into", name="inbox_contact_merged_into_whose"),
            TenantKey("lead", name="inbox_contact_lead_whose"),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="inbox_contact_whose"
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="inbox_contact_not_merged_into_itself",
            ),
        ]
        indexes = [
            # who may have to become a lead (inbox/leading.py)
            models.Index(
                fields=["created_at"],
                condition=Q(lead__isnull=True, merged_into__isnull=True),
                name="inbox_contact_without_lead",
            ),
            # search by the beginning of a name: istartswith asks for UPPER(…) LIKE
            models.Index(
                F("workspace"),
                OpClass(Upper("name"), "text_pattern_ops"),
                name="inbox_contact_name",
            ),
            models.Index(
                F("workspace"),
                OpClass(Upper("username"), "text_pattern_ops"),
                name="inbox_contact_username",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username or f"Contact {self.pk}"


class ContactIdentityQuerySet(TenantQuerySet):
    """Sets of identities."""

    def find(
        self, keys: Iterable[tuple[int, str, str]]
    ) -> dict[tuple[int, str, str], tuple[int, str]]:
        """(account id, kind, key) -> (contact id after merges, contact's name)."""
        wanted = list(keys)
        if not wanted:
            return {}
        rows = sets.fetch(
            """
            SELECT i.account_id, i.kind, i.key, coalesce(c.merged_into_id, c.id),
                coalesce(w.name, c.name)
            FROM unnest(%s::bigint[], %s::text[], %s::text[])
                AS k(account_id, kind, key)
            JOIN inbox_contactidentity i USING (account_id, kind, key)
            JOIN inbox_contact c ON c.id = i.contact_id
            LEFT JOIN inbox_contact w ON w.id = c.merged_into_id
            """,
            [list(column) for column in zip(*wanted, strict=True)],
        )
        return {row[:3]: row[3:] for row in rows}


def id_kinds() -> list[tuple[str, str]]:
    """A callable, so that a new kind of name needs no migration."""
    return [(kind.value, kind.value) for kind in IdKind]


class ContactIdentity(WorkspaceRow):
    """One name of a person on one account: phone, BSUID, PSID, IGSID, group.

    `value` is what the provider said and what sending needs; `key` is the normal form
    by which the person is found again. `last_inbound_at` is when they last wrote under
    this name, by the provider's clock: it opens the reply window for this name alone.
    """

    account = models.ForeignKey(
        ChannelAccount,
        on_delete=models.CASCADE,
        related_name="identities",
        db_constraint=False,
    )
    contact = models.ForeignKey(
        Contact,
        on_delete=models.CASCADE,
        related_name="identities",
        db_constraint=False,
    )
    kind = models.CharField(max_length=10, choices=id_kinds)
    value = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    last_inbound_at = models.DateTimeField(null=True, editable=False)
    # when the provider is asked for their name; null when it was (inbox/profiles.py)
    profile_due_at = models.DateTimeField(null=True, db_default=Now(), editable=False)
    profile_tries = models.PositiveSmallIntegerField(db_default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ContactIdentityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "contact identities"
        constraints = [
            TenantKey("account", name="inbox_contactidentity_account_whose"),
            TenantKey("contact", name="inbox_contactidentity_contact_whose"),
            models.UniqueConstraint(
                fields=["account", "kind", "key"], name="inbox_contactidentity_one"
            ),
        ]
        indexes = [
            # search by the beginning of a number or other id
            models.Index(
                fields=["workspace", "key"],
                opclasses=["int8_ops", "varchar_pattern_ops"],
                name="inbox_contactidentity_key",
            ),
            models.Index(
                fields=["profile_due_at"],
                condition=Q(profile_due_at__isnull=False, kind__in=("psid", "igsid")),
                name="inbox_contactidentity_nameless",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"
