"""What may be sent to the API: leads, the pipeline, campaigns, what they cost."""

from typing import Any

from django.core.exceptions import ValidationError as Refused
from django.db import IntegrityError, transaction
from rest_framework import serializers

from flexoraa.lib.phones import NotAPhone, e164
from leads.api.serializers import MoneySerializer, ValueSerializer, WithId
from leads.models import (
    Campaign,
    CustomField,
    Lead,
    Note,
    SavedView,
    ScoreRule,
    SpendEntry,
    Stage,
    Task,
)
from leads.models.leads import MOST_TAGS, tidy_tags
from leads.models.stages import checked
from teams.api.scoping import MemberField, WorkspaceRelatedField
from teams.api.serializers import SavesChanges


class Unique:
    """Goes before ModelSerializer; a value that is taken is a 400 with the
    constraint's own words, also when two come at once."""

    taken: tuple[str, str] = ("", "")  # field, words
    key = "_one_per_"  # in the constraint's name

    def save(self, **kwargs: Any) -> Any:
        try:
            with transaction.atomic():
                return super().save(**kwargs)
        except IntegrityError as error:
            name, words = self.taken
            if self.key not in str(error):
                raise
            raise serializers.ValidationError({name: words}, code="unique") from error


class LeadChangeSerializer(Unique, SavesChanges, serializers.ModelSerializer):
    """A lead as it is sent. `version` is the one that was read: 409 if it is another
    by now. Custom fields are set one by one; null clears one."""

    taken = ("external_id", "Another lead has this external id.")

    stage = WorkspaceRelatedField(queryset=Stage.objects.all(), required=False)
    owner = MemberField(required=False, allow_null=True)
    campaign = WorkspaceRelatedField(
        queryset=Campaign.objects.all(), required=False, allow_null=True
    )
    phone = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=40,
        help_text="In any spelling; without a country code, of the workspace's region.",
    )
    value = ValueSerializer(source="*", required=False)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=50), max_length=MOST_TAGS, required=False
    )
    custom = serializers.DictField(
        child=serializers.JSONField(allow_null=True), required=False
    )
    version = serializers.IntegerField(required=False, write_only=True)

    class Meta:
        model = Lead
        fields = (
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
            "version",
        )
        validators = ()

    def validate_phone(self, value: str) -> str:
        try:
            region = self.context["workspace"].lead_settings.region
            return e164(value, region) if value else ""
        except NotAPhone as error:
            raise serializers.ValidationError(str(error)) from error

    def validate_email(self, value: str) -> str:
        return value.lower()

    def validate_tags(self, value: list[str]) -> list[str]:
        return tidy_tags(value)

    def validate_custom(self, value: dict[str, Any]) -> dict[str, Any]:
        workspace = self.context["workspace"]
        try:
            given = checked(CustomField.objects.for_workspace(workspace), value)
        except Refused as error:
            raise serializers.ValidationError(error.message_dict) from error
        kept = {**(self.instance.custom if self.instance else {}), **given}
        return {key: item for key, item in kept.items() if item is not None}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        check_loss(attrs, self.instance)
        if not self.instance and not any(
            attrs.get(name) for name in ("name", "phone", "email", "company")
        ):
            raise serializers.ValidationError(
                {"name": "Give a name, a phone, an e-mail address or a company."},
                code="required",
            )
        attrs.pop("version", None)
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Lead:
        workspace = validated_data["workspace"]
        if "stage" not in validated_data:
            validated_data["stage"] = Stage.objects.first_open(workspace)
        validated_data.setdefault("currency", workspace.currency)
        return super().create(validated_data)


def check_loss(attrs: dict[str, Any], instance: Lead | None = None) -> None:
    """A lead that is lost says why. Raises ValidationError."""
    stage = attrs.get("stage")
    if stage is None or stage.kind != Stage.Kind.LOST:
        return
    if instance is not None and instance.stage_id == stage.pk:
        return
    if not attrs.get("lost_reason"):
        raise serializers.ValidationError(
            {"lost_reason": "Say why the lead is lost."}, code="required"
        )


class StageChangeSerializer(Unique, SavesChanges, WithId):
    """A step of the pipeline. Its kind stays: reports count by it."""

    taken = ("name", "There is a stage of this name already.")

    class Meta:
        model = Stage
        fields = ("id", "name", "kind", "position", "is_qualified", "created_at")
        read_only_fields = ("created_at",)
        validators = ()

    def validate_kind(self, value: str) -> str:
        if self.instance and value != self.instance.kind:
            raise serializers.ValidationError(
                "A stage keeps its kind: make another one.", code="fixed"
            )
        return value


class CustomFieldChangeSerializer(Unique, SavesChanges, WithId):
    """A field of the workspace's own. Key and kind stay as they are."""

    taken = ("key", "There is a field with this key already.")

    class Meta:
        model = CustomField
        fields = ("id", "key", "label", "kind", "choices", "position", "created_at")
        read_only_fields = ("created_at",)
        validators = ()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in ("key", "kind") if self.instance else ():
            if attrs.get(name, getattr(self.instance, name)) != getattr(
                self.instance, name
            ):
                raise serializers.ValidationError(
                    {name: "This stays: leads have values already."}, code="fixed"
                )
        is_choice = attrs.get("kind", getattr(self.instance, "kind", "")) == "choice"
        choices = attrs.get("choices", getattr(self.instance, "choices", []))
        if is_choice and not choices:
            raise serializers.ValidationError(
                {"choices": "Say what may be chosen."}, code="required"
            )
        return attrs


