"""What lists of leads can be asked for: the allow-list of query parameters."""

import uuid
from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError as Refused
from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError

from leads.models import CustomField, Lead, SpendEntry, Stage, Task

FLAG = (("true", "true"), ("false", "false"))


def by_row(queryset: QuerySet, name: str, value: str, me: Any = None) -> QuerySet:
    """Rows whose relation is `none`, `me` or the row with this id."""
    if value == "none":
        return queryset.filter(**{f"{name}__isnull": True})
    if value == "me" and me is not None:
        return queryset.filter(**{name: me})
    try:
        return queryset.filter(**{f"{name}__public_id": uuid.UUID(value)})
    except ValueError as error:
        words = "me, none, or an id" if me is not None else "none, or an id"
        raise ValidationError({name: [f"Say {words}."]}) from error


class LeadFilter(filters.FilterSet):
    """By who has them, where they are and came from, and what they say."""

    ORDERS = {
        name: column
        for plain, column in {
            "created_at": "id",  # the same order, and never equal
            "updated_at": "updated_at",
            "score": "score",
            "value": "value_paise",
        }.items()
        for name, column in ((plain, column), (f"-{plain}", f"-{column}"))
    }

    search = filters.CharFilter(
        method="by_words",
        max_length=100,
        label="Words of a name, phone, e-mail, company or external id.",
    )
    stage = filters.UUIDFilter("stage__public_id")
    kind = filters.ChoiceFilter("stage__kind", choices=Stage.Kind.choices)
    owner = filters.CharFilter(
        method="by_owner", label="`me`, `none`, or the id of a user."
    )
    campaign = filters.CharFilter(
        method="by_campaign", label="`none`, or the id of a campaign."
    )
    source = filters.CharFilter(max_length=60)
    tag = filters.CharFilter(method="by_tag", max_length=50)
    consent = filters.ChoiceFilter(choices=Lead.Consent.choices)
    custom = filters.CharFilter(
        method="by_custom", max_length=200, label="`key=value` of a custom field."
    )
    phone = filters.CharFilter(max_length=16)
    email = filters.CharFilter(max_length=254)
    external_id = filters.CharFilter(max_length=120)
    score_from = filters.NumberFilter("score", "gte", min_value=-(10**6))
    value_from = filters.NumberFilter(
        "value_paise", "gte", min_value=0, max_value=10**15, label="In paise."
    )
    created_from = filters.IsoDateTimeFilter("created_at", "gte")
    created_to = filters.IsoDateTimeFilter("created_at", "lt")
    updated_from = filters.IsoDateTimeFilter("updated_at", "gte")
    archived = filters.ChoiceFilter(
        choices=FLAG, method="by_archived", label="`true`: archived ones instead."
    )
    ordering = filters.ChoiceFilter(
        choices=[(name, name) for name in ORDERS], method="in_order"
    )

    class Meta:
        model = Lead
        fields = ()

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        if not self.form.cleaned_data.get("archived"):
            queryset = queryset.live()
        return super().filter_queryset(queryset)

    def by_words(self, queryset: Any, name: str, value: str) -> QuerySet:
        return queryset.search(self.request.workspace, value)

    def by_owner(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return by_row(queryset, "owner", value, self.request.user)

    def by_campaign(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return by_row(queryset, "campaign", value)

    def by_tag(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(tags__contains=[value]).exclude(tags=[])

    def by_custom(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        key, equals, wanted = value.partition("=")
        fields = CustomField.objects.for_workspace(self.request.workspace)
        field = fields.filter(key=key).first() if equals else None
        if field is None:
            raise ValidationError({"custom": ["Say key=value of a custom field."]})
        try:
            stored = field.to_stored(wanted)
        except Refused as error:
            raise ValidationError({"custom": error.messages}) from error
        return queryset.filter(custom__contains={key: stored}).exclude(custom={})

    def by_archived(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value == "true":
            return queryset.filter(archived_at__isnull=False, merged_into=None)
        return queryset.live()

    def in_order(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.order_by(self.ORDERS[value])


class TaskFilter(filters.FilterSet):
    """By who does it, whether it is done, and when it is due."""

    assignee = filters.CharFilter(
        method="by_assignee", label="`me`, `none`, or the id of a user."
    )
    lead = filters.UUIDFilter("lead__public_id")
    done = filters.ChoiceFilter(choices=FLAG, method="by_done")
    due_to = filters.IsoDateTimeFilter("due_at", "lt")

    class Meta:
        model = Task
        fields = ()

    def by_assignee(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return by_row(queryset, "assignee", value, self.request.user)

    def by_done(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(done_at__isnull=value == "false")


class SpendFilter(filters.FilterSet):
    """By day, kind, and whether a later entry replaced it."""

    kind = filters.ChoiceFilter(choices=SpendEntry.Kind.choices)
    day_from = filters.DateFilter("day", "gte")
    day_to = filters.DateFilter("day", "lt")
    replaced = filters.ChoiceFilter(
        choices=FLAG, method="by_replaced", label="`true`: replaced ones as well."
    )

    class Meta:
        model = SpendEntry
        fields = ()

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        if self.form.cleaned_data.get("replaced") != "true":
            queryset = queryset.current()
        return super().filter_queryset(queryset)

    def by_replaced(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset
