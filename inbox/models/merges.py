"""The record of a merge of two contacts: who stayed, who joined, and how to undo it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from inbox.models.people import Contact
from teams.tenancy import WorkspaceRow
from teams.tenant_keys import TenantKey


class ContactMerge(WorkspaceRow):
    """`joined` points to `stayed` since then; so do `moved`, who pointed to `joined`.

    Undone, each points to where it did before. Written by inbox/merging.py alone.
    """

    stayed = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="merges", db_index=False
    )
    joined = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="joins", db_index=False
    )
    moved = ArrayField(models.BigIntegerField(), default=list)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    created_at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )

    class Meta:
        constraints = [
            TenantKey("stayed", name="inbox_contactmerge_stayed_whose"),
            TenantKey("joined", name="inbox_contactmerge_joined_whose"),
            models.CheckConstraint(
                condition=~Q(stayed=F("joined")), name="inbox_contactmerge_of_two"
            ),
            models.UniqueConstraint(
                fields=["joined"],
                condition=Q(undone_at__isnull=True),
                name="inbox_contactmerge_joined_once",
            ),
        ]
        indexes = [models.Index(fields=["stayed", "-id"], name="inbox_contactmerge_of")]

    def __str__(self) -> str:
        return f"{self.joined} joined {self.stayed}"
