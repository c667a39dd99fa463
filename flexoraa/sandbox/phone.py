"""The phone simulator's door: its page, its calls, and a stream that tells of news.

GET  /phone                               the page
GET  /_phone/state                        accounts and chats
GET  /_phone/thread?account=&person=      one chat
GET  /_phone/events                       server-sent: something changed
GET  /_phone/files/<id>                   a picture of a chat
POST /_phone/{write,react,tap,read,people}    JSON; /_phone/file: multipart
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flexoraa.sandbox.customers import Phone, newcomer
from flexoraa.sandbox.meta import Meta, now
from flexoraa.sandbox.server import Answer, Request

PAGES = Path(__file__).parent / "pages"
FILES = {
    "": ("phone.html", "text/html; charset=utf-8"),
    "phone.css": ("phone.css", "text/css; charset=utf-8"),
    "phone.js": ("phone.js", "text/javascript; charset=utf-8"),
}
PING_SECONDS, LOOK_SECONDS = 10.0, 0.25
SAFE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    # pictures may come from the product, which this page knows only by their URL
    "Content-Security-Policy": "default-src 'self'; img-src *; media-src *",
}


def phone(meta: Meta, request: Request) -> Answer:
    """Answer a call to /phone or /_phone/…; a wrong one is told why."""
    if request.path.startswith("/phone"):
        return _page(request.path.removeprefix("/phone").strip("/"))
    name = request.path.removeprefix("/_phone/")
    try:
        if request.method == "GET":
            return _look(meta, name, request.query)
        return Answer.json(_do(meta, name, request))
    except (LookupError, ValueError, TypeError) as error:
        return Answer.json({"error": str(error)}, 400)


def _page(name: str) -> Answer:
    if name not in FILES:
        return Answer(404, b"There is no such page.", "text/plain")
    file, content_type = FILES[name]
    body = (PAGES / file).read_bytes()
    return Answer(body=body, content_type=content_type, headers=dict(SAFE))


def _look(meta: Meta, name: str, query: dict[str, str]) -> Answer:
    if name == "state":
        accounts = [
            {
                "id": one.account.external_id,
                "channel": one.account.channel,
                "name": one.account.name,
            }
            for one in meta.accounts()
        ]
        return Answer.json({"accounts": accounts, "chats": meta.people.listing()})
    if name == "thread":
        return Answer.json(_thread(meta, query["account"], query["person"]))
    if name == "events":
        return Answer(content_type="text/event-stream", stream=_changes(meta))
    if file := meta.library.get(name.removeprefix("files/")):
        headers = SAFE | {"Content-Security-Policy": "sandbox"}
        return Answer(body=file.body, content_type=file.mime_type, headers=headers)
    return Answer.json({"error": f"There is no {name}."}, 404)


def _thread(meta: Meta, account: str, person: str) -> dict[str, Any]:
    chat = meta.people.look(account, person)
    return {
        "name": chat.name,
        "typing_seconds": max(0.0, chat.typing_until - now()),
        "bubbles": meta.people.thread(account, person),
    }


def _do(meta: Meta, name: str, request: Request) -> dict[str, Any]:
    given = request.parameters()
    if name == "people":
        return {"person": newcomer(meta, given["account"], given.get("name", ""))}
    owner = Phone(meta, given["account"], given["person"])
    if name == "write":
        return {"code": owner.write(given["text"], given.get("reply_to", ""))}
    if name == "react":
        return {"code": owner.react(given["target"], given.get("emoji", ""))}
    if name == "tap":
        return {"code": owner.tap(given["target"], int(given["number"]))}
    if name == "read":
        return {"read": owner.read()}
    if name == "file":
        part = next(part for part in request.parts() if part.filename)
        caption = str(given.get("caption", ""))
        return {
            "code": owner.send_file(
                part.body, part.content_type, part.filename, caption
            )
        }
    raise LookupError(f"There is no {name}.")


def _changes(meta: Meta) -> Iterator[bytes]:
    """An event for everything that changed since the last one; pings between."""
    version, quiet = meta.people.wait(-1, 0), 0.0
    yield b"retry: 1000\n\n"
    while True:
        found = meta.people.wait(version, LOOK_SECONDS)
        if found != version:
            version, quiet = found, 0.0
            yield b"data: %d\n\n" % found
            continue
        quiet += LOOK_SECONDS
        is_ping_due = quiet % PING_SECONDS < LOOK_SECONDS
        yield b": ping\n\n" if is_ping_due else b""  # the server may want to stop
