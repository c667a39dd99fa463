"""What may be sent to the API: channels, and changes to conversations."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework import serializers

from inbox import assignment
from inbox.api.serializers import WithId
from inbox.models import ChannelAccount, Conversation, Label
from teams.api.scoping import MemberField, WorkspaceRelatedField
from teams.api.serializers import SavesChanges


class ChannelSerializer(SavesChanges, WithId):
    """A connected number, page or account. The token goes in and never comes out."""

    token = serializers.CharField(
        write_only=True,
        required=False,
        max_length=4096,
        help_text="Kept encrypted and never shown again; left out, it stays.",
    )

    class Meta:
        model = ChannelAccount
        fields = (
            "id",
            "channel",
            "name",
            "external_id",
            "parent_external_id",
            "token",
            "status",
            "status_reason",
            "status_at",
            "sending_stopped_at",
            "sending_stopped_reason",
            "sends_per_second",
            "human_agent",
            "last_event_at",
            "created_at",
        )
        read_only_fields = (
            "channel",
            "external_id",
            "status_reason",
            "status_at",
            "sending_stopped_at",
            "sending_stopped_reason",
            "last_event_at",
        )
        validators = ()

    def update(self, instance: Any, validated_data: dict[str, Any]) -> ChannelAccount:
        if validated_data.get("status", instance.status) != instance.status:
            now = timezone.now()
            validated_data = {**validated_data, "status_reason": "", "status_at": now}
        return super().update(instance, validated_data)


class NewChannelSerializer(ChannelSerializer):
    """`taken_up` says how many webhooks that came before it are now worked off."""

    taken_up = serializers.IntegerField(read_only=True)

    class Meta(ChannelSerializer.Meta):
        fields = (*ChannelSerializer.Meta.fields, "taken_up")
        read_only_fields = (
            "status",
            "status_reason",
            "status_at",
            "sending_stopped_at",
            "sending_stopped_reason",
            "last_event_at",
        )

    def create(self, validated_data: dict[str, Any]) -> ChannelAccount:
        try:
            with transaction.atomic():
                return super().create(validated_data)
        except IntegrityError as error:
            # the same words whoever has it
            raise serializers.ValidationError(
                {
                    "external_id": "This account is already connected, here or in "
                    "another workspace."
                },
                code="unique",
            ) from error


class ConversationChangeSerializer(serializers.Serializer):
    """What a person may change; `assignee` is a member's user id, or null."""

    status = serializers.ChoiceField(Conversation.Status.choices, required=False)
    assignee = MemberField(required=False, allow_null=True)
    labels = WorkspaceRelatedField(
        queryset=Label.objects.all(),
        many=True,
        required=False,
        help_text="All of them.",
    )
    snoozed_until = serializers.DateTimeField(required=False, allow_null=True)

    def validate_snoozed_until(self, value: datetime | None) -> datetime | None:
        if value and value <= timezone.now():
            raise serializers.ValidationError("This is in the past.", code="past")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        status = attrs.get("status", self.instance.status)
        if attrs.get("snoozed_until") and status != Conversation.Status.SNOOZED:
            raise serializers.ValidationError(
                {"snoozed_until": "Only a snoozed conversation has an end of it."},
                code="not_snoozed",
            )
        return attrs

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Conversation:
        if "assignee" in validated_data:
            by = self.context["request"].user
            assignment.assign(instance, validated_data["assignee"], by=by)
        if "labels" in validated_data:
            instance.put_labels(validated_data["labels"])
        if {"status", "snoozed_until"} & validated_data.keys():
            status = validated_data.get("status", instance.status)
            until = validated_data.get("snoozed_until", instance.snoozed_until)
            is_snoozed = status == Conversation.Status.SNOOZED
            instance.change_status(status, until if is_snoozed else None)
        return instance
