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
    body: dict[str, Any] = field(default_factory=dict)
    at: float = field(default_factory=time.time)  # seconds since 1970

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Ledger:
    """Append-only; for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def record(self, **what: Any) -> Call:
        """Accept a call: from here on it has happened."""
        with self._lock:
            call = Call(number=len(self._calls) + 1, **what)
            self._calls.append(call)
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
        return [call for call in self.calls(**wanted) if call.id and call.to]

    def doubles(self) -> dict[str, int]:
        """How often each message was sent that was sent more than once, by our ref."""
        counted = Counter(call.ref for call in self.sends() if call.ref)
        return {ref: times for ref, times in counted.items() if times > 1}

    def summary(self) -> dict[str, Any]:
        """Counts alone, for runs of many thousands."""
        sends = self.sends()
        return {
            "calls": len(self.calls()),
            "sends": len(sends),
            "refs": len({call.ref for call in sends if call.ref}),
            "doubles": self.doubles(),
        }

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._calls.clear()
