"""How many leads of its plan a workspace uses."""

from leads.models import Lead
from teams.models import Workspace


def leads(workspace: Workspace) -> int:
    """All but those that were merged into others."""
    return Lead.objects.for_workspace(workspace).live().order_by().count()
