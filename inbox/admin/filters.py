"""Filters whose choices are known beforehand, instead of a DISTINCT over the table."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from flexoraa.lib.pagination import EstimatedPaginator
from inbox import adapters


class AgeFilter(SimpleListFilter):
    """By when it came."""

    title = "age"
    parameter_name = "age"
    SPANS = {
        "hour": timedelta(hours=1),
        "day": timedelta(days=1),
        "week": timedelta(days=7),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("hour", "last hour"),
            ("day", "last 24 hours"),
            ("week", "last 7 days"),
            ("older", "older"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in self.SPANS:
            return since(queryset, timezone.now() - self.SPANS[self.value()])
        if self.value() == "older":
            week = timezone.now() - self.SPANS["week"]
            return queryset.filter(received_at__lt=week)
        return queryset


class RouteFilter(SimpleListFilter):
    """By the route it was posted to."""

    title = parameter_name = "route"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(adapters.choices())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(route=self.value()) if self.value() else queryset


class AssignedFilter(SimpleListFilter):
    """Whether it is mine, or nobody's."""

    title = parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("me", "to me"), ("nobody", "to nobody")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "me":
            return queryset.filter(assignee=request.user)
        if self.value() == "nobody":
            return queryset.filter(assignee=None)
        return queryset


def since(queryset: QuerySet, at: datetime) -> QuerySet:
    """What came from then on. Nothing has times in order but the ids: if the ten
    thousandth newest row is older, nothing before it needs to be read."""
    newest = queryset.model.objects.order_by("-pk").values_list("pk", "received_at")
    horizon = newest[EstimatedPaginator.LIMIT : EstimatedPaginator.LIMIT + 1]
    for pk, received_at in horizon:
        if received_at < at:
            queryset = queryset.filter(pk__gt=pk)
    return queryset.filter(received_at__gte=at)
