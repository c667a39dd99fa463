"""The words for what goes out: what a person wants to say, the call that says it, and
what came of it. As pure as what comes in: no rows, no network.

A `Draft` is what was asked for. An adapter cuts it into `parts`, each one message of
its channel; an `Outgoing` is a part with a recipient and our reference; `call` turns
that into a `Call`, and `outcome` reads the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flexoraa.lib.crypto import Secret
from inbox.adapters.words import Identity, Kind

HUMAN_AGENT = "human_agent"  # an `Outgoing.tag`: a person writes, within seven days


class Unsendable(Exception):
    """The channel does not take this. `code` is a word for machines, the text a
    sentence that says what to do, `limit` the number that was exceeded, if one was."""

    def __init__(self, code: str, words: str, limit: int | None = None) -> None:
        super().__init__(words)
        self.code, self.words, self.limit = code, words, limit


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to be sent. `kind` is image, video, audio, document or sticker; `size` is
    in bytes. `external_id` is the provider's id of it once it was uploaded."""

    kind: str
    mime_type: str
    size: int = 0
    filename: str = ""
    external_id: str = ""
    voice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button or quick reply: `id` comes back when somebody taps `title`."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateUse:
    """An approved template and what goes into it; `components` in the provider's own
    form (developers.facebook.com, "template messages")."""

    name: str
    language: str
    components: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody wants to say. `reply_to` is the provider's id of a message."""

    text: str = ""
    files: tuple[File, ...] = ()
    choices: tuple[Choice, ...] = ()
    template: TemplateUse | None = None
    reply_to: str = ""

    @property
    def kind(self) -> Kind:
        """What the message is, when this is one message."""
        if self.template:
            return Kind.TEMPLATE
        if self.files:
            return Kind(self.files[0].kind)
        return Kind.INTERACTIVE if self.choices else Kind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message on its way. `account` is our external id, `to` every name of the
    recipient there, `ref` our own reference, `tag` what allows it past the window."""

    account: str
    token: Secret
    to: tuple[Identity, ...]
    ref: str
    draft: Draft
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to one of a provider's servers. `api` names the server in settings,
    `path` begins after its version."""

    path: str
    json: Mapping[str, Any] | None = None
    method: str = "POST"
    api: str = "graph"
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A call with a form: `fields`, and the file itself as `part`."""

    call: Call
    part: str
    fields: Mapping[str, str] = field(default_factory=dict)


class Refused(StrEnum):
    """Why a message was not sent, as far as that decides what happens next."""

    RETRY = "retry"  # soon, with growing pauses
    THROTTLE_ACCOUNT = "throttle_account"  # all of the account waits
    THROTTLE_PAIR = "throttle_pair"  # this recipient waits 4^n seconds
    UPLOAD_AGAIN = "upload_again"  # the file's id is of no use; once
    WINDOW_CLOSED = "window_closed"
    UNREACHABLE = "unreachable"  # this person cannot be written to
    INVALID = "invalid"  # our request is wrong, and will be again
    BROKEN = "broken"  # the channel is; somebody must connect it again
    NOT_NOW = "not_now"  # the provider wants no retry
    AMBIGUOUS = "ambiguous"  # it may have been sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The provider took it, under this id. `learned` are names of the recipient."""

    external_id: str
    learned: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The provider did not take it, or did not say. `words` are for people, `trace`
    is the provider's id of the failed call."""

    why: Refused
    words: str
    code: int = 0
    subcode: int = 0
    detail: str = ""
    trace: str = ""
    wait_seconds: float = 0.0  # what the provider asks for, when it does


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What one kind of file may be: its types, and its size in bytes. No types: any."""

    max_bytes: int
    mime_types: frozenset[str] = frozenset()

    def check(self, file: File, channel: str) -> None:
        """Raises Unsendable."""
        if self.mime_types and file.mime_type.split(";")[0] not in self.mime_types:
            known = ", ".join(sorted(kind.split("/")[1] for kind in self.mime_types))
            raise Unsendable(
                "file_type",
                f"{channel} takes no {file.kind} of type {file.mime_type or 'unknown'}"
                f": use {known}.",
            )
        if file.size > self.max_bytes:
            raise Unsendable(
                "file_too_large",
                f"{channel} takes a {file.kind} of up to "
                f"{self.max_bytes / 1024 / 1024:.3g} MB; this one has "
                f"{file.size / 1024 / 1024:.3g} MB.",
                self.max_bytes,
            )


def pieces(text: str, limit: int, in_bytes: bool = False) -> list[str]:
    """The text in pieces of at most `limit` characters (or UTF-8 bytes), broken at
    paragraphs, lines or spaces where that is possible, never inside a character."""
    found = []
    rest = text.strip()
    while size(rest, in_bytes) > limit:
        longest = _head(rest, limit) if in_bytes else rest[:limit]
        cut = longest.rfind("\n\n")
        if rest[len(longest)].isspace():
            cut = len(longest)
        elif cut < len(longest) // 2:
            cut = max(longest.rfind("\n"), longest.rfind(" "))
        if cut <= 0:
            cut = len(longest)
        found.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*found, rest] if rest else found


def size(text: str, in_bytes: bool = False) -> int:
    """How much of a limit the text uses up."""
    return len(text.encode("utf-8", "replace")) if in_bytes else len(text)


def _head(text: str, limit: int) -> str:
    """The longest beginning that is no longer than `limit` bytes."""
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
