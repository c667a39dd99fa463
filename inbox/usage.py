"""How much of its plan's channels and messages a workspace uses."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from inbox.models import ChannelAccount, Message
from teams.models import Workspace


def channels(workspace: Workspace) -> int:
    """Numbers, pages and accounts, connected or not."""
    return ChannelAccount.objects.for_workspace(workspace).count()


def messages(workspace: Workspace) -> int:
    """Messages out in this month of the workspace's own time zone; notes are free."""
    since = month_begin(workspace.timezone)
    out = Message.objects.for_workspace(workspace).filter(direction="out")
    return out.filter(provider_at__gte=since).order_by().count()


def month_begin(zone: str) -> datetime:
    """Midnight of the first, there."""
    now = timezone.now().astimezone(ZoneInfo(zone))
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
