"""Filters whose choices are known beforehand, instead of a DISTINCT over the table."""

from datetime import timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

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
            since = timezone.now() - self.SPANS[self.value()]
            return queryset.filter(received_at__gte=since)
        if self.value() == "older":
            since = timezone.now() - self.SPANS["week"]
            return queryset.filter(received_at__lt=since)
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
