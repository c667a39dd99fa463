"""Meta as a client of ours: posts signed webhooks to the real door and waits."""

import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable

import requests

from flexoraa.sandbox import events
from flexoraa.sandbox.events import Account, Person
from flexoraa.sandbox.story import Post


class Platform:
    """Posts to one installation; `secret` is the app secret that both know. What was
    taken is told to the sandbox at `graph`, too, so that it knows who wrote."""

    def __init__(self, url: str, secret: str, graph: str = "") -> None:
        self._url = url
        self._secret = secret
        self.graph = graph
        self._session = requests.Session()

    def post(self, post: Post) -> int:
        """Send one webhook; the status of the answer, 0 when none came."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": events.sign(post.body, self._secret),
        }
        try:
            code = self._session.post(
                f"{self._url}/webhooks/{post.channel}",
                post.body,
                headers=headers,
                timeout=10,
            ).status_code
        except requests.RequestException:
            return 0
        if code == 200 and self.graph:
            self._tell_graph("heard", post.body)
        return code

    def introduce(self, accounts: Iterable[tuple[Account, Person]]) -> None:
        """Tell the sandbox who has which name."""
        for account, person in accounts:
            known = {"account": account.external_id, "person": person.id}
            body = json.dumps({**known, "name": person.name}).encode()
            self._tell_graph("people", body)

    def _tell_graph(self, name: str, body: bytes) -> None:
        """The sandbox may be starting again: then it does without."""
        with contextlib.suppress(requests.RequestException):
            self._session.post(f"{self.graph}/_sandbox/{name}", body, timeout=10)

    def tell(
        self, posts: Iterable[Post], progress: Callable[[int], None]
    ) -> Counter[int]:
        """Send them all, each again until it is taken as Meta would; the answers."""
        answers: Counter[int] = Counter()
        for number, post in enumerate(posts, 1):
            while (code := self.post(post)) in (0, 503):
                answers[code] += 1
                time.sleep(0.5)
            answers[code] += 1
            progress(number)
        return answers

    def readiness(self) -> dict:
        """What /readyz says; empty when nobody answers."""
        try:
            return self._session.get(f"{self._url}/readyz", timeout=5).json()
        except (requests.RequestException, ValueError):
            return {}

    def wait_until(self, condition: Callable[[dict], bool], seconds: float) -> bool:
        """Poll /readyz until its answer is as wanted; whether that came in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if condition(self.readiness()):
                return True
            time.sleep(0.1)
        return False
