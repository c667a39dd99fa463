"""Forms whose rows may only point to rows of the same workspace."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from unfold.forms import PaginationInlineFormSet

from teams.back_office.reach import workspaces_of
from teams.models import Membership, User, Workspace


class OneWorkspace(forms.BaseModelForm):
    """The leftmost base of every form: says in words what the composite foreign keys
    would refuse."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        data = self.cleaned_data if cleaned is None else cleaned
        workspace = data.get("workspace") or getattr(
            self.instance, "workspace_id", None
        )
        pk = workspace.pk if isinstance(workspace, Workspace) else workspace
        if self._meta.model is Membership:
            return cleaned  # it is what makes somebody one of the workspace
        for name in self.changed_data if pk else ():
            if any(pk not in workspaces_of(row) for row in _rows(data.get(name))):
                self.add_error(
                    name, forms.ValidationError("This is of another workspace.")
                )
        return cleaned


def _rows(value: Any) -> Iterable[Model]:
    """The rows among what a field was given that have a workspace to compare."""
    many = isinstance(value, QuerySet | list | tuple)
    for row in value if many else [value]:
        is_ours = isinstance(row, Model) and hasattr(row, "workspace_id")
        if is_ours or isinstance(row, User | Workspace):
            yield row


class InlineRows(PaginationInlineFormSet):
    """New rows of an inline are in their parent's workspace."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)
        self._put(form)
        return form

    @property
    def empty_form(self) -> Any:
        form = super().empty_form
        self._put(form)
        return form

    def _put(self, form: Any) -> None:
        workspace = getattr(self.instance, "workspace_id", None)
        if workspace and hasattr(form.instance, "workspace_id"):
            form.instance.workspace_id = workspace
