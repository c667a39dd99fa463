"""Razorpay's webhooks: signed snapshots, in any order, more than once, or not."""

import contextlib
import hashlib
import hmac
import json
import queue
import random
import secrets
import threading
from dataclasses import dataclass
from typing import Any

import requests

ROUTE = "/webhooks/razorpay"
TRIES = 5


@dataclass(frozen=True)
class Hook:
    """One event as it is posted."""

    event: str
    id: str
    body: bytes
    signature: str

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": "Razorpay-Webhook/v1",
            "X-Razorpay-Signature": self.signature,
            "X-Razorpay-Event-Id": self.id,
        }


class Hooks:
    """Without a URL they are kept until a test takes them; `off` loses them, as
    Razorpay does once it has disabled a webhook that failed for a day."""

    def __init__(self, url: str, secret: str) -> None:
        self.secret = secret
        self.off = False
        self.duplicates = 0  # how often each is posted again
        self.shuffled = False
        self._url = url
        self._kept: list[Hook] = []
        self._queue: queue.Queue[Hook | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to post, if there is somebody to post to."""
        if self._url:
            self._thread.start()

    def stop(self) -> None:
        """What has not been posted is lost."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def tell(self, event: str, at: int, entities: dict[str, Any]) -> None:
        """Sign what is so now and post it, or keep it."""
        if self.off:
            return
        hook = self.signed(event, at, entities)
        if not self._url:
            self._kept.append(hook)
            return
        for _ in range(1 + self.duplicates):
            self._queue.put(hook)

    def signed(self, event: str, at: int, entities: dict[str, Any]) -> Hook:
        """An event in Razorpay's envelope: compact, without an id in the body."""
        body = json.dumps(
            {
                "entity": "event",
                "account_id": "acc_FlexoraaDemo00",
                "event": event,
                "contains": list(entities),
                "payload": {
                    name: {"entity": _as_told(entity)}
                    for name, entity in entities.items()
                },
                "created_at": at,
            },
            separators=(",", ":"),
        ).encode()
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        return Hook(event, secrets.token_hex(7), body, signature)

    def take(self, chance: random.Random | None = None) -> list[Hook]:
        """What was kept, which is gone then; with a `chance` doubled and shuffled."""
        taken, self._kept = self._kept, []
        taken = [hook for hook in taken for _ in range(1 + self.duplicates)]
        if chance and self.shuffled:
            chance.shuffle(taken)
        return taken

    def _run(self) -> None:
        session = requests.Session()
        while (hook := self._queue.get()) is not None:
            for _ in range(TRIES):
                with contextlib.suppress(requests.RequestException):
                    url = f"{self._url}{ROUTE}"
                    if session.post(url, hook.body, headers=hook.headers, timeout=5).ok:
                        break
                threading.Event().wait(0.3)


def _as_told(entity: dict[str, Any]) -> dict[str, Any]:
    """Webhooks leave the payer's link out."""
    return entity | {"short_url": None} if "short_url" in entity else entity
