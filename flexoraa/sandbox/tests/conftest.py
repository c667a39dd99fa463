"""A sandbox of Meta and somebody who calls it."""

import threading
from collections.abc import Callable, Iterator

import pytest
import requests

from flexoraa.sandbox import graph, story
from flexoraa.sandbox.meta import Meta
from flexoraa.sandbox.server import Answer, Request, Server


class Door:
    """Something that takes webhooks; `answers` are the codes that it gives first."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.posts: list[Request] = []
        self._news = threading.Condition()

    def take(self, request: Request) -> Answer:
        with self._news:
            code = self.answers.pop(0) if self.answers else 200
            self.posts.append(request)
            self._news.notify_all()
        return Answer(code)

    def wait(self, count: int) -> list[Request]:
        """The first so many posts."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.posts) >= count, 10)
            return self.posts[:count]


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    server = Server(door.take)
    server.start()
    door.url = server.url
    yield door
    server.stop()


@pytest.fixture
def meta() -> Iterator[Meta]:
    """The stand-in with the story's three accounts."""
    with graph.serve() as meta:
        yield meta


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def call(meta, session) -> Callable[..., requests.Response]:
    """call("POST", "<id>/messages", {...}) -> the answer; the token fits the id."""

    def call(
        method: str, path: str, document: dict | None = None, *, token: str = "", **more
    ) -> requests.Response:
        account = path.split("/")[0].split("?")[0]
        owner = {one.parent: one.external_id for one in story.ACCOUNTS if one.parent}
        token = token or f"sandbox-token-{owner.get(account, account)}"
        headers = {"Authorization": f"Bearer {token}"}
        more.setdefault("timeout", 5)
        return session.request(
            method, f"{meta.url}/v26.0/{path}", json=document, headers=headers, **more
        )

    return call


@pytest.fixture
def whatsapp(call) -> Callable[..., requests.Response]:
    """whatsapp(text={"body": "Hi"}) -> the answer to a message to one person."""

    def send(to: str = "+919000010001", **fields) -> requests.Response:
        kind = next((name for name in fields if name not in ("context", "type")), "")
        document = {"messaging_product": "whatsapp", "to": to, "type": kind, **fields}
        return call("POST", f"{story.NUMBER.external_id}/messages", document)

    return send


@pytest.fixture
def page(call) -> Callable[..., requests.Response]:
    """page(text="Hi") -> the answer to a message of the Page to one person."""

    def send(to: str = story.NIKHIL.id, **message) -> requests.Response:
        document = {"recipient": {"id": to}, "messaging_type": "RESPONSE"}
        document |= message.pop("around", {})
        document["message"] = message
        return call("POST", f"{story.PAGE.external_id}/messages", document)

    return send


@pytest.fixture
def gallery(call) -> Callable[..., requests.Response]:
    """gallery(text="Hi") -> the answer to a message of the Instagram account."""

    def send(to: str = story.ZOE.id, **message) -> requests.Response:
        document = {"recipient": {"id": to}, "message": message}
        return call("POST", f"{story.GALLERY.external_id}/messages", document)

    return send


def error(answer: requests.Response) -> tuple[int, int, int]:
    """(HTTP status, code, subcode) of a refusal."""
    found = answer.json()["error"]
    assert found["fbtrace_id"]
    assert found["message"]
    return answer.status_code, found["code"], found.get("error_subcode", 0)