class ScoreRuleChangeSerializer(Unique, SavesChanges, WithId):
    """A rule of scoring: the argument completes the fact ("30" days, "key=value")."""

    taken = ("argument", "There is such a rule already.")
    key = "leads_scorerule_once"

    text = serializers.CharField(
        source="__str__", read_only=True, help_text="The rule as scores name it."
    )
    points = serializers.IntegerField(min_value=-100, max_value=100)

    class Meta:
        model = ScoreRule
        fields = ("id", "fact", "argument", "points", "text", "created_at")
        read_only_fields = ("created_at",)
        validators = ()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        now = self.instance or ScoreRule(workspace=self.context["workspace"])
        rule = ScoreRule(
            pk=now.pk or -1,  # how many there may be is asked under a lock
            workspace_id=now.workspace_id,
            fact=attrs.get("fact", now.fact),
            argument=attrs.get("argument", now.argument),
        )
        try:
            rule.clean()
        except Refused as error:
            raise serializers.ValidationError(error.message_dict) from error
        return {**attrs, "argument": rule.argument}


class NoteChangeSerializer(SavesChanges, WithId):
    """A few sentences about a lead."""

    text = serializers.CharField(max_length=10_000)

    class Meta:
        model = Note
        fields = ("id", "text", "created_at")
        read_only_fields = ("created_at",)


class LeadField(WorkspaceRelatedField):
    """A lead in the asker's reach; any other does not exist."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"queryset": Lead.objects.all(), **kwargs})

    def get_queryset(self) -> Any:
        return super().get_queryset().in_reach_of(self.context["membership"])


class TaskChangeSerializer(SavesChanges, WithId):
    """Something to do about a lead."""

    lead = LeadField()
    assignee = MemberField(required=False, allow_null=True)

    class Meta:
        model = Task
        fields = ("id", "lead", "title", "due_at", "assignee", "done_at", "created_at")
        read_only_fields = ("created_at",)

    def validate_lead(self, value: Lead) -> Lead:
        if self.instance and value != self.instance.lead:
            raise serializers.ValidationError("A task stays with its lead.")
        return value


class CampaignChangeSerializer(Unique, SavesChanges, WithId):
    """A campaign as it is sent."""

    taken = ("code", "There is a campaign with this code already.")

    budget = MoneySerializer(source="budget_money", required=False)
    ad_ids = serializers.ListField(
        child=serializers.CharField(max_length=64), max_length=500, required=False
    )

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
        )
        validators = ()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if budget := attrs.pop("budget_money", None):
            attrs["budget_paise"] = budget["amount_paise"]
            if "currency" in budget:
                attrs["currency"] = budget["currency"]
        start, end = (
            attrs.get(name, getattr(self.instance, name, None))
            for name in ("starts_on", "ends_on")
        )
        if start and end and end < start:
            raise serializers.ValidationError(
                {"ends_on": "It cannot end before it starts."}, code="invalid"
            )
        return attrs


class SpendChangeSerializer(WithId):
    """What a campaign cost on a day; a correction replaces the entry and keeps it."""

    amount = MoneySerializer()

    class Meta:
        model = SpendEntry
        fields = ("id", "day", "kind", "amount", "reference")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        amount = attrs.pop("amount", {})
        if "amount_paise" in amount:
            attrs["amount_paise"] = amount["amount_paise"]
        if "currency" in amount:
            attrs["currency"] = amount["currency"]
        fixed = {"day", "kind", "reference", "currency"} & attrs.keys()
        if self.instance and fixed:
            raise serializers.ValidationError(
                {min(fixed): "Only the amount can be corrected."}, code="fixed"
            )
        return attrs

    def create(self, validated_data: dict[str, Any]) -> SpendEntry:
        campaign = validated_data["campaign"]
        return super().create({"currency": campaign.currency, **validated_data})

    def update(self, instance: SpendEntry, validated_data: dict) -> SpendEntry:
        amount = validated_data.get("amount_paise", instance.amount_paise)
        return instance.revise(amount, by=self.context["request"].user)


class SavedViewSerializer(Unique, SavesChanges, WithId):
    """A filter of the list of leads under a name. `mine` says whether I may change
    it."""

    taken = ("name", "You have a view of this name already.")

    filter = serializers.DictField(child=serializers.CharField(max_length=254))
    mine = serializers.SerializerMethodField()

    class Meta:
        model = SavedView
        fields = ("id", "name", "filter", "is_shared", "mine", "created_at")
        read_only_fields = ("created_at",)
        validators = ()

    def get_mine(self, view: SavedView) -> bool:
        return view.user_id == self.context["request"].user.pk

    def validate_filter(self, value: dict[str, str]) -> dict[str, str]:
        self.context["check_filter"](value)
        return value
