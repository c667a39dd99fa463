"""How many leads the plan of a workspace allows."""

from leads.models import Lead
from teams.models import Workspace


def check_room(workspace: Workspace, adding: int = 1) -> None:
    """Raise Conflict, code `limit_reached`, when the plan has no room for so many more
    leads. Locks the workspace, if the plan has a limit at all."""
    if workspace.limits.get("leads") is None:
        return
    locked = Workspace.objects.locked().get(pk=workspace.pk)
    used = Lead.objects.for_workspace(locked).live().count()
    locked.check_limit("leads", used, adding)
