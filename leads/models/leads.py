"""People who may buy."""

import re
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from flexoraa.lib import sets
from flexoraa.lib.errors import Conflict
from leads.models.campaigns import Campaign
from leads.models.parts import WorkspaceOfParent
from leads.models.stages import Stage
from teams.roles import Action, Role
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey

LIVE = Q(merged_into__isnull=True, archived_at__isnull=True)
MOST_TAGS = 50
MOST_PAISE = 10**15  # ten thousand crore rupees


class LeadQuerySet(TenantQuerySet):
    """Sets of leads."""

    FEW = 2_000  # hits that are looked up; of more, lists soon meet enough

    def live(self) -> Self:
        """Neither merged into another nor archived."""
        return self.filter(LIVE)

    def open(self) -> Self:
        """In a stage that is neither won nor lost."""
        return self.live().filter(stage__kind=Stage.Kind.OPEN)

    def in_reach_of(self, membership: Any) -> Self:
        """Those that this member may see: an SDR sees their own and nobody's, and
        all if the workspace says so; whoever reads all, all."""
        if (
            membership.role != Role.SDR
            or membership.workspace.lead_settings.sdr_sees_all
        ):
            return self if membership.may(Action.READ) else self.none()
        return self.filter(Q(owner=membership.user_id) | Q(owner__isnull=True))

    def family_of(self, lead: "Lead") -> Self:
        """The lead and whoever was merged into it, at any remove."""
        tree = sets.fetch(
            "WITH RECURSIVE tree AS (SELECT %s::bigint AS id UNION "
            "SELECT l.id FROM leads_lead l JOIN tree ON l.merged_into_id = tree.id) "
            "SELECT id FROM tree",
            [lead.pk],
        )
        return self.filter(pk__in=[pk for (pk,) in tree])

    def head(self, public_id: Any) -> "Lead | None":
        """The lead with this id, or whom it was merged into, if that is among these."""
        lead = self.filter(public_id=public_id).first()
        while lead and lead.merged_into_id:
            lead = self.filter(pk=lead.merged_into_id).first()
        return lead

    def search(self, workspace: Any, term: str) -> Self:
        """Those in whose name, phone, e-mail, company or external id each word of the
        term occurs; words of one or two letters must begin one. `workspace` is one, or
        a list of ids: the indexes begin with it."""
        many = isinstance(workspace, list | tuple)
        where = {"workspace__in": workspace} if many else {"workspace": workspace}
        words = LeadText.objects.filter(**where).matching(term)
        found = list(words.values_list("lead_id", flat=True)[: self.FEW + 1])
        if len(found) <= self.FEW:
            return self.filter(pk__in=found)
        return self.filter(Exists(words.filter(lead=OuterRef("pk"))))


