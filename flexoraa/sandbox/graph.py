"""The Graph API of WhatsApp, Messenger and Instagram, over real HTTP.

Versions in the path, bearer tokens, the documented answers and refusals. Stricter than
Meta in one point: a call without a version, or with one that has ended, is refused,
where Meta would serve it with an old version of its own choice.

    with graph.serve() as meta:          # on a free port; the story's three accounts
        meta.connect(Account("whatsapp", "123", "456"), token="secret")
        meta.faults.add(when="after", how="reset")
        requests.post(f"{meta.url}/v26.0/123/messages", …)
        meta.ledger.sends(to="15550100042")
        meta.callbacks.take()            # the webhooks that it would have posted
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from flexoraa.sandbox import accepting, edges, nodes, story
from flexoraa.sandbox.control import control
from flexoraa.sandbox.events import Account
from flexoraa.sandbox.faults import Fault
from flexoraa.sandbox.graph_errors import GraphError
from flexoraa.sandbox.meta import NEWEST, OLDEST, Meta
from flexoraa.sandbox.outgoing import Parameters
from flexoraa.sandbox.phone import phone
from flexoraa.sandbox.server import Answer, Request, Server

SECRET = "sandbox-app-secret"  # noqa: S105 (the demo's)
INSTAGRAM = "/instagram"  # where graph.instagram.com is served: INSTAGRAM_GRAPH_URL
VERSION = re.compile(r"v(\d{1,3})\.(\d)")


def token_of(account: Account) -> str:
    """The token that the sandbox gives to an account."""
    return f"sandbox-token-{account.external_id}"


@contextmanager
def serve(
    *,
    webhooks: str = "",
    secret: str = SECRET,
    accounts: Iterable[Account] = story.ACCOUNTS,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[Meta]:
    """Serve in this process until the block ends.

    `webhooks` is the base URL of an installation to post to; without one they wait in
    `meta.callbacks`. Port 0 is any that is free: `meta.url` says which.
    """
    meta = Meta(webhooks, secret)
    for account in accounts:
        meta.connect(account, token_of(account))
    server = Server(lambda request: answer(meta, request), host, port)
    meta.url = server.url
    meta.callbacks.start()
    server.start()
    try:
        yield meta
    finally:
        server.stop()
        meta.callbacks.stop()


def answer(meta: Meta, request: Request) -> Answer:
    """Any call to the server."""
    if request.path.startswith("/_sandbox/"):
        return control(meta, request)
    if request.path.startswith(("/phone", "/_phone/")):
        return phone(meta, request)
    if request.path.startswith("/_media/"):
        return _download(meta, request)
    try:
        given = request.parameters()
    except ValueError as error:
        return _with_limits(meta, GraphError(100, f"Invalid JSON: {error}").answer())
    path = request.path.removeprefix(INSTAGRAM).strip("/").split("/")
    return _with_limits(meta, Call(meta, request, path, given).answer())


class Call:
    """One call to the API: what shall go wrong, who asks, of what."""

    def __init__(
        self, meta: Meta, request: Request, path: list[str], given: Parameters
    ) -> None:
        self.meta = meta
        self.request = request
        self.path = path
        self.given = given
        self.is_whatsapp = given.get("messaging_product") == "whatsapp"

    def answer(self) -> Answer:
        """The answer, or what is made of it."""
        request = self.request
        to, kind = accepting.aim(self.given)
        fault = self.meta.faults.pick(request.method, request.path, to, kind)
        try:
            if fault and fault.refuses:
                return fault.spoil(self._refusal_by(fault))
            found = self._answer()
        except GraphError as error:
            return error.answer(whatsapp=self.is_whatsapp)
        if fault is None:
            return found
        return fault.spoil(self._refusal_by(fault) if fault.code else found)

    def _refusal_by(self, fault: Fault) -> Answer:
        if not fault.code:
            return Answer.json({})
        words = "The sandbox was told so."
        error = GraphError(fault.code, words, subcode=fault.subcode)
        error.status = fault.status or error.status
        return error.answer(whatsapp=self.is_whatsapp)

    def _answer(self) -> Answer:
        meta, token = self.meta, self._token()
        if self.path == ["refresh_access_token"]:  # the one without a version
            meta.opened_by(token)
            return Answer.json(nodes.refresh(meta, token, self.given))
        _check_version(self.path[0])
        opened = meta.opened_by(token)
        meta.check_proof(token, str(self.given.get("appsecret_proof") or ""))
        node, edge = [*self.path[1:], "", ""][:2]
        node = opened[0].account.external_id if node == "me" else node
        found = edges.of(meta, node, opened, self.request, self.given)
        if found is None:
            raise GraphError(
                100,
                f"Unsupported {self.request.method.lower()} request. Object with ID "
                f"'{node}' does not exist, cannot be loaded due to missing "
                "permissions, or does not support this operation",
                subcode=33,
            )
        if (self.request.method, edge) not in found:
            raise GraphError(2500, f"Unknown path components: /{edge}")
        result = found[self.request.method, edge]()
        return result if isinstance(result, Answer) else Answer.json(result)

    def _token(self) -> str:
        """From the header, else from the parameter."""
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() in ("bearer", "oauth") and token:
            return token.strip()
        return str(self.given.get("access_token") or "")


def _check_version(version: str) -> None:
    match = VERSION.fullmatch(version)
    if not match:
        raise GraphError(
            2500, f"Unknown path components: /{version}. Name a version first: {NEWEST}"
        )
    number = int(match[1]), int(match[2])
    oldest, newest = (tuple(map(int, v[1:].split("."))) for v in (OLDEST, NEWEST))
    if number > newest:
        raise GraphError(2500, f"Unknown path components: /{version}")
    if number < oldest:
        raise GraphError(
            2635,
            "You are calling a deprecated version of the API. Please update to the "
            f"latest version: {NEWEST}.",
        )


def _with_limits(meta: Meta, answer: Answer) -> Answer:
    """The headers that say how much of the limits is used, in percent
    (developers.facebook.com, "rate limits")."""
    usage = meta.rules.usage
    counts = f'"call_count":{usage},"total_cputime":{usage},"total_time":{usage}'
    answer.headers |= {
        "X-App-Usage": f"{{{counts}}}",
        "X-Business-Use-Case-Usage": (
            f'{{"102290129340001":[{{"type":"messaging",{counts},'
            f'"estimated_time_to_regain_access":{10 if usage >= 100 else 0}}}]}}'
        ),
        "facebook-api-version": NEWEST,
    }
    answer.seconds += meta.rules.seconds
    return answer


def _download(meta: Meta, request: Request) -> Answer:
    """GET a link that the API gave out: 404 once it has expired, 401 without token."""
    kind, _, name = request.path.removeprefix("/_media/").rpartition("/")
    if kind == "faces":
        return Answer(
            body=nodes.face(name.removesuffix(".png")), content_type="image/png"
        )
    link = meta.library.follow(name)
    if link is None:
        return Answer(404, b"URL signature expired", "text/plain")
    if link.is_private:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            opened = meta.opened_by(token)
        except GraphError as error:
            return Answer.json(error.body(), 401)
        if all(link.file.account != o.account.external_id for o in opened):
            return Answer(404, b"", "text/plain")
    headers = {"Content-Disposition": f'attachment; filename="{link.file.id}"'}
    return Answer(
        body=link.file.body, content_type=link.file.mime_type, headers=headers
    )
