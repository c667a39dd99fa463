"""Which calls each kind of node of the Graph API takes."""

from collections.abc import Callable
from typing import Any

from flexoraa.sandbox import accepting, ads, conversions, nodes
from flexoraa.sandbox.library import File
from flexoraa.sandbox.meta import Connected, Meta
from flexoraa.sandbox.outgoing import Parameters
from flexoraa.sandbox.server import Answer, Request

Edges = dict[tuple[str, str], Callable[[], Answer | dict[str, Any]]]


def of(
    meta: Meta,
    node: str,
    opened: list[Connected],
    request: Request,
    given: Parameters,
) -> Edges | None:
    """(method, edge) of what the token may ask this node; None when it may nothing."""
    for one in opened:
        if node and node == one.account.external_id:
            return _of_account(meta, one, request, given)
    for one in opened:
        if node and node == one.account.parent:
            return _of_business(meta, one, given)
    if node in meta.datasets:
        return {("POST", "events"): lambda: conversions.accept(meta, node, given)}
    file = meta.library.get(node)
    if file and any(file.account == one.account.external_id for one in opened):
        return _of_file(meta, file)
    for one in opened if meta.account(node) is None else ():
        if node.isdigit() and one.account.channel != "whatsapp":
            return _of_person(meta, one, node, given)
    return None


def _of_account(
    meta: Meta, one: Connected, request: Request, given: Parameters
) -> Edges:
    if one.account.channel == "ads":
        return {
            ("GET", ""): lambda: ads.account(one, given),
            ("GET", "insights"): lambda: ads.insights(meta, one, given),
        }
    edges: Edges = {
        ("GET", ""): lambda: nodes.account(one, given),
        ("POST", "messages"): lambda: accepting.send(meta, one, given),
    }
    if one.account.channel == "whatsapp":
        return edges | {("POST", "media"): lambda: nodes.upload(meta, one, request)}
    attach = ("POST", "message_attachments")
    edges[attach] = lambda: nodes.attach(meta, one, request)
    return edges | _of_subscriptions(one, given)


def _of_business(meta: Meta, one: Connected, given: Parameters) -> Edges:
    waba = one.account.parent
    edges: Edges = {
        ("GET", "phone_numbers"): lambda: nodes.numbers(meta, waba, given),
        ("GET", "message_templates"): lambda: nodes.message_templates(
            meta, waba, given
        ),
        ("POST", "message_templates"): lambda: nodes.add_template(meta, waba, given),
    }
    return edges | _of_subscriptions(one, given)


def _of_subscriptions(one: Connected, given: Parameters) -> Edges:
    return {
        ("GET", "subscribed_apps"): lambda: nodes.subscriptions(one),
        ("POST", "subscribed_apps"): lambda: nodes.subscribe(one, given),
        ("DELETE", "subscribed_apps"): lambda: nodes.unsubscribe(one),
    }


def _of_file(meta: Meta, file: File) -> Edges:
    return {
        ("GET", ""): lambda: nodes.media(meta, file),
        ("DELETE", ""): lambda: nodes.remove(meta, file),
    }


def _of_person(meta: Meta, asker: Connected, node: str, given: Parameters) -> Edges:
    return {("GET", ""): lambda: nodes.profile(meta, asker, node, given)}