class Lead(WorkspaceRow):
    """A person or company that may buy.

    The database keeps `version`, `updated_at` and `closed_at`, the intervals of stages
    and owners, the edits and the words to search by, whoever writes (see
    migrations/0002). `score` is derived and changes no version.
    """

    class Consent(models.TextChoices):
        UNKNOWN = "unknown", "Not asked"
        GRANTED = "granted", "Agreed"
        WITHDRAWN = "withdrawn", "Withdrawn"

    name = models.CharField(max_length=200, blank=True)
    phone = models.CharField(
        max_length=16,
        blank=True,
        validators=[
            RegexValidator(
                r"^\+[1-9]\d{6,14}\Z",
                "Give the number with its country code, such as +919876543210.",
            )
        ],
        help_text="International form (E.164), such as +919876543210.",
    )
    email = models.EmailField("e-mail address", blank=True)
    company = models.CharField(max_length=200, blank=True)
    stage = models.ForeignKey(
        Stage,
        on_delete=models.PROTECT,
        related_name="leads",
        db_index=False,
        db_constraint=False,
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="leads",
    )
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        db_index=False,
        db_constraint=False,
    )
    source = models.CharField(
        max_length=60, blank=True, help_text="Where they came from: website, fair, …"
    )
    value_paise = models.BigIntegerField(
        "value in paise", default=0, validators=[MaxValueValidator(MOST_PAISE)]
    )
    currency = models.CharField(max_length=3, default="INR", db_default="INR")
    tags = ArrayField(
        models.CharField(max_length=50), default=list, db_default=[], blank=True
    )
    custom = models.JSONField("custom fields", default=dict, db_default={}, blank=True)
    consent = models.CharField(
        max_length=9,
        choices=Consent.choices,
        default=Consent.UNKNOWN,
        db_default="unknown",
    )
    external_id = models.CharField(
        "external ID", max_length=120, blank=True, help_text="Their id in your systems."
    )
    lost_reason = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    score = models.IntegerField(default=0, db_default=0, editable=False)
    score_parts = models.JSONField(
        default=list, db_default=[], blank=True, editable=False
    )
    version = models.IntegerField(default=1, db_default=1, editable=False)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged",
        db_index=False,
        db_constraint=False,
        editable=False,
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = LeadQuerySet.as_manager()

    class Meta:
        constraints = [
            TenantKey("stage", name="leads_lead_stage_whose"),
            TenantKey("campaign", name="leads_lead_campaign_whose"),
            TenantKey("merged_into", name="leads_lead_merged_into_whose"),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="leads_lead_whose"
            ),
            models.UniqueConstraint(
                fields=["workspace", "external_id"],
                condition=LIVE & ~Q(external_id=""),
                name="leads_lead_one_per_external_id",
                violation_error_message="Another lead has this external ID.",
            ),
            models.CheckConstraint(
                condition=Q(value_paise__gte=0), name="leads_lead_value_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(consent__in=["unknown", "granted", "withdrawn"]),
                name="leads_lead_consent_known",
            ),
            models.CheckConstraint(
                condition=Q(phone="") | Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="leads_lead_phone_e164",
                violation_error_message="A phone number needs its country code.",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="leads_lead_not_merged_into_itself",
            ),
        ]
        indexes = [
            # each order that lists offer, and each filter that cuts a million rows
            models.Index(
                fields=["workspace", "stage", "-id"],
                name="leads_lead_by_stage",
                condition=LIVE,
            ),
            models.Index(
                fields=["workspace", "owner", "-id"],
                name="leads_lead_by_owner",
                condition=LIVE,
            ),
            models.Index(
                fields=["workspace", "campaign", "-id"],
                name="leads_lead_by_campaign",
                condition=LIVE & Q(campaign__isnull=False),
            ),
            models.Index(
                fields=["workspace", "-updated_at", "-id"],
                name="leads_lead_latest",
                condition=LIVE,
            ),
            models.Index(
                fields=["workspace", "-score", "-id"],
                name="leads_lead_by_score",
                condition=LIVE,
            ),
            models.Index(
                fields=["workspace", "-value_paise", "-id"],
                name="leads_lead_by_value",
                condition=LIVE,
            ),
            models.Index(
                fields=["workspace", "phone"],
                name="leads_lead_phone",
                condition=LIVE & ~Q(phone=""),
            ),
            models.Index(
                fields=["workspace", "email"],
                name="leads_lead_email",
                condition=LIVE & ~Q(email=""),
            ),
            models.Index(
                fields=["merged_into"],
                name="leads_lead_merged",
                condition=Q(merged_into__isnull=False),
            ),
            # what reports count by day
            models.Index(
                fields=["workspace", "closed_at"],
                name="leads_lead_closed",
                condition=Q(closed_at__isnull=False),
            ),
            GinIndex(
                fields=["workspace", "tags"],
                name="leads_lead_tags",
                condition=~Q(tags=[]),
            ),
            GinIndex(
                F("workspace"),
                OpClass(F("custom"), "jsonb_path_ops"),
                name="leads_lead_custom",
                condition=~Q(custom={}),
            ),
        ]

    def __str__(self) -> str:
        return (
            self.name or self.company or self.phone or self.email or f"Lead {self.pk}"
        )

    @property
    def is_live(self) -> bool:
        return self.merged_into_id is None and self.archived_at is None

    def clean(self) -> None:
        self.email = self.email.strip().lower()
        self.tags = tidy_tags(self.tags)

    def archive(self) -> bool:
        """Out of every list, with all that hangs on it; False if it was already."""
        here = type(self).objects.filter(pk=self.pk, archived_at=None)
        return bool(here.update(archived_at=Now()))

    def restore(self) -> bool:
        """Out of the archive; False if it was not there. Raises Conflict when another
        lead has its external id by now, or when it was erased."""
        here = type(self).objects.filter(pk=self.pk).exclude(archived_at=None)
        if self.erased_at:
            raise Conflict("This person was erased: there is nothing to restore.")
        try:
            with transaction.atomic():
                return bool(here.update(archived_at=None))
        except IntegrityError as error:
            raise Conflict("Another lead has its external id by now.") from error


class LeadTextQuerySet(TenantQuerySet):
    """Sets of words."""

    def matching(self, term: str) -> Self:
        """Rows in which each word of the term occurs."""
        found = self
        for word in re.split(r"[\s,;]+", term.strip().lower())[:8]:
            if len(word) >= 3:
                found = found.filter(words__contains=word)
            elif word:
                prefix = "'" + word.replace("\\", "\\\\").replace("'", "''") + "':*"
                found = found.extra(where=["document @@ %s::tsquery"], params=[prefix])
        return found


class LeadText(WorkspaceRow):
    """What a lead is found by. A row of its own, so that moving a hundred thousand
    leads to another stage touches no search index."""

    public_id = None
    workspace = WorkspaceOfParent()
    lead = models.OneToOneField(
        Lead,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="text",
        db_constraint=False,
    )
    words = models.TextField()
    document = SearchVectorField()

    objects = LeadTextQuerySet.as_manager()

    class Meta:
        constraints = [
            TenantKey("lead", name="leads_leadtext_lead_whose"),
        ]
        indexes = [
            GinIndex(
                F("workspace"),
                OpClass(F("words"), "gin_trgm_ops"),
                name="leads_leadtext_words",
            ),
            GinIndex(fields=["workspace", "document"], name="leads_leadtext_document"),
        ]

    def __str__(self) -> str:
        return self.words


def tidy_tags(tags: list[str]) -> list[str]:
    """Each once, without spaces around it, in the order given."""
    return list(dict.fromkeys(filter(None, (tag.strip() for tag in tags))))
