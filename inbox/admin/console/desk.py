"""Who sits at the console: the workspace they look into, and what they may do there."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from inbox.models import Conversation
from teams.back_office import reach_of, within
from teams.billing_notices import BillingNotice, notice_for
from teams.models import User, Workspace
from teams.roles import ALLOWED, Action


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody in front of one workspace's inbox.

    Platform staff look into every workspace, and answer where they are members.
    """

    user: Any
    workspace: Workspace
    may_work: bool
    notice: BillingNotice | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The clock that the page shows."""
        return ZoneInfo(self.workspace.timezone)

    @property
    def conversations(self) -> QuerySet[Conversation]:
        """Every conversation of the workspace, with what a row names."""
        rows = Conversation.objects.filter(workspace=self.workspace)
        return rows.select_related(
            "account", "contact__merged_into", "assignee", "workspace"
        ).defer("account__token")

    def colleagues(self) -> QuerySet[User]:
        """Whom work can be given to."""
        workers = [role for role, actions in ALLOWED.items() if Action.WORK in actions]
        return User.objects.filter(
            is_active=True,
            memberships__workspace=self.workspace,
            memberships__role__in=workers,
        ).order_by("name", "email")


def workspaces(request: HttpRequest) -> QuerySet[Workspace]:
    """Into which the asker may look."""
    places = reach_of(request).places(Action.READ)
    return within(Workspace.objects.order_by("name", "pk"), places)


def seat(request: HttpRequest, slug: str) -> Seat:
    """The asker's seat in this workspace; Http404 where they may not look."""
    workspace = workspaces(request).filter(slug=slug).first()
    if workspace is None:
        raise Http404
    membership = request.user.memberships.filter(workspace=workspace).first()
    may_work = bool(membership and membership.may(Action.WORK))
    may_pay = bool(membership and membership.may(Action.MANAGE_BILLING))
    notice = notice_for(workspace, may_pay=may_pay)
    return Seat(request.user, workspace, may_work, notice)
