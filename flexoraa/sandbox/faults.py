"""What a stand-in shall do wrong: which calls, how often, before or after accepting."""

import random
import re
import threading
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from flexoraa.sandbox.server import Answer, Ending


class When(StrEnum):
    """On which side of accepting the call."""

    BEFORE = "before"  # refused: nothing happened, nothing is in the ledger
    AFTER = "after"  # accepted, and then the answer goes wrong
    INSTEAD = "instead"  # accepted, and then no answer at all for `seconds`


@dataclass
class Fault:
    """One instruction. `code` asks for the platform's own error body; `status` alone
    for a bare HTTP error; `how` says what becomes of the connection; `seconds` make an
    answer slow or a silence long. Only calls that match all of method, path (a regular
    expression), `to` and `kind` count, the first `skip` of them pass, and `count` of
    them are hit (None: all), each with this probability."""

    when: When = When.BEFORE
    how: str = "answer"  # answer, reset, timeout, cut, garbage
    status: int = 0
    code: int = 0
    subcode: int = 0
    seconds: float = 0.0
    method: str = "POST"
    path: str = ""
    to: str = ""
    kind: str = ""
    skip: int = 0
    count: int | None = 1
    probability: float = 1.0

    def __post_init__(self) -> None:
        self.when = When(self.when)
        if self.how not in (*Ending, "garbage"):
            raise ValueError(f"how is one of {', '.join(Ending)}, garbage")
        if self.when == When.INSTEAD:
            self.how = Ending.SILENCE
        re.compile(self.path)

    @property
    def refuses(self) -> bool:
        """Whether the call is not accepted."""
        only_slow = self.how == Ending.WHOLE and not (self.status or self.code)
        return self.when == When.BEFORE and not only_slow

    def matches(self, method: str, path: str, to: str, kind: str) -> bool:
        """Whether it is for this call; empty means any."""
        return (
            self.method in ("", method)
            and self.to in ("", to)
            and self.kind in ("", kind)
            and re.search(self.path, path) is not None
        )

    def spoil(self, answer: Answer) -> Answer:
        """The answer as it arrives."""
        if self.how == "garbage":
            answer = replace(answer, body=b"<html>It works!</html>")
        elif self.status and not self.code:
            body = b"Service temporarily unavailable"
            answer = replace(
                answer, status=self.status, body=body, content_type="text/plain"
            )
        ending = Ending.WHOLE if self.how == "garbage" else Ending(self.how)
        return replace(answer, ending=ending, seconds=answer.seconds + self.seconds)


class Faults:
    """The instructions in force, first match first; for any number of threads."""

    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._chance = random.Random(seed)  # noqa: S311 (no secret)

    def add(self, **wanted: Any) -> Fault:
        """Put an instruction in force; the words are those of Fault.

        Raises ValueError for words that it does not know.
        """
        known = {item.name for item in fields(Fault)}
        if unknown := set(wanted) - known:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        fault = Fault(**wanted)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """From now on all goes well."""
        with self._lock:
            self._faults.clear()

    def pick(self, method: str, path: str, to: str, kind: str) -> Fault | None:
        """The instruction for this call, which uses it up by one."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(method, path, to, kind):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.count == 0 or self._chance.random() >= fault.probability:
                    continue
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None
