"""The shapes of reports, their rows and their settings."""

from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.db import IntegrityError, transaction
from rest_framework import serializers

from analytics.models import Holiday, ReportSettings
from analytics.models.calendar import is_week
from teams.api.serializers import SavesChanges


class FigureSerializer(serializers.Serializer):
    """A number; without a value there is a reason. Shares lie between 0 and 1."""

    value = serializers.FloatField(allow_null=True)
    unit = serializers.ChoiceField(["count", "paise", "share", "ratio", "seconds"])
    reason = serializers.CharField(required=False)
    currency = serializers.CharField(required=False)
    sample = serializers.IntegerField(required=False)
    rows = serializers.URLField(required=False, help_text="What it counted.")


class LineSerializer(serializers.Serializer):
    """One row of a report."""

    key = serializers.CharField()
    label = serializers.CharField()
    notes = serializers.ListField(child=serializers.CharField())
    figures = serializers.DictField(child=FigureSerializer())
    details = serializers.DictField(required=False)


class ReportSerializer(serializers.Serializer):
    """A report: for which days, by which definition, as fresh as `as_of`."""

    report = serializers.CharField()
    definition = serializers.CharField()
    as_of = serializers.DateTimeField()
    timezone = serializers.CharField()
    currency = serializers.CharField()
    to = serializers.DateField()
    options = serializers.DictField(child=serializers.CharField())
    notes = serializers.ListField(child=serializers.CharField())
    lines = LineSerializer(many=True)
    total = LineSerializer(allow_null=True)
    sections = serializers.DictField(child=LineSerializer(many=True))

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's."""
        return {**super().get_fields(), "from": serializers.DateField()}


class CountedSerializer(serializers.Serializer):
    """One thing that a figure counted, by `n` (count or paise); `value` in seconds."""

    day = serializers.DateField()
    measure = serializers.CharField()
    n = serializers.IntegerField()
    value = serializers.IntegerField(allow_null=True)
    kind = serializers.CharField()
    id = serializers.CharField()
    label = serializers.CharField()


class RowsSerializer(serializers.Serializer):
    """A page of what a figure counted."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    results = CountedSerializer(many=True)


class ReportSettingsSerializer(SavesChanges, serializers.ModelSerializer):
    """What the reports go by."""

    hours = serializers.JSONField(
        help_text='{"mon": [["09:30", "18:30"]], …}; {} is around the clock.'
    )

    class Meta:
        model = ReportSettings
        fields = (
            "hours",
            "sla_seconds",
            "lookback_days",
            "horizon_days",
            "margin_percent",
            "sdr_sees",
        )

    def validate_hours(self, value: Any) -> Any:
        try:
            is_week(value)
        except ModelError as error:
            raise serializers.ValidationError(error.messages) from error
        return value

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        """The row is made with the first change."""
        if instance.pk is None:
            for name, value in validated_data.items():
                setattr(instance, name, value)
            instance.save()
            return instance
        return super().update(instance, validated_data)


class HolidaySerializer(serializers.ModelSerializer):
    """A day on which nobody works."""

    id = serializers.UUIDField(source="public_id", read_only=True)

    class Meta:
        model = Holiday
        fields = ("id", "day", "name")

    def create(self, validated_data: dict[str, Any]) -> Any:
        try:
            with transaction.atomic():
                return super().create(validated_data)
        except IntegrityError as error:
            raise serializers.ValidationError(
                {"day": "This day is a holiday already."}, code="unique"
            ) from error
