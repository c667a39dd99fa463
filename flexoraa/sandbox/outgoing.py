"""What a business asked to send, in one shape for all channels."""

from dataclasses import dataclass, field
from typing import Any

from flexoraa.sandbox.graph_errors import GraphError

Parameters = dict[str, Any]


@dataclass(frozen=True)
class Outgoing:
    """A send that passed the checks of its channel."""

    to: str
    kind: str
    text: str = ""
    media_id: str = ""
    link: str = ""
    filename: str = ""
    choices: list[dict[str, str]] = field(default_factory=list)
    reply_to: str = ""
    reacts_to: str = ""
    ref: str = ""
    category: str = "service"  # of WhatsApp's prices
    is_free: bool = True  # free-form: needs an open window
    window: float = 24 * 3600.0  # seconds since the person wrote that are enough


def wanted(found: Any, kind: type, name: str) -> Any:
    """The value, if it has this type and is not empty; else the usual refusal."""
    if not isinstance(found, kind) or found in ("", {}, []):
        raise GraphError(100, f"The parameter {name} is required.")
    return found


def limited(text: Any, limit: int, name: str) -> str:
    """The text, unless it is none, or too long for this parameter."""
    wanted(text, str, name)
    if len(text) > limit:
        raise GraphError(100, f"Param {name} must be at most {limit} characters long.")
    return str(text)
