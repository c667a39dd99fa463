"""How much of each limit a workspace uses; the apps that count are named as strings."""

from django.conf import settings
from django.utils.module_loading import import_string

from payments.models.plans import LIMITS
from teams.models import Workspace


def used(workspace: Workspace) -> dict[str, int]:
    """Of seats, channels and leads now, of messages in this month of the workspace."""
    return {
        name: import_string(settings.USAGE[name])(workspace)
        for name in LIMITS
        if name in settings.USAGE
    }
