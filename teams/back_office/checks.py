"""Start-up checks: no admin that shows rows of workspaces stands beside the wall."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.sites import all_sites
from django.core.checks import CheckMessage, Error, register

from teams.back_office.reach import is_tenant
from teams.back_office.scoped import ScopedAdmin, ScopedInline


@register("admin")
def admins_are_scoped(**options: Any) -> list[CheckMessage]:
    """Every admin and inline of rows that belong to workspaces, on every site."""
    return [
        message
        for site in all_sites
        for model_admin in site._registry.values()
        for message in _faults(model_admin)
    ]


def _faults(model_admin: Any) -> Iterator[CheckMessage]:
    name = type(model_admin).__name__
    if is_tenant(model_admin.model) and not isinstance(model_admin, ScopedAdmin):
        yield Error(
            f"{name} shows rows of workspaces to everybody.",
            hint="Derive it from teams.back_office.ScopedAdmin and fill `asks`.",
            obj=type(model_admin),
            id="teams.E001",
        )
    if not isinstance(model_admin, ScopedAdmin):
        return  # for platform staff alone: see flexoraa.back_office
    for inline in model_admin.inlines:
        if not issubclass(inline, ScopedInline):
            yield Error(
                f"{inline.__name__} in {name} is not scoped.",
                hint="Derive it from teams.back_office.ScopedTabularInline.",
                obj=inline,
                id="teams.E002",
            )
    for option in ("raw_id_fields", "list_editable"):
        if getattr(model_admin, option):
            yield Error(
                f"{name} uses {option}, which looks past the wall.",
                hint="Use autocomplete_fields, or an action.",
                obj=type(model_admin),
                id="teams.E003",
            )
    for function, action, _ in model_admin._get_base_actions():
        if not getattr(function, "allowed_permissions", ()):
            yield Error(
                f"The action {action} of {name} does not say what it asks of a role.",
                hint='@admin.action(permissions=["…"]), with a line in `asks`.',
                obj=type(model_admin),
                id="teams.E004",
            )
