"""The plan's conversations as rows: people, rounds, waits, messages and statuses."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps

from flexoraa.sandbox.season.filling import insert
from flexoraa.sandbox.season.plan import Person, Talk

RANKS = {"received": 0, "sent": 3, "failed": 4, "delivered": 5, "read": 6}
KINDS = {"whatsapp": "phone", "instagram": "igsid", "facebook": "psid"}
UNDELIVERABLE = [{"code": 131026, "title": "Message undeliverable"}]
Row = dict[str, Any]


def write_talks(
    workspace: Any, people: Sequence[Person], leads: list[int], agents: list[Any]
) -> None:
    """Everything that was said, on the workspace's first account of each channel."""
    accounts = {
        account.channel: account
        for account in apps.get_model("inbox.ChannelAccount")
        .objects.filter(workspace=workspace)
        .order_by("-pk")
    }
    talking = [
        (person, person.talk, lead, accounts[person.talk.channel])
        for person, lead in zip(people, leads, strict=True)
        if person.talk and person.talk.rounds and person.talk.channel in accounts
    ]
    contacts = insert(
        "inbox.Contact",
        workspace,
        [
            {
                "name": person.name,
                "username": "",
                "lead_id": lead,
                "created_at": person.born,
            }
            for person, _, lead, _ in talking
        ],
        ["id"],
    )
    ids = [pk for (pk,) in contacts]
    insert(
        "inbox.ContactIdentity",
        workspace,
        [
            _identity(person, talk, contact, account)
            for (person, talk, _, account), contact in zip(talking, ids, strict=True)
        ],
    )
    conversations = insert(
        "inbox.Conversation",
        workspace,
        [
            _conversation(talk, contact, account, agents)
            for (_, talk, _, account), contact in zip(talking, ids, strict=True)
        ],
        ["id"],
    )
    rows = [
        (talk, pk, contact, account)
        for (_, talk, _, account), (pk,), contact in zip(
            talking, conversations, ids, strict=True
        )
    ]
    _histories(workspace, rows, agents)
    _messages(workspace, rows, agents)


def _identity(person: Person, talk: Talk, contact: int, account: Any) -> Row:
    value = person.phone.removeprefix("+")
    if talk.channel != "whatsapp":
        value = f"66{person.number:014}"
    return {
        "account_id": account.pk,
        "contact_id": contact,
        "kind": KINDS[talk.channel],
        "value": value,
        "key": value,
        "last_inbound_at": max(s.at for s in talk.said if s.agent is None),
        "created_at": person.born,
    }


def _conversation(talk: Talk, contact: int, account: Any, agents: list[Any]) -> Row:
    last = max(talk.said, key=lambda said: said.at)
    return {
        "account_id": account.pk,
        "contact_id": contact,
        "channel": talk.channel,
        "status": "resolved",
        "assignee_id": agents[talk.agent].pk,
        "unread_count": 0,
        "preview": last.text,
        "last_message_at": last.at,
        "last_inbound_at": max(s.at for s in talk.said if s.agent is None),
        "created_at": talk.rounds[0][0],
        "resolved_at": talk.rounds[-1][1],
    }


def _histories(workspace: Any, rows: list[tuple], agents: list[Any]) -> None:
    """Rounds, waits and who had the conversation."""
    places = [
        (talk, pk, place)
        for talk, pk, _, _ in rows
        for place in range(len(talk.rounds))
    ]
    cycles = insert(
        "inbox.Cycle",
        workspace,
        [
            {
                "conversation_id": pk,
                "started_at": talk.rounds[place][0],
                "ended_at": talk.rounds[place][1],
                "ended_by_id": agents[talk.rounds[place][2]].pk,
            }
            for talk, pk, place in places
        ],
        ["id"],
    )
    cycle_of = {
        (pk, place): cycle
        for (_, pk, place), (cycle,) in zip(places, cycles, strict=True)
    }
    insert(
        "inbox.WaitSegment",
        workspace,
        [
            {
                "conversation_id": pk,
                "cycle_id": cycle_of[pk, place],
                "started_at": wait.started_at,
                "ended_at": wait.ended_at,
                "ended_by_id": None if wait.agent is None else agents[wait.agent].pk,
                "outcome": "resolved" if wait.agent is None else "answered",
            }
            for talk, pk, _, _ in rows
            for place, wait in talk.waits
        ],
    )
    insert(
        "inbox.AssignmentInterval",
        workspace,
        [
            {
                "conversation_id": pk,
                "user_id": agents[talk.agent].pk,
                "strategy": "round_robin",
                "receipt": {"rule": "round_robin", "reason": "The next in turn."},
                "started_at": talk.rounds[0][0],
            }
            for talk, pk, _, _ in rows
        ],
    )


def _messages(workspace: Any, rows: list[tuple], agents: list[Any]) -> None:
    """What was said, and the provider's word on what we sent."""
    messages: list[Row] = []
    for talk, pk, contact, account in rows:
        for said in talk.said:
            is_ours = said.agent is not None
            messages.append(
                {
                    "account_id": account.pk,
                    "conversation_id": pk,
                    "contact_id": contact,
                    "author_id": agents[said.agent].pk if is_ours else None,
                    "channel": talk.channel,
                    "direction": "out" if is_ours else "in",
                    "kind": "text",
                    "text": said.text,
                    "external_id": f"season.{account.pk}.{len(messages)}",
                    "status": said.status,
                    "status_rank": RANKS[said.status],
                    "errors": UNDELIVERABLE if said.status == "failed" else [],
                    "provider_at": said.at,
                    "created_at": said.at,
                }
            )
    messages.sort(key=lambda row: row["provider_at"])
    insert("inbox.Message", workspace, messages)
