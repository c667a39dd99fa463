"""Where the stand-in for Razorpay keeps its objects, and its clock."""

import json
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from flexoraa.sandbox.razorpay_shapes import ApiError, Entity

KINDS = "plans customers subscriptions orders payments invoices refunds".split()
Tell = Callable[..., None]


class Shelf:
    """All objects by id, in memory and, with a path, in a file. Callers hold `lock`.

    `tell(event, **entities)` is called for each webhook event.
    """

    def __init__(self, tell: Tell, url: str = "", path: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.url = url
        self.tell = tell
        self.clock: int | None = None  # seconds since 1970; None goes with the real one
        self._offset = 0
        self._path = path
        self._mark = secrets.token_hex(3)
        self._count = 0
        self.clear()
        if path and path.exists():
            self._load(json.loads(path.read_text()))

    def clear(self) -> None:
        """Forget everything but the time."""
        for kind in KINDS:
            setattr(self, kind, {})
        self.hidden: dict[str, Entity] = {}  # what no field of a subscription shows
        self.keys: dict[str, str] = {}  # refunds by their idempotency key

    plans: dict[str, Entity]
    customers: dict[str, Entity]
    subscriptions: dict[str, Entity]
    orders: dict[str, Entity]
    payments: dict[str, Entity]
    invoices: dict[str, Entity]
    refunds: dict[str, Entity]

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return self.clock if self.clock is not None else int(time.time()) + self._offset

    def meant(self, moment: int) -> int:
        """The moment that a caller names whose clock was not moved with ours: what is
        past for us alone is as far ahead as they see it."""
        is_past_here = self.clock is None and int(time.time()) < moment <= self.now
        return moment + self._offset if is_past_here else moment

    def new_id(self, prefix: str) -> str:
        """The prefix and 14 letters and digits, as Razorpay's."""
        self._count += 1
        return f"{prefix}_{self._mark}{self._count:08d}"

    def found(self, kind: str, id: str) -> Entity:
        """Raises as the API does, which says 400 and not 404."""
        try:
            return getattr(self, kind)[id]
        except KeyError:
            raise ApiError("The id provided does not exist") from None

    def save(self) -> None:
        """Into the file, if there is one."""
        if self._path:
            state = {kind: getattr(self, kind) for kind in KINDS}
            state |= {"hidden": self.hidden, "keys": self.keys, "offset": self._offset}
            draft = self._path.with_suffix(".tmp")
            draft.write_text(json.dumps(state))
            draft.replace(self._path)

    def _load(self, state: Entity) -> None:
        self._offset = state.pop("offset")
        for name, value in state.items():
            setattr(self, name, value)

    def _set(self, now: int) -> None:
        if self.clock is not None:
            self.clock = now
        else:
            self._offset = now - int(time.time())
