"""The stand-in's own switches at /_sandbox: ledger, faults, manners, reset.

GET  ledger?channel=&account=&kind=&to=&ref=&after=   the accepted calls
     …&only=text                     one field of those that sent something
GET  count                           how many of those there are
GET  summary?by=text                 counts, and what was doubled; by ref (or text)
POST faults {when, how, code, …}     see faults.Fault; a list sets several
DELETE faults                        all goes well again
POST manners {delays, duplicates, shuffled, withheld, batch}
POST rules {strict, proof, late, seconds, usage, …}
POST accounts {channel, external_id, parent, name, token}
POST people {account, person, name, hours, reachable}   wrote `hours` ago
POST tokens/expire {token}
POST links/expire
POST heard?channel=                  a webhook that somebody else posted
GET  waiting, POST release           webhooks that were not posted yet
POST reset
"""

import json
from dataclasses import asdict
from typing import Any

from flexoraa.sandbox.events import Account
from flexoraa.sandbox.hearing import hear
from flexoraa.sandbox.meta import Meta, Rules
from flexoraa.sandbox.server import Answer, Request

FIELDS = ("channel", "account", "kind", "to", "id", "ref")


def control(meta: Meta, request: Request) -> Answer:
    """Answer a call to /_sandbox/…; wrong words are a 400 that says which."""
    name = request.path.removeprefix("/_sandbox/").strip("/")
    try:
        if request.method == "GET":
            return _look(meta, name, request.query)
        if request.method == "DELETE" and name == "faults":
            meta.faults.clear()
            return Answer.json({"success": True})
        if name == "heard":
            return Answer.json({"messages": hear(meta, request.body)})
        given = json.loads(request.body or b"{}")
        return _change(meta, name, given)
    except (ValueError, TypeError, KeyError) as error:
        return Answer.json({"error": f"{type(error).__name__}: {error}"}, 400)


def _look(meta: Meta, name: str, query: dict[str, str]) -> Answer:
    if name == "ledger":
        wanted = {field: query[field] for field in FIELDS if field in query}
        after = int(query.get("after") or 0)
        calls = [c for c in meta.ledger.calls(**wanted) if c.number > after]
        if "only" in query:
            found = [getattr(call, query["only"]) for call in calls if call.is_send]
            return Answer.json({"calls": found})
        return Answer.json({"calls": [call.as_dict() for call in calls]})
    if name == "summary":
        return Answer.json(meta.ledger.summary(query.get("by", "ref")))
    if name == "count":
        return Answer.json({"sends": meta.ledger.count_sends()})
    if name == "waiting":
        return Answer.json({"waiting": meta.callbacks.waiting()})
    if name == "rules":
        return Answer.json(
            asdict(meta.rules)
            | {"manners": asdict(meta.manners)}
            | {
                "late": sorted(meta.rules.late),
                "echoes_metadata": sorted(meta.rules.echoes_metadata),
            }
        )
    return Answer.json({"error": f"There is no {name}."}, 404)


def _change(meta: Meta, name: str, given: Any) -> Answer:
    if name == "faults":
        for wanted in given if isinstance(given, list) else [given]:
            meta.faults.add(**wanted)
    elif name == "manners":
        _set(meta.manners, given)
        meta.callbacks.wake()
    elif name == "rules":
        _set(meta.rules, given)
        meta.rules.late = set(meta.rules.late)
        meta.rules.echoes_metadata = set(meta.rules.echoes_metadata)
    elif name == "accounts":
        token = given.pop("token")
        meta.connect(Account(**given), token)
    elif name == "people":
        _know(meta, **given)
    elif name == "tokens/expire":
        meta.expire(given["token"])
    elif name == "links/expire":
        meta.library.expire_links()
    elif name == "release":
        meta.callbacks.release()
    elif name == "reset":
        meta.reset()
    else:
        return Answer.json({"error": f"There is no {name}."}, 404)
    return Answer.json({"success": True})


def _set(rules: Rules | Any, given: dict[str, Any]) -> None:
    for name, value in given.items():
        if name not in vars(rules):
            raise ValueError(f"unknown: {name}")
        setattr(rules, name, value)


def _know(
    meta: Meta,
    account: str,
    person: str,
    name: str = "",
    hours: float | None = None,
    reachable: bool = True,
) -> None:
    with meta.people.chat(account, person) as chat:
        chat.name = name or chat.name
        chat.reachable = reachable
    if hours is not None:
        meta.people.fell_silent(account, person, hours)
