"""Razorpay's API over real HTTP, on this machine: the official SDK is its client.

    with razorpay.serve() as stand_in:         # on a free port, webhooks kept
        stand_in.faults.add(when="after", how="timeout", path="/v1/subscriptions$")
        stand_in.book.advance(31 * DAY)        # a month of charges
        stand_in.hooks.take()

Switches over HTTP: GET /_sandbox/ledger, /_sandbox/state; POST /_sandbox/clock
{"days"}, /_sandbox/faults, /_sandbox/reset, /_sandbox/hooks {"off", "duplicates"},
/_sandbox/subscriptions/<id> {"failing"}; DELETE /_sandbox/faults. A page at / has
buttons for the clock.
"""

import base64
import hmac
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from flexoraa.sandbox import razorpay_checkout as checkout
from flexoraa.sandbox.faults import Faults
from flexoraa.sandbox.ledger import Ledger
from flexoraa.sandbox.razorpay_book import DAY, Book
from flexoraa.sandbox.razorpay_console import console
from flexoraa.sandbox.razorpay_hooks import Hooks
from flexoraa.sandbox.razorpay_shapes import ApiError
from flexoraa.sandbox.razorpay_shelf import KINDS
from flexoraa.sandbox.server import Answer, Request, Server

KEY_ID = "rzp_test_FlexoraaDemo00"
KEY_SECRET = "sandbox-key-secret"  # noqa: S105 (the demo's)
WEBHOOK_SECRET = "sandbox-webhook-secret"  # noqa: S105 (the demo's)
PATH = re.compile(r"/v1/(\w+)(?:/(\w+))?(?:/(\w+))?")
FILTERS = ("plan_id", "subscription_id", "receipt", "customer_id", "payment_id")


