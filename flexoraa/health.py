"""Whether the process lives, and whether it can do its work."""

from functools import cache

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils.module_loading import import_string

from flexoraa.lib import work


def livez(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """503 without a migrated database; a missing worker only degrades, since what
    comes in is stored and waits."""
    try:
        is_migrated()
        found = {
            "status": "ok",
            "workers": work.running(),
            "backlog": {
                name: import_string(path)() for name, path in settings.BACKLOGS.items()
            },
        }
    except NotMigrated:
        return JsonResponse({"status": "down", "database": "not migrated"}, status=503)
    except Error:
        return JsonResponse({"status": "down", "database": "unreachable"}, status=503)
    if not found["workers"]:
        found["status"] = "degraded"
    return JsonResponse(found)


class NotMigrated(Exception):
    """The code is newer than the database."""


@cache
def is_migrated() -> bool:
    """Whether all migrations are applied; asked until it is so, then remembered."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotMigrated
    return True
