"""Filters over related rows that offer and name only what the asker may see."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from django import forms
from django.contrib.admin import RelatedFieldListFilter
from django.contrib.admin.utils import NotRelationField, get_fields_from_path
from django.contrib.admin.utils import get_model_from_relation as other_end
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin.mixins import AutocompleteMixin

from teams.back_office.reach import within

OPERATORS = frozenset(
    "id pk public_id exact in isnull gt gte lt lte date year month day".split()
)


class InReach:
    """Goes before a filter over a relation; the admin is a ScopedAdmin."""

    places = None

    def __init__(
        self,
        field: Any,
        request: HttpRequest,
        params: dict[str, list[str]],
        model: type[Model],
        model_admin: Any,
        field_path: str,
    ) -> None:
        self.places = model_admin.places(request, "view")
        super().__init__(field, request, params, model, model_admin, field_path)

    def seen(self) -> QuerySet:
        """The related rows that the asker may see."""
        return within(other_end(self.field)._default_manager.all(), self.places)

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: Any
    ) -> list[tuple[Any, str]]:
        if self.places is None or isinstance(self, AutocompleteMixin):
            return super().field_choices(field, request, model_admin)
        return field.get_choices(
            include_blank=False,
            ordering=self.field_admin_ordering(field, request, model_admin),
            limit_choices_to={"pk__in": self.seen().values("pk")},
        )

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """A form that shows the chosen row by its name asks for it in reach as well."""
        for choice in super().choices(changelist):
            form = choice.get("form")
            for field in form.fields.values() if form else ():
                if isinstance(field, forms.ModelChoiceField):
                    field.queryset = self.seen()
            yield choice


@cache
def in_reach(filter_class: type) -> type:
    """The filter, narrowed."""
    if issubclass(filter_class, InReach):
        return filter_class
    return type(f"{filter_class.__name__}InReach", (InReach, filter_class), {})


def scoped(item: Any, model: type[Model]) -> Any:
    """A line of `list_filter` as ScopedAdmin uses it: those over relations narrowed."""
    path, filter_class = item if isinstance(item, tuple | list) else (item, None)
    if not isinstance(path, str) or not is_relation(path, model):
        return item
    filter_class = filter_class or RelatedFieldListFilter
    return path, in_reach(filter_class)


def is_relation(path: str, model: type[Model]) -> bool:
    """Whether the path ends at another row."""
    try:
        return get_fields_from_path(model, path)[-1].is_relation
    except (FieldDoesNotExist, NotRelationField):
        return False


def name_of(item: Any) -> str:
    """What a line of `list_filter` is called in a URL."""
    if isinstance(item, tuple | list):
        return item[0]
    return item if isinstance(item, str) else getattr(item, "parameter_name", "")


def is_offered(lookup: str, paths: set[str], model: type[Model]) -> bool:
    """Whether a lookup in a URL is one of the filters on the page and no more: else
    names of others, hashes and tokens could be guessed letter by letter. What names no
    column is a filter's own word, or ignored."""
    try:
        model._meta.get_field(lookup.split("__")[0])
    except FieldDoesNotExist:
        return not lookup.startswith("pk")
    for path in paths:
        if lookup == path:
            return True
        if lookup.startswith(f"{path}__"):
            rest = lookup.removeprefix(f"{path}__").split("__")
            if OPERATORS.issuperset(rest):
                return True
    return False
