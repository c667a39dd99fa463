"""What a member sees of the leads, for the back office's "view as"."""

from collections.abc import Iterator

from leads.models import Lead
from teams.models import Membership
from teams.roles import Action, Role, may

FIRST = 5
Seen = tuple[str, int, int, str, list[str]]


def seen(membership: Membership, role: str) -> Iterator[Seen]:
    """(name, how many are seen, of how many, why, the newest few); by the same rule
    that the API asks, for the role that the member has or would have."""
    imagined = Membership(
        user_id=membership.user_id, workspace=membership.workspace, role=role
    )
    every = Lead.objects.for_workspace(membership.workspace).live()
    mine = every.in_reach_of(imagined)
    newest = [str(lead) for lead in mine.order_by("-pk")[:FIRST]]
    yield "Leads", mine.count(), every.count(), why(imagined), newest


def why(membership: Membership) -> str:
    """The rule, in words."""
    if not may(membership.role, Action.READ):
        return "The role reads nothing."
    if membership.role != Role.SDR:
        return f"{Role(membership.role).label}s see every lead."
    if membership.workspace.lead_settings.sdr_sees_all:
        return "SDRs see every lead, as the workspace's settings say."
    return "SDRs see their own leads and those that are nobody's."
