"""What the stand-in for Meta knows and remembers, and the rules that it plays by."""

import hmac
import secrets
import threading
import time
from base64 import b64encode
from dataclasses import dataclass, field

from flexoraa.lib import signatures
from flexoraa.sandbox import templates
from flexoraa.sandbox.callbacks import Callbacks, Manners
from flexoraa.sandbox.events import Account
from flexoraa.sandbox.faults import Faults
from flexoraa.sandbox.graph_errors import EXPIRED, GraphError
from flexoraa.sandbox.ledger import Ledger
from flexoraa.sandbox.library import Library
from flexoraa.sandbox.people import People

APP_ID = 1020304050607080
DATASET = "8877665544332211"  # for conversions
NEWEST, OLDEST = "v26.0", "v21.0"  # "changelog, versions": v20.0 ended 24 Sep 2026


@dataclass
class Rules:
    """How strict the stand-in is; may be changed while it runs."""

    strict: bool = False  # people whom it never met cannot be written to
    proof: bool = False  # appsecret_proof is required ("Require app secret")
    late: set[int] = field(default_factory=lambda: {131026})
    # codes that WhatsApp tells by a status *failed* after it accepted the message
    echoes_metadata: set[str] = field(default_factory=lambda: {"facebook", "instagram"})
    seconds: float = 0.0  # that each answer takes
    usage: int = 3  # percent, in the headers about limits
    subscribed_by_hand: bool = False  # webhooks come only after POST subscribed_apps


@dataclass
class Connected:
    """An account of the platform and the apps that hear of it."""

    account: Account
    phone: str = "15550100000"
    subscribed: dict[str, list[str]] = field(default_factory=dict)


class Meta:
    """The whole state; each part guards itself against other threads."""

    url = ""  # where it is served

    def __init__(self, webhooks: str, secret: str) -> None:
        self.rules, self.manners = Rules(), Manners()
        self.ledger, self.faults = Ledger(), Faults()
        self.people, self.library = People(), Library()
        self.callbacks = Callbacks(webhooks, secret, self.manners)
        self.spend: dict[str, list[dict]] = {}  # rows of insights, by ad account
        self.templates: dict[str, list[templates.Template]] = {}
        # events by name and id, of each dataset that there is
        self.datasets: dict[str, dict[tuple[str, str], dict]] = {DATASET: {}}
        self.secret = secret
        self._lock = threading.Lock()
        self._accounts: dict[str, Connected] = {}
        self._tokens: dict[str, list[str]] = {}
        self._expired: set[str] = set()

    def connect(self, account: Account, token: str) -> Connected:
        """Make an account known; one token may open several."""
        with self._lock:
            connected = self._accounts.setdefault(
                account.external_id, Connected(account)
            )
            self._tokens.setdefault(token, [])
            if account.external_id not in self._tokens[token]:
                self._tokens[token].append(account.external_id)
        if account.channel == "whatsapp":
            self.templates.setdefault(account.parent, list(templates.SHOP))
        return connected

    def expire(self, token: str) -> None:
        """From now on this token answers 190."""
        self._expired.add(token)

    def renew(self, token: str) -> str:
        """A new token for the same accounts; the old one goes on until it expires."""
        fresh = f"{token.split('~')[0]}~{secrets.token_hex(6)}"
        with self._lock:
            self._tokens[fresh] = list(self._tokens[token])
        return fresh

    def account(self, external_id: str) -> Connected | None:
        """The account of that id."""
        return self._accounts.get(external_id)

    def accounts(self) -> list[Connected]:
        """Every account, in the order of connecting."""
        return list(self._accounts.values())

    def opened_by(self, token: str) -> list[Connected]:
        """The accounts of a token; raises GraphError for none and a dead one."""
        if not token:
            raise GraphError(104)
        if token in self._expired:
            raise GraphError(
                190,
                subcode=EXPIRED,
                title="Error validating access token: Session has expired",
            )
        with self._lock:
            if token not in self._tokens:
                raise GraphError(190)
            return [self._accounts[name] for name in self._tokens[token]]

    def check_proof(self, token: str, proof: str) -> None:
        """Raise GraphError for a wrong appsecret_proof, or none where one is needed.

        It is the hex HMAC-SHA256 of the token under the app secret
        (developers.facebook.com, "secure requests").
        """
        if not proof and self.rules.proof:
            raise GraphError(
                100, "API calls from the server require an appsecret_proof argument"
            )
        wanted = signatures.hex_hmac_sha256(self.secret, token.encode())
        if proof and not hmac.compare_digest(proof.encode(), wanted.encode()):
            raise GraphError(
                100, "Invalid appsecret_proof provided in the API argument"
            )

    def reset(self) -> None:
        """Forget what happened; accounts, tokens and templates stay."""
        self.ledger.clear()
        self.faults.clear()
        self.people.clear()
        self.library.clear()
        self.callbacks.take()
        self._expired.clear()
        for events in self.datasets.values():
            events.clear()
        vars(self.rules).update(vars(Rules()))
        vars(self.manners).update(vars(Manners()))


def message_id(channel: str, person: str) -> str:
    """An id as the platform makes them; WhatsApp's hold the phone number."""
    if channel == "whatsapp":
        name = person.encode()
        inside = b"\x1c\x18" + bytes([len(name)]) + name + b"\x15\x02\x00\x11\x18\x12"
        return "wamid." + b64encode(
            inside + secrets.token_hex(9).upper().encode() + b"\x00"
        ).decode().rstrip("=")
    if channel == "instagram":
        return "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlE" + secrets.token_urlsafe(96)
    return "m_" + secrets.token_urlsafe(64)


def now() -> float:
    """The platform's clock."""
    return time.time()
