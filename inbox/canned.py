"""Variables in canned replies, such as {{contact.name}}, filled in as plain text."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from inbox.models import Contact, Conversation
from teams.models import User

VARIABLE = re.compile(r"\{\{\s*([\w.]{1,60})\s*\}\}")
KNOWN = {
    "contact.name": "The whole name of the person",
    "contact.first_name": "Their name up to the first space",
    "contact.username": "Their user name on the channel",
    "agent.name": "Your own name",
    "agent.first_name": "Your name up to the first space",
    "workspace.name": "The name of the workspace",
    "account.name": "The number, page or account that the conversation is on",
    "channel": "WhatsApp, Instagram or Messenger",
}


class Rendered(NamedTuple):
    """The text with what is known filled in; what is not stays as it was written, and
    is named in `missing`, for a person to complete before sending."""

    text: str
    missing: list[str]


def unknown_variables(text: str) -> list[str]:
    """Variables that nothing will ever fill, in the order they are written."""
    return list(dict.fromkeys(n for n in VARIABLE.findall(text) if n not in KNOWN))


def render(text: str, values: Mapping[str, str]) -> Rendered:
    """Fill in variables once: a value that looks like a variable stays a value."""
    missing: dict[str, None] = {}

    def fill(match: re.Match[str]) -> str:
        if value := values.get(match[1], ""):
            return value
        missing[match[1]] = None
        return match[0]

    return Rendered(VARIABLE.sub(fill, text), list(missing))


def values_for(conversation: Conversation, person: Contact, agent: User) -> dict:
    """What the variables mean in this conversation, for this agent."""
    return {
        "contact.name": person.name,
        "contact.first_name": person.name.partition(" ")[0],
        "contact.username": person.username,
        "agent.name": agent.name,
        "agent.first_name": agent.name.partition(" ")[0],
        "workspace.name": conversation.workspace.name,
        "account.name": conversation.account.name,
        "channel": conversation.get_channel_display(),
    }
