"""How many leads the plan of a workspace allows."""

from leads import usage
from teams.models import Workspace


def check_room(workspace: Workspace, adding: int = 1) -> None:
    """Raise Conflict, code `limit_reached`, when the plan has no room for so many more
    leads. Locks the workspace, if the plan has a limit at all."""
    limits = workspace.limits
    if limits.get("leads") is None and not limits.get("read_only"):
        return
    locked = Workspace.objects.locked().get(pk=workspace.pk)
    locked.check_limit("leads", usage.leads(locked), adding)