class StandIn:
    """One account at Razorpay: its books, webhooks, ledger of calls and faults."""

    def __init__(
        self, webhooks: str, keys: tuple[str, str], secret: str, path: Path | None
    ) -> None:
        self.url = ""
        self.ledger = Ledger()
        self.faults = Faults()
        self.hooks = Hooks(webhooks, secret)
        self.keys = keys
        self.book = Book(self._tell, path=path)

    def _tell(self, event: str, **entities: Any) -> None:
        self.hooks.tell(event, self.book.now, entities)

    def answer(self, request: Request) -> Answer:
        """Any call to the server; one at a time."""
        with self.book.lock:
            answer = self._route(request)
            self.book.save()
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    def _route(self, request: Request) -> Answer:
        path = request.path
        try:
            if path == "/":
                return Answer(
                    200, console(self.book).encode(), "text/html; charset=utf-8"
                )
            if path == "/v1/checkout.js":
                return Answer(200, checkout.SCRIPT.encode(), "text/javascript")
            if path == "/_checkout":
                given = json.loads(request.body)
                return Answer.json(checkout.pay(self.book, self.keys[1], given))
            if path.startswith("/i/"):
                return self._hosted(request)
            if path.startswith("/_sandbox/"):
                return self._control(request)
            return self._api(request)
        except ApiError as error:
            return Answer.json(error.body, error.status)

    def _hosted(self, request: Request) -> Answer:
        """The page behind a subscription's short_url."""
        id = request.path.removeprefix("/i/")
        if request.method == "POST":
            form = parse_qs(request.body.decode(), keep_blank_values=True)
            succeed = bool(form.get("succeed", [""])[0])
            self.book.authorise(id, succeed=succeed, method="upi")
        body = checkout.page(self.book, id).encode()
        return Answer(200, body, "text/html; charset=utf-8")

    def _api(self, request: Request) -> Answer:
        """The documented API, behind Basic authentication, with what shall go wrong."""
        self._check_keys(request.headers.get("Authorization") or "")
        fault = self.faults.pick(request.method, request.path, "", "")
        if fault and fault.refuses:
            return fault.spoil(Answer())
        answer = self._do(request)
        return fault.spoil(answer) if fault else answer

    def _check_keys(self, header: str) -> None:
        wanted = base64.b64encode(":".join(self.keys).encode()).decode()
        if not hmac.compare_digest(header.encode(), f"Basic {wanted}".encode()):
            raise ApiError("Authentication failed", 401)

    def _do(self, request: Request) -> Answer:
        match = PATH.fullmatch(request.path)
        if not match:
            body = {"message": "no Route matched with those values"}
            return Answer.json(body, 404)
        kind, id, verb = match.groups()
        given = json.loads(request.body) if request.body else {}
        self.book.settle()
        if request.method == "GET":
            return Answer.json(self._read(kind, id, verb, request.query))
        done = self._write(request, kind, id or "", verb or "", given)
        self.ledger.record(
            channel="razorpay",
            account=self.keys[0],
            kind=f"{kind}.{verb or ('create' if not id else 'edit')}",
            id=done["id"],
            ref=_our_id(done),
            body=given,
        )
        return Answer.json(done)

    def _read(
        self, kind: str, id: str | None, verb: str | None, query: dict[str, str]
    ) -> Any:
        book = self.book
        if kind not in KINDS:
            raise ApiError("The requested URL was not found on the server.")
        if id is None:
            return _page(list(getattr(book, kind).values()), query)
        if verb is None:
            return book.found(kind, id)
        book.found(kind, id)
        column = {"orders": "order_id", "payments": "payment_id"}[kind]
        children = book.payments if kind == "orders" else book.refunds
        return _page([c for c in children.values() if c[column] == id], query)

    def _write(
        self, request: Request, kind: str, id: str, verb: str, given: Any
    ) -> dict[str, Any]:
        book = self.book
        actions: dict[tuple[str, str, bool], Callable[[], dict[str, Any]]] = {
            ("plans", "", False): lambda: book.create_plan(given),
            ("customers", "", False): lambda: book.create_customer(given),
            ("orders", "", False): lambda: book.create_order(given),
            ("subscriptions", "", False): lambda: book.create_subscription(given),
            ("subscriptions", "", True): lambda: book.edit(id, given),
            ("subscriptions", "cancel", True): lambda: book.cancel(
                id, at_cycle_end=bool(given.get("cancel_at_cycle_end"))
            ),
            ("subscriptions", "pause", True): lambda: book.pause(id),
            ("subscriptions", "resume", True): lambda: book.resume(id),
            ("payments", "capture", True): lambda: book.capture(
                id, given.get("amount"), given.get("currency")
            ),
            ("payments", "refund", True): lambda: book.refund(
                id, given, request.headers.get("X-Refund-Idempotency") or ""
            ),
        }
        try:
            action = actions[kind, verb, bool(id)]
        except KeyError:
            raise ApiError("The requested URL was not found on the server.") from None
        return action()

    def _control(self, request: Request) -> Answer:
        """The stand-in's own switches."""
        name = request.path.removeprefix("/_sandbox/")
        given = json.loads(request.body) if request.body else {}
        if request.method == "GET":
            if name == "ledger":
                calls = [call.as_dict() for call in self.ledger.calls()]
                return Answer.json({"calls": calls})
            state = {kind: getattr(self.book, kind) for kind in KINDS}
            return Answer.json({"now": self.book.now, **state})
        if name == "faults" and request.method == "DELETE":
            self.faults.clear()
        elif name == "faults":
            self.faults.add(**given)
        elif name == "clock":
            self.book.advance(int(given.get("days", 0) * DAY + given.get("seconds", 0)))
        elif name == "hooks":
            self.hooks.off = bool(given.get("off", self.hooks.off))
            self.hooks.duplicates = int(given.get("duplicates", self.hooks.duplicates))
        elif name == "reset":
            self.book.clear()
            self.ledger.clear()
        elif name.startswith("subscriptions/"):
            self.book.hidden[name.split("/")[1]] |= given
        else:
            return Answer.json({"error": f"There is no {name}."}, 404)
        return Answer.json({"now": self.book.now})


@contextmanager
def serve(
    *,
    webhooks: str = "",
    keys: tuple[str, str] = (KEY_ID, KEY_SECRET),
    secret: str = WEBHOOK_SECRET,
    path: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[StandIn]:
    """Serve in this process until the block ends.

    `webhooks` is the base URL of an installation to post to; without one they wait in
    `hooks.take()`. With a `path` the books outlive the process. Port 0 is any free.
    """
    stand_in = StandIn(webhooks, keys, secret, path)
    server = Server(stand_in.answer, host, port)
    stand_in.url = stand_in.book.url = server.url
    stand_in.hooks.start()
    server.start()
    try:
        yield stand_in
    finally:
        server.stop()
        stand_in.hooks.stop()


def _page(items: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    """A list as Razorpay pages it, the newest first."""
    for name in FILTERS:
        if name in query:
            items = [item for item in items if item.get(name) == query[name]]
    since, until = int(query.get("from") or 0), int(query.get("to") or 2**40)
    items = [item for item in items if since <= item["created_at"] <= until]
    skip, count = int(query.get("skip") or 0), int(query.get("count") or 10)
    if count > 100:
        raise ApiError("The count may not be greater than 100.")
    items = items[::-1][skip : skip + count]
    return {"entity": "collection", "count": len(items), "items": items}


def _our_id(entity: dict[str, Any]) -> str:
    """The id of ours that an object carries in its notes."""
    notes = entity.get("notes") or {}
    return next(iter(notes.values()), "") if isinstance(notes, dict) else ""
