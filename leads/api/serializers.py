"""What the API answers about leads. Lists of them are long, so they name columns only
(see flexoraa.lib.rows)."""

from rest_framework import serializers

from leads.models import (
    BulkChange,
    BulkOperation,
    Campaign,
    CustomField,
    Lead,
    Note,
    SpendEntry,
    Stage,
    Task,
)
from teams.models import User


class WithId(serializers.ModelSerializer):
    """A row whose `id` is its public one."""

    id = serializers.UUIDField(source="public_id", read_only=True)


class OwnerSerializer(WithId):
    """Somebody of the team."""

    class Meta:
        model = User
        fields = ("id", "name", "email")


class StageInLeadSerializer(WithId):
    """Which stage it is."""

    class Meta:
        model = Stage
        fields = ("id", "name", "kind")


class CampaignInLeadSerializer(WithId):
    """Which campaign it is."""

    class Meta:
        model = Campaign
        fields = ("id", "code", "name")


class ValueSerializer(serializers.Serializer):
    """What a lead is worth."""

    amount_paise = serializers.IntegerField(
        source="value_paise", min_value=0, max_value=10**15
    )
    currency = serializers.RegexField(
        r"^[A-Z]{3}\Z", required=False, help_text="ISO 4217, such as INR."
    )


class LeadSerializer(WithId):
    """A lead as lists and its page show it."""

    stage = StageInLeadSerializer(read_only=True)
    owner = OwnerSerializer(read_only=True, allow_null=True)
    campaign = CampaignInLeadSerializer(read_only=True, allow_null=True)
    value = ValueSerializer(source="*", read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    score_parts = serializers.JSONField(
        read_only=True, help_text="[[rule, points], …]: what the score is made of."
    )
    merged_into = serializers.UUIDField(
        source="merged_into.public_id", read_only=True, allow_null=True
    )

    class Meta:
        model = Lead
        fields = (
            "id",
            "name",
            "phone",
            "email",
            "company",
            "stage",
            "owner",
            "campaign",
            "source",
            "value",
            "tags",
            "custom",
            "consent",
            "external_id",
            "lost_reason",
            "closed_at",
            "score",
            "score_parts",
            "version",
            "merged_into",
            "archived_at",
            "created_at",
            "updated_at",
        )


class StageSerializer(WithId):
    """A step of the pipeline."""

    class Meta:
        model = Stage
        fields = ("id", "name", "kind", "position", "is_qualified", "created_at")


class CustomFieldSerializer(WithId):
    """A field that the workspace adds to its leads."""

    class Meta:
        model = CustomField
        fields = ("id", "key", "label", "kind", "choices", "position", "created_at")


class NoteSerializer(WithId):
    """A few sentences about a lead."""

    author = OwnerSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Note
        fields = ("id", "text", "author", "created_at")


class LeadInTaskSerializer(WithId):
    """Which lead it is."""

    class Meta:
        model = Lead
        fields = ("id", "name", "phone")


class TaskSerializer(WithId):
    """Something to do about a lead."""

    lead = LeadInTaskSerializer(read_only=True)
    assignee = OwnerSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Task
        fields = ("id", "lead", "title", "due_at", "assignee", "done_at", "created_at")


class CampaignSerializer(WithId):
    """A campaign; `leads` are those that are of it now, `spend` what it cost so far in
    its own currency."""

    budget = serializers.SerializerMethodField()
    leads = serializers.IntegerField(source="leads_count", read_only=True)
    spend_paise = serializers.IntegerField(source="spent", read_only=True)

    class Meta:
        model = Campaign
        fields = (
            "id",
            "code",
            "name",
            "status",
            "channel",
            "starts_on",
            "ends_on",
            "budget",
            "ad_ids",
            "leads",
            "spend_paise",
            "created_at",
        )

    def get_budget(self, campaign: Campaign) -> dict[str, int | str]:
        return {"amount_paise": campaign.budget_paise, "currency": campaign.currency}


class MoneySerializer(serializers.Serializer):
    """An amount of money."""

    amount_paise = serializers.IntegerField(min_value=0, max_value=10**15)
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", required=False)


class SpendSerializer(WithId):
    """What a campaign cost on a day."""

    amount = MoneySerializer(source="*", read_only=True)
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = SpendEntry
        fields = (
            "id",
            "day",
            "kind",
            "amount",
            "source",
            "reference",
            "is_current",
            "created_at",
        )

    def get_is_current(self, entry: SpendEntry) -> bool:
        return entry.replaced_by_id is None


class OperationSerializer(WithId):
    """A bulk operation: what it would do or did, and how far it is."""

    by = OwnerSerializer(read_only=True, allow_null=True)
    total = serializers.IntegerField(read_only=True)
    done = serializers.IntegerField(read_only=True)
    percent = serializers.IntegerField(read_only=True)
    dropped = serializers.DictField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="What was asked for and is left out, by reason: not_found, locked, "
        "no_change, invalid.",
    )

    class Meta:
        model = BulkOperation
        fields = (
            "id",
            "kind",
            "state",
            "by",
            "plan_hash",
            "planned",
            "dropped",
            "applied",
            "moved",
            "undone",
            "kept",
            "total",
            "done",
            "percent",
            "receipt",
            "created_at",
            "started_at",
            "finished_at",
            "undone_at",
        )


class ChangeSerializer(serializers.ModelSerializer):
    """What an operation does to one lead. Rows are named by their ids."""

    lead = LeadInTaskSerializer(read_only=True)

    class Meta:
        model = BulkChange
        fields = ("lead", "state", "reason", "before", "after", "conflicts")
