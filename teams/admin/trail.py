"""API keys, the audit trail and mail in the back office."""

from typing import Any

import orjson
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.html import format_html_join

from teams import trail
from teams.back_office import ReadOnly, ago
from teams.models import ApiKey, AuditEvent, Mail
from teams.roles import Action

MOST_ROWS = 100_000  # of one CSV


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly):
    """Keys for machines; made over the API, where they are shown once."""

    asks = {"view": Action.MANAGE_KEYS, "delete": Action.MANAGE_KEYS}
    again = frozenset({"delete"})
    hint = "No machine has a key yet: POST …/admin/api-keys makes one."
    list_display = ("name", "prefix", "workspace", "role", "made_by", "last_used")
    list_filter = ("role",)
    list_select_related = ("workspace", "made_by")
    search_fields = ("name__istartswith", "prefix__istartswith")
    ordering = ("-id",)
    fields = (
        "name",
        "prefix",
        "workspace",
        "role",
        "made_by",
        "created_at",
        "last_used_at",
    )
    readonly_fields = ("prefix",)

    @admin.display(description="Last used")
    def last_used(self, key: ApiKey) -> str:
        return ago(key.last_used_at) if key.last_used_at else "never"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """To delete a key is to revoke it."""
        return self.may(request, "delete", obj)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    """Who changed what. Nobody can change a line of it."""

    asks = {"view": Action.READ_AUDIT, "export": Action.READ_AUDIT}
    list_display = ("at", "who", "what", "label", "changed", "door", "workspace")
    list_display_links = ("at",)
    list_filter = ("subject", "action", "door")
    list_select_related = ("actor", "workspace")
    search_fields = ("label__istartswith", "request_id__exact")
    ordering = ("-id",)
    actions = ("export",)
    fields = (
        "at",
        "who",
        "what",
        "label",
        "changed",
        "door",
        "request_id",
        "workspace",
        "subject_id",
    )
    readonly_fields = ("who", "what", "changed")

    @admin.display(description="Who")
    def who(self, event: AuditEvent) -> str:
        return str(event.actor) if event.actor else "–"

    @admin.display(description="What")
    def what(self, event: AuditEvent) -> str:
        return f"{event.get_action_display()}: {event.subject}"

    @admin.display(description="Changes")
    def changed(self, event: AuditEvent) -> str:
        """Before and after, a line for each column."""
        return format_html_join(
            "",
            "<div>{}: {} → {}</div>",
            (
                (name, _text(before), _text(after))
                for name, (before, after) in (event.changes or {}).items()
            ),
        )

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "export")

    @admin.action(description="Export as CSV", permissions=["export"])
    def export(self, request: HttpRequest, queryset: QuerySet) -> Any:
        return StreamingHttpResponse(
            trail.csv_lines(queryset.order_by("-id")[:MOST_ROWS]),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
        )


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else orjson.dumps(value).decode()


@admin.register(Mail)
class MailAdmin(ReadOnly):
    """Mail on its way, for platform staff. Its words are sealed and not shown."""

    list_display = ("created_at", "to", "subject", "state", "attempts", "error")
    list_filter = ("state",)
    search_fields = ("to__istartswith",)
    ordering = ("-id",)
    exclude = ("text", "html")
