"""What the plan allows of channels and messages, asked where they are added."""

from inbox import usage
from teams.models import Workspace


def check_channels(workspace: Workspace) -> None:
    """Raise Conflict, code `limit_reached` or `read_only`, when the plan has no room
    for one more channel. Call it in the transaction that connects it."""
    if locked := _locked(workspace, "channels"):
        locked.check_limit("channels", usage.channels(locked))


def lock_messages(workspace: Workspace) -> Workspace | None:
    """The workspace's locked row, if its plan limits messages; before any lock of a
    conversation, as the order of locks has it."""
    return _locked(workspace, "messages")


def check_messages(locked: Workspace | None, adding: int) -> None:
    """Raise Conflict when so many messages more are too many for this month."""
    if locked:
        locked.check_limit("messages", usage.messages(locked), adding)


def _locked(workspace: Workspace, name: str) -> Workspace | None:
    """Nothing is locked, or counted, where nothing is limited."""
    limits = workspace.limits
    if limits.get(name) is None and not limits.get("read_only"):
        return None
    return Workspace.objects.locked().get(pk=workspace.pk)
