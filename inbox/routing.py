"""Whose event it is: from the ids in webhooks to connected accounts."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from django.db.models import Q

from inbox.adapters.base import Event, Noted
from inbox.models import ChannelAccount

E = TypeVar("E", bound=Event, covariant=True)


class Routed(NamedTuple, Generic[E]):
    """An event, the account it is for, and the delivery that brought it."""

    account: ChannelAccount
    event: E
    delivery_id: int


class Router:
    """The accounts that a batch of events needs, looked up at once."""

    def __init__(self, events: Iterable[tuple[str, Event]]) -> None:
        """`events` are (channel, event)."""
        accounts: dict[str, set[str]] = defaultdict(set)
        parents: dict[str, set[str]] = defaultdict(set)
        for channel, event in events:
            if event.account:
                accounts[channel].add(event.account)
            elif event.parent:
                parents[channel].add(event.parent)
        self._by_id: dict[tuple[str, str], ChannelAccount] = {}
        self._by_parent: dict[tuple[str, str], list[ChannelAccount]] = defaultdict(list)
        for account in _find(accounts, parents):
            self._by_id[account.channel, account.external_id] = account
            self._by_parent[account.channel, account.parent_external_id].append(account)

    def accounts(self, channel: str, event: Event) -> list[ChannelAccount]:
        """Where the event goes; nowhere if nobody connected that account.

        What names only the business account above goes to all its numbers if it is
        news about them, and to the one number if it is a message.
        """
        if event.account:
            account = self._by_id.get((channel, event.account))
            return [account] if account else []
        below = self._by_parent.get((channel, event.parent), []) if event.parent else []
        return below if isinstance(event, Noted) or len(below) == 1 else []

    @staticmethod
    def key(channel: str, event: Event) -> str:
        """The name under which an event waits for its account to be connected."""
        return f"{channel}:{event.account or event.parent or 'no account named'}"[:200]


def _find(
    accounts: dict[str, set[str]], parents: dict[str, set[str]]
) -> list[ChannelAccount]:
    wanted = Q()
    for channel, ids in accounts.items():
        wanted |= Q(channel=channel, external_id__in=ids)
    for channel, ids in parents.items():
        wanted |= Q(channel=channel, parent_external_id__in=ids)
    if not wanted:
        return []
    # the token is not needed, and must not be: a lost key may not stop ingest
    return list(ChannelAccount.objects.filter(wanted).defer("token"))
