"""How many seats of its plan a workspace uses."""

from teams.models import Invitation, Workspace


def seats(workspace: Workspace) -> int:
    """Members, and invitations that could be accepted now."""
    invited = Invitation.objects.for_workspace(workspace).pending().count()
    return workspace.memberships.count() + invited
