"""Erasures of people, and what is kept of an erased person: keyed hashes of the names
that channels had for them, so that what comes again about them is known and dropped."""

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from flexoraa.lib import sets
from flexoraa.lib.crypto import SecretField
from leads.models import Lead
from teams import audit
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey

Name = tuple[str, str]  # kind and key, as identities have them
MARK = "erased:"  # before the hash that stands where an id was
HASH_LENGTH = 40  # hex digits


class ErasureKeyQuerySet(TenantQuerySet):
    """Keys of workspaces."""

    def of(self, workspaces: Iterable[int]) -> dict[int, "ErasureKey"]:
        """Workspace id -> its key; who never erased anybody has none."""
        return {row.workspace_id: row for row in self.filter(workspace__in=workspaces)}

    def made(self, workspace_id: int) -> "ErasureKey":
        """The workspace's key, made at its first erasure."""
        fresh = {"secret": secrets.token_hex(32)}
        self.get_or_create(workspace_id=workspace_id, defaults=fresh)
        return self.get(workspace=workspace_id)


class ErasureKey(WorkspaceRow):
    """What a workspace's hashes are keyed with; sealed, and never changed, for without
    it nobody who was erased is recognised."""

    public_id = None
    secret = SecretField()

    objects = ErasureKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace"], name="inbox_erasurekey_one")
        ]

    def __str__(self) -> str:
        return f"key of {self.workspace_id}"

    def hash(self, *parts: object) -> str:
        """The keyed hash of a name or an id."""
        said = "\x1f".join(map(str, parts)).encode()
        key = self.secret.reveal().encode()
        return hmac.digest(key, said, "sha256").hex()[:HASH_LENGTH]

    def mark(self, external_id: str) -> str:
        """What stands in the place of a provider's id; "" stays ""."""
        return external_id and MARK + self.hash("id", external_id)


class ErasedNameQuerySet(TenantQuerySet):
    """Names of people who were erased."""

    def known(
        self, hashes: Iterable[tuple[int, str]]
    ) -> dict[tuple[int, str], datetime]:
        """(workspace id, hash) -> when that person was last erased."""
        wanted = sorted(set(hashes))
        rows = sets.fetch(
            "SELECT e.workspace_id, e.digest, e.erased_at "
            "FROM unnest(%s::bigint[], %s::text[]) AS k(workspace_id, digest) "
            "JOIN inbox_erasedname e USING (workspace_id, digest)",
            [[w for w, _ in wanted], [d for _, d in wanted]],
        )
        return {(workspace, digest): at for workspace, digest, at in rows}

    def stopped(self, names: Iterable[tuple[int, str, str]]) -> set[Any]:
        """Those of these (workspace id, kind, key) who wanted no marketing when they
        were erased."""
        wanted = set(names)
        there = self.filter(wants_none=True).values_list("workspace", flat=True)
        places = there.filter(workspace__in={name[0] for name in wanted}).distinct()
        keys = ErasureKey.objects.of(list(places)) if wanted else {}
        by_hash = {
            (workspace, keys[workspace].hash(kind, key)): (workspace, kind, key)
            for workspace, kind, key in wanted
            if workspace in keys
        }
        if not by_hash:
            return set()
        found = self.filter(
            wants_none=True,
            workspace__in=list(keys),
            digest__in=[digest for _, digest in by_hash],
        )
        pairs = found.values_list("workspace", "digest")
        return {by_hash[pair] for pair in pairs if pair in by_hash}


class ErasedName(WorkspaceRow):
    """The hash of a name: what an event of before `erased_at` says under it is dropped.
    `wants_none` is the one wish that is kept: to get no marketing."""

    public_id = None
    digest = models.CharField(max_length=HASH_LENGTH)
    erased_at = models.DateTimeField()
    wants_none = models.BooleanField(default=False)

    objects = ErasedNameQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "digest"], name="inbox_erasedname_once"
            )
        ]

    def __str__(self) -> str:
        return self.digest


class ErasureQuerySet(TenantQuerySet):
    """Sets of erasures."""

    def running(self) -> "ErasureQuerySet":
        """Those that a worker has to go on with."""
        return self.filter(state=Erasure.State.RUNNING)


class Erasure(WorkspaceRow):
    """One person is erased: who asked for it, of whom by key, and how far it is.

    `known` is what the work has to look for, sealed, and empty when it is over. What
    stays are keys, times and `counts`.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"

    lead = models.ForeignKey(
        Lead, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    step = models.CharField(max_length=20, blank=True, default="")
    cursor = models.BigIntegerField(default=0)
    until = models.BigIntegerField(default=0)  # the last webhook to look into
    known = SecretField(blank=True, default="")
    counts = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())
    worked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ErasureQuerySet.as_manager()

    class Meta:
        constraints = [
            TenantKey("lead", name="inbox_erasure_lead_whose"),
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(state="running"),
                name="inbox_erasure_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["running", "done"]),
                name="inbox_erasure_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["worked_at"],
                condition=Q(state="running"),
                name="inbox_erasure_running",
            ),
            models.Index(fields=["workspace", "-id"], name="inbox_erasure_newest"),
        ]
        triggers = audit.tracked("erasure", "state", lead="leads_lead")

    def __str__(self) -> str:
        return f"Erasure {self.pk}"
