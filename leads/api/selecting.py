"""Which leads a bulk request is about: ids, a filter, or a saved view; resolved here,
in the reach of whoever asks."""

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from leads.api.filters import LeadFilter
from leads.models import Lead, SavedView
from leads.models.leads import LeadQuerySet

MOST_IDS = 10_000


class Selection(NamedTuple):
    """Leads, and how many of those asked for are not among them."""

    leads: LeadQuerySet
    missing: int
    said: dict[str, Any]


class SelectSerializer(serializers.Serializer):
    """One of `ids`, `filter` (the parameters of the list), or `view`."""

    ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_IDS
    )
    filter = serializers.DictField(
        child=serializers.CharField(max_length=254, allow_blank=True), required=False
    )
    view = serializers.UUIDField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Say one of ids, filter and view.")
        return attrs


def select(given: Mapping[str, Any], request: Any, membership: Any) -> Selection:
    """The leads that a validated SelectSerializer names.

    What is out of reach is missing like what does not exist. Raises ValidationError.
    """
    reach = Lead.objects.for_workspace(membership.workspace).in_reach_of(membership)
    if "ids" in given:
        ids = set(given["ids"])
        found = reach.filter(public_id__in=ids)
        missing = len(ids) - found.count()
        return Selection(found, missing, {"ids": len(ids)})
    if "view" in given:
        view = _view(given["view"], membership)
        said = {"view": view.name, "filter": view.filter}
        return Selection(filtered(view.filter, reach, request), 0, said)
    said = {"filter": dict(given["filter"])}
    return Selection(filtered(given["filter"], reach, request), 0, said)


def _view(key: uuid.UUID, membership: Any) -> SavedView:
    mine = Q(user=membership.user_id) | Q(is_shared=True)
    views = SavedView.objects.for_workspace(membership.workspace).filter(mine)
    view = views.filter(public_id=key).first()
    if view is None:
        raise ValidationError({"select": {"view": ["There is no such view."]}})
    return view


def check_filter(given: Mapping[str, Any], request: Any) -> None:
    """Raise ValidationError for a parameter that the list does not know, which would
    else select everything, and for values that it refuses."""
    unknown = sorted(given.keys() - LeadFilter.base_filters.keys())
    if unknown:
        raise ValidationError({unknown[0]: ["Lists of leads have no such filter."]})
    form = LeadFilter(dict(given), Lead.objects.none(), request=request)
    if not form.is_valid():
        raise ValidationError(
            {name: list(found) for name, found in form.errors.items()}
        )
    _ = form.qs  # raises for the rest


def filtered(given: Mapping[str, Any], leads: QuerySet, request: Any) -> LeadQuerySet:
    """The list of leads under these parameters. Raises ValidationError."""
    check_filter(given, request)
    return LeadFilter(dict(given), leads, request=request).qs
