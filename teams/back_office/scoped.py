"""ScopedAdmin: what the asker may see and do, as the table in teams/roles.py says."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from teams.back_office import filters
from teams.back_office.forms import InlineRows, OneWorkspace
from teams.back_office.reach import Places, reach_of, within
from teams.recently import is_recent

BIGGEST_ID = 2**63 - 1


class Scoped:
    """What admins and inlines share. Goes before Django's classes.

    `asks` says what each verb ("view", "add", "change", "delete" and those of the
    admin's own actions) asks of a role; a verb that is not named is for platform staff
    alone.
    """

    asks: ClassVar[Mapping[str, str]] = {}

    def places(self, request: HttpRequest, verb: str) -> Places:
        """The ids of the workspaces where the asker may do this; None: everywhere."""
        return reach_of(request).places(self.asks.get(verb))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """The rows that the asker may see: where every list and action starts."""
        return within(super().get_queryset(request), self.places(request, "view"))

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> QuerySet | None:
        """The choices of a relation: of workspaces in which the asker may write."""
        rows = super().get_field_queryset(db, db_field, request)
        if reach_of(request).is_everywhere:
            return rows
        if rows is None:
            rows = db_field.remote_field.model._default_manager.using(db)
        places = {*self.places(request, "add"), *self.places(request, "change")}
        return within(rows, places)

    def _may(self, request: HttpRequest, verb: str, row: Any) -> bool:
        reach = reach_of(request)
        if reach.is_everywhere:
            return True
        if row is None:
            return bool(self.places(request, verb))
        return reach.covers(row, self.asks.get(verb))


class ScopedAdmin(Scoped, ModelAdmin):
    """The base of every admin. Nothing of workspaces where the asker's role does not
    allow it is listed, found, offered, opened or changed; what is out of reach answers
    like what is absent. `again` names the verbs for which the asker must have shown
    lately who they are.
    """

    again: ClassVar[frozenset[str]] = frozenset({"team", "export", "support"})

    def may(self, request: HttpRequest, verb: str, row: Any = None) -> bool:
        """Whether the asker may do this to the row; without one, to any at all."""
        if row is not None and not isinstance(row, Model):
            row = self.get_object(
                request, str(row)
            )  # unfold passes the id from the URL
            if row is None:
                return False
        return self._may(request, verb, row)

    def get_or_404(self, request: HttpRequest, pk: int, verb: str = "view") -> Any:
        """The row for a page of the admin's own. Raises Http404 for one out of reach
        and PermissionDenied when it may be seen, but not this."""
        found = self.get_queryset(request).filter(pk=min(pk, BIGGEST_ID)).first()
        if found is None:
            raise Http404
        if not self.may(request, verb, found):
            raise PermissionDenied
        return found

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "view", obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "delete", obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> Any:
        """Asks first who it is, where that is due."""
        if "delete" in self.again and not is_recent(request):
            return shown_again(request)
        return super().delete_view(request, object_id, extra_context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> Any:
        """What was done to a person may have been done in another workspace, and the
        log names it: for platform staff."""
        if is_shared_model(self.model) and not reach_of(request).is_everywhere:
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def get_ordering(self, request: HttpRequest) -> tuple:
        """Pages need an order, those of choices that are typed too."""
        return super().get_ordering(request) or self.opts.ordering or ("-pk",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = kwargs.get("form", self.form)
        return super().get_form(request, obj, change, **kwargs | {"form": whole(form)})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple:
        """Whose row it is was settled when it was made: its children would stay."""
        fields = tuple(super().get_readonly_fields(request, obj))
        if obj and hasattr(obj, "workspace_id") and "workspace" not in fields:
            return (*fields, "workspace")
        return fields

    def get_list_filter(self, request: HttpRequest) -> list:
        return [
            filters.scoped(item, self.model)
            for item in super().get_list_filter(request)
        ]

    def lookup_allowed(
        self, lookup: str, value: Any, request: HttpRequest | None = None
    ) -> bool:
        """Only the filters that the page offers."""
        offered = super().get_list_filter(request)
        paths = {filters.name_of(item) for item in offered} | {self.date_hierarchy}
        return filters.is_offered(lookup, paths - {"", None}, self.model)

    def get_actions(self, request: HttpRequest) -> dict[str, tuple]:
        """Each runs over the rows to which the asker may do it, whatever was ticked."""
        return {
            name: (self._in_reach(function), name, description)
            for name, (function, _, description) in super().get_actions(request).items()
        }

    def _in_reach(self, function: Callable) -> Callable:
        verbs = getattr(function, "allowed_permissions", ())
        is_grave = not self.again.isdisjoint(verbs)

        @wraps(function)
        def run(model_admin: Any, request: HttpRequest, rows: QuerySet) -> Any:
            if is_grave and not is_recent(request):
                return shown_again(request)
            if reach_of(request).is_everywhere:
                return function(model_admin, request, rows)
            allowed = rows
            for verb in verbs or ("change",):
                allowed = within(allowed, self.places(request, verb))
            if left_out := rows.count() - allowed.count():
                said = (
                    f"Left out: {left_out}, since your role does not allow this there."
                )
                messages.warning(request, said)
            return function(model_admin, request, allowed)

        return run


class ScopedInline(Scoped):
    """Rows shown with their parent. They may be changed where the parent is one row of
    one workspace; under a person, who is in many, they are only shown."""

    formset = InlineRows

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = kwargs.get("form", self.form)
        return super().get_formset(request, obj, **kwargs | {"form": whole(form)})

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view", obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_write(request, "add", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_write(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_write(request, "delete", obj)

    def _may_write(self, request: HttpRequest, verb: str, parent: Any) -> bool:
        if reach_of(request).is_everywhere:
            return True
        is_one = parent is None or not is_shared(parent)
        return is_one and self._may(request, verb, parent)


class ScopedTabularInline(ScopedInline, TabularInline):
    """Rows as a table."""


class ScopedStackedInline(ScopedInline, StackedInline):
    """Rows as small forms."""


def shown_again(request: HttpRequest) -> HttpResponse:
    """To the page that asks for the password or a code, and back to this one."""
    messages.warning(request, "Show that it is you first; then choose it once more.")
    query = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
    return redirect(f"{reverse('account_reauthenticate')}?{query}")


def is_shared(row: Model) -> bool:
    """Whether a row can be in several workspaces at a time."""
    return is_shared_model(type(row))


def is_shared_model(model: type[Model]) -> bool:
    """Whether its rows can."""
    return not hasattr(model, "workspace_id") and model._meta.label != "teams.Workspace"


def whole(form: type) -> type:
    """The form, with OneWorkspace as its leftmost base."""
    if issubclass(form, OneWorkspace):
        return form
    return type(form.__name__, (OneWorkspace, form), {})
