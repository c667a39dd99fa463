"""The ledger of a stand-in: every call that it accepted, whatever it answered."""

import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """One accepted call; `id` is what the platform named it, `ref` what we did."""

    number: int
    channel: str
    account: str
    kind: str  # text, image, template, reaction, …; read, typing_on, upload, …
    to: str = ""
    id: str = ""
    ref: str = ""
    text: str = ""  # what the person reads
    body: dict[str, Any] = field(default_factory=dict)
    at: float = field(default_factory=time.time)  # seconds since 1970

    @property
    def is_send(self) -> bool:
        """Whether it put something into somebody's chat."""
        return bool(self.id and self.to)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Ledger:
    """Append-only; for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._sends = 0

    def record(self, **what: Any) -> Call:
        """Accept a call: from here on it has happened."""
        with self._lock:
            call = Call(number=len(self._calls) + 1, **what)
            self._calls.append(call)
            self._sends += call.is_send
        return call

    def calls(self, **wanted: str) -> list[Call]:
        """The calls whose fields have these values, in the order of acceptance."""
        with self._lock:
            calls = list(self._calls)
        return [
            call
            for call in calls
            if all(getattr(call, name) == value for name, value in wanted.items())
        ]

    def sends(self, **wanted: str) -> list[Call]:
        """The calls that put something into somebody's chat."""
        return [call for call in self.calls(**wanted) if call.is_send]

    def count_sends(self) -> int:
        """How many those are, at no cost."""
        return self._sends

    def doubles(self, by: str = "ref") -> dict[str, int]:
        """How often each message was sent that was sent more than once: by our ref,
        or by its text, where each is unique (a second attempt has a ref of its own)."""
        counted = Counter(getattr(call, by) for call in self.sends())
        return {name: n for name, n in counted.items() if name and n > 1}

    def summary(self, by: str = "ref") -> dict[str, Any]:
        """Counts alone, for runs of many thousands."""
        sends = self.sends()
        return {
            "calls": len(self.calls()),
            "sends": len(sends),
            "refs": len({call.ref for call in sends if call.ref}),
            "doubles": self.doubles(by),
        }

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._calls.clear()
            self._sends = 0
