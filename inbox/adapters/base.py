"""The words every channel is translated into, and what an adapter must be able to do.

An adapter is pure: bytes and headers in, frozen events out; no rows, no network.
Every event says which account it is for (`account`, the provider's id), and when it
happened by the provider's clock (`at`, aware UTC).
"""

import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from flexoraa.lib.crypto import Secret
from inbox.adapters.sending import (
    Allowed,
    Call,
    Draft,
    File,
    Outgoing,
    Refusal,
    Refused,
    Sent,
    Upload,
)
from inbox.adapters.words import Identity, IdKind, Kind, Status

__all__ = ["IdKind", "Identity", "Kind", "Status"]  # beside what is defined here

# The `at` of an event whose provider gave no time: it gets that of its delivery.
UNTIMED = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody outside, by every name that one event tells; the surest name first."""

    identities: tuple[Identity, ...]
    name: str = ""
    username: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file or link in a message, still at the provider.

    `external_id` is a media id (WhatsApp); `url` may need the account's token and
    expires. `kind` is image, video, audio, document, sticker or link.
    """

    kind: str
    external_id: str = ""
    url: str = ""
    mime_type: str = ""
    filename: str = ""
    sha256: str = ""
    title: str = ""
    voice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events share.

    `parent` is the id above the account (WhatsApp Business Account); it routes what
    carries no account of its own.
    """

    account: str
    at: datetime
    parent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Event):
    """What a message says, whoever wrote it.

    `payload` holds what `text` and attachments cannot say. `external_id` is unique per
    account; where the provider gives none (old postbacks, bare referrals) the adapter
    derives one that is the same at each delivery. `referral` is the ad or link that
    led here. `group` is the group's id, "" in a conversation of two.
    """

    person: Person
    external_id: str
    kind: Kind
    text: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""
    referral: Mapping[str, Any] | None = None
    group: str = ""
    errors: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage(Said):
    """A person wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo(Said):
    """The business wrote: from here, from its phone or from the provider's own inbox.

    `person` is the recipient. `ref` is our own reference when the provider returns it
    (Messenger `metadata`), `app_id` the application that sent it.
    """

    ref: str = ""
    app_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate(Event):
    """A message of ours got somewhere, or failed. `covers_earlier`: so did all before
    it in the conversation. `ref` is our own reference as the provider returns it."""

    external_id: str
    status: Status
    person: Person | None = None
    ref: str = ""
    covers_earlier: bool = False
    errors: tuple[Mapping[str, Any], ...] = ()
    pricing: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark(Event):
    """Everything we wrote to this person until `until` has got this far."""

    person: Person
    status: Status
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited(Event):
    """The text of a message changed; of several edits the highest `number` stands,
    then the latest."""

    target: str
    text: str
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent(Event):
    """A message was taken back by who wrote it."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacted(Event):
    """An emoji was put on a message, or taken off ("" is off). No person: it was us."""

    target: str
    emoji: str
    person: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChanged(Event):
    """A person is now known by other names (new phone number, new BSUID)."""

    old: Identity
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    """Something worth keeping that changes no message: opt-ins, calls, policy, ...

    `kind` is the provider's word, such as `optin` or `message_template_status_update`.
    """

    kind: str
    payload: Mapping[str, Any]
    person: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChanged(Noted):
    """A person told the platform that they want no marketing from this business, or
    want it again (`wants`)."""

    wants: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateUpdate(Noted):
    """A message template was approved, rejected, paused, changed."""

    name: str
    language: str = ""
    event: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUpdate(Noted):
    """The account or number itself changed. `disconnected`: nothing more will come,
    until somebody acts; False says it works again; None leaves that as it was."""

    event: str = ""
    disconnected: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Noted):
    """A kind of event that this adapter does not know; kept as it came."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An item that could not be read although its neighbours could."""

    where: str
    item: Any
    traceback: str


@dataclass(slots=True)
class Parsed:
    """What one body said: its events in order, and what failed."""

    events: list[Event] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def collect(self, where: str, item: Any, events: Iterable[Event]) -> None:
        """Take all events of one item, or note its failure and go on."""
        try:
            self.events.extend(events)
        except Exception:
            self.failures.append(Failure(where, item, traceback.format_exc()))


class Adapter:
    """One channel. Subclass it, fill in the holes, name it in ADAPTERS."""

    channel: ClassVar[str]
    label: ClassVar[str]
    kept_headers: ClassVar[tuple[str, ...]] = ("Content-Type", "User-Agent")

    def challenge(self, query: Mapping[str, str]) -> str | None:
        """The answer to the provider's handshake, or None when the token is wrong."""
        raise NotImplementedError

    def is_authentic(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the provider signed exactly these bytes."""
        raise NotImplementedError

    def fairness_key(self, body: bytes) -> bytes:
        """A guess at whose traffic this is, without parsing; only shares out turns."""
        return b""

    def speaks(self, document: Any) -> bool:
        """Whether a parsed body is this channel's own."""
        return True

    def parse(self, document: Any) -> Parsed:
        """Everything the body says; `document` is what `flexoraa.lib.clean` made."""
        parsed = Parsed()
        for where, item, events in self.items(document):
            parsed.collect(where, item, events)
        return parsed

    def items(self, document: Any) -> Iterator[tuple[str, Any, Iterable[Event]]]:
        """(where, raw item, its lazily read events) for every item of the body.

        It must not raise on odd shapes: reading happens inside the returned iterables.
        """
        raise NotImplementedError

    def checks(self) -> Sequence[str]:
        """What is missing in the settings for this channel to work, in words."""
        return ()

    # What goes out. `rate` is how many messages a second one account may send;
    # `window_hours` for how long a person may be answered freely, None for ever;
    # `knows_refs` whether our reference comes back with what happened to a message.
    rate: float = 10
    window_hours: float | None = None
    has_whole_seconds: ClassVar[bool] = False  # the provider's clock tells no less
    human_agent_days: float | None = None
    has_templates = False
    has_watermarks = False  # it tells up to when everything was read
    knows_refs = False
    # the codes of refusals that say that the person wants no marketing
    opted_out_codes: ClassVar[frozenset[int]] = frozenset()

    def parts(self, draft: Draft, split: bool = False) -> Sequence[Draft]:
        """The draft as messages of this channel, each with one file at the most.
        Raises Unsendable."""
        raise NotImplementedError

    def allowed(self, file: File) -> Allowed:
        """What a file of this kind may be. Raises Unsendable when none is taken."""
        raise NotImplementedError

    def message_call(self, outgoing: Outgoing) -> Call:
        """The call that sends it. Raises Unsendable when they have no name here."""
        raise NotImplementedError

    def reaction_call(self, outgoing: Outgoing, target: str, emoji: str) -> Call | None:
        """Puts our emoji on a message, "" takes it off; None where that cannot be."""
        return None

    def seen_call(self, outgoing: Outgoing, target: str) -> Call | None:
        """Tells the person that this message and all before it were seen."""
        return None

    def typing_call(self, outgoing: Outgoing, target: str) -> Call | None:
        """Tells the person that somebody writes; `target` is their last message."""
        return None

    def account_call(self, account: str, token: Secret) -> Call:
        """Asks for the account itself, to try a token."""
        raise NotImplementedError

    def account_words(self, body: Any) -> str:
        """What the provider says of the account, in one line."""
        return ""

    def subscribe_call(self, account: str, parent: str, token: Secret) -> Call | None:
        """Has webhooks of the account sent; None where something is missing for it."""
        return None

    def outcome(self, status: int, body: Any) -> Sent | Refusal:
        """What came of a call: `body` is its answer as clean JSON, or None."""
        raise NotImplementedError

    def explain(self, errors: Any) -> Refusal:
        """Why a message failed afterwards, from its status' errors."""
        return Refusal(why=Refused.UNREACHABLE, words="It could not be delivered.")

    def url(self, call: Call) -> str:
        """Where the call goes."""
        raise NotImplementedError

    def headers(self, token: Secret) -> dict[str, str]:
        """Who is calling."""
        return {}

    def params(self, call: Call, token: Secret) -> dict[str, str]:
        """The query of the call."""
        return dict(call.params)

    def wait_seconds(self, headers: Mapping[str, str]) -> float:
        """How long the provider asks this account to pause, by an answer's headers."""
        return 0

    tells_profiles: ClassVar[bool] = False  # who writes has a name only if it is asked

    def profile_call(self, person: str, token: Secret) -> Call:
        """Asks who that is."""
        raise NotImplementedError

    def profile(self, body: Any) -> Person | None:
        """Their names in the answer; None when there are none."""
        return None

    # Files. Where they may be downloaded from, and which of these hosts get the token;
    # for how many days an uploaded one may be sent.
    media_hosts: Sequence[str] = ()
    token_hosts: Sequence[str] = ()
    upload_days: float = 0

    def lookup_call(self, external_id: str) -> Call | None:
        """Asks where a file of that id is; None where the link came with it."""
        return None

    def media_url(self, body: Any) -> str:
        """Where the answer says that the file is."""
        return ""

    def upload_call(self, account: str, token: Secret, file: File) -> Upload:
        """Gives the provider a file, to be sent by the id that it gets there."""
        raise NotImplementedError

    def uploaded(self, body: Any) -> str:
        """The id that the answer gives the file; "" when it gives none."""
        return ""
