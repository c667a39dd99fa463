"""What can be looked up at the Graph API beside messages: nodes and their edges.

Sources: developers.facebook.com, WhatsApp "media", "templates", "phone numbers";
Messenger "user profile", "attachment upload"; Instagram "user profile", "access token".
"""

import hashlib
import io
import json
import mimetypes
from typing import Any
from urllib.parse import urlencode

from PIL import Image, ImageDraw

from flexoraa.sandbox import library, templates, whatsapp
from flexoraa.sandbox.graph_errors import GraphError
from flexoraa.sandbox.library import File
from flexoraa.sandbox.meta import APP_ID, NEWEST, Connected, Meta
from flexoraa.sandbox.outgoing import Parameters
from flexoraa.sandbox.server import Answer, Request

Document = dict[str, Any]


def chosen(document: Document, given: Parameters) -> Document:
    """The fields that were asked for, and the id."""
    names = str(given.get("fields") or "").split(",")
    wanted = {name.split("{")[0].strip() for name in names} - {""}
    if not wanted:
        return document
    return {k: v for k, v in document.items() if k in wanted or k == "id"}


def account(connected: Connected, given: Parameters) -> Document:
    """GET /<account>: a phone number, a Page, or an Instagram account."""
    found = connected.account
    if found.channel == "whatsapp":
        number = {
            "id": found.external_id,
            "verified_name": found.name,
            "display_phone_number": f"+{connected.phone}",
            "quality_rating": "GREEN",
            "code_verification_status": "VERIFIED",
            "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"},
            "status": "CONNECTED",
            "name_status": "APPROVED",
            "messaging_limit_tier": "TIER_1K",
        }
        return chosen(number, given)
    if found.channel == "instagram":
        name = found.name.lstrip("@")
        return chosen(
            {
                "id": f"9{found.external_id[1:]}",  # scoped to the app
                "user_id": found.external_id,
                "username": name,
                "name": name,
                "account_type": "BUSINESS",
            },
            given,
        )
    return chosen({"id": found.external_id, "name": found.name}, given)


def profile(meta: Meta, asker: Connected, person: str, given: Parameters) -> Document:
    """GET /<PSID> and GET /<IGSID>: who wrote."""
    is_instagram = asker.account.channel == "instagram"
    chat = meta.people.profile(person)
    if chat is None or not meta.people.known(asker.account.external_id, person):
        raise GraphError(230) if is_instagram else GraphError(100, subcode=2018218)
    first, _, last = chat.name.partition(" ")
    document: Document = {
        "id": person,
        "name": chat.name or None,
        "profile_pic": f"{meta.url}/_media/faces/{person}.png",
    }
    if is_instagram:
        document |= {
            "username": chat.name or f"user{person[-4:]}",
            "follower_count": 120,
            "is_user_follow_business": True,
            "is_business_follow_user": False,
            "is_verified_user": False,
        }
    else:
        document |= {"first_name": first, "last_name": last}
        document.pop("name")
    return chosen(document, given)


def upload(meta: Meta, sender: Connected, request: Request) -> Answer:
    """POST /<number>/media: multipart with the file and its type."""
    given = request.parameters()
    whatsapp.check_product(given)
    part = next((part for part in request.parts() if part.name == "file"), None)
    if part is None:
        raise GraphError(100, "The parameter file is required.")
    mime_type = str(given.get("type") or part.content_type)
    library.check_upload(mime_type, len(part.body))
    file = meta.library.store(
        sender.account.external_id, part.body, mime_type, part.filename
    )
    meta.ledger.record(
        channel="whatsapp",
        account=sender.account.external_id,
        kind="upload",
        id=file.id,
        body={"mime_type": mime_type, "sha256": file.sha256, "size": len(part.body)},
    )
    return Answer.json({"id": file.id})


def attach(meta: Meta, sender: Connected, request: Request) -> Answer:
    """POST /<page>/message_attachments: a file, or the URL of one, to be used again."""
    given = request.parameters()
    message: Any = given.get("message")
    message = json.loads(message) if isinstance(message, str) else message
    try:
        attachment = message["attachment"]
        kind, payload = attachment["type"], attachment.get("payload") or {}
    except (KeyError, TypeError, AttributeError) as error:
        raise GraphError(100, "The parameter message is required.") from error
    part = next((part for part in request.parts() if part.filename), None)
    if part is None and not payload.get("url"):
        raise GraphError(100, "The parameter filedata or a url is required.")
    body = part.body if part else b""
    guessed = mimetypes.guess_type(payload.get("url", ""))[0]
    mime_type = (part.content_type if part else guessed) or "image/jpeg"
    channel = sender.account.channel
    library.check_attachment(channel, kind, mime_type, len(body))
    file = meta.library.store(
        sender.account.external_id,
        body,
        mime_type,
        part.filename if part else "",
    )
    meta.ledger.record(
        channel=channel,
        account=sender.account.external_id,
        kind="upload",
        id=file.id,
        body={"mime_type": mime_type, "sha256": file.sha256, "size": len(body)},
    )
    return Answer.json({"attachment_id": file.id})


def media(meta: Meta, file: File) -> Document:
    """GET /<media id>: the link, for five minutes."""
    return {
        "messaging_product": "whatsapp",
        "url": f"{meta.url}{meta.library.link(file)}",
        "mime_type": file.mime_type,
        "sha256": file.sha256,
        "file_size": len(file.body),
        "id": file.id,
    }


def message_templates(meta: Meta, waba: str, given: Parameters) -> Document:
    """GET /<business account>/message_templates, page by page."""
    found = meta.templates.get(waba, [])
    for name in ("name", "language", "status", "category"):
        if given.get(name):
            found = [item for item in found if item[name] == given[name]]
    limit = max(1, min(int(given.get("limit") or 25), 250))
    start = _place(str(given.get("after") or ""))
    page = found[start : start + limit]
    document: Document = {"data": [chosen(item, given) for item in page]}
    if given.get("summary"):
        document["summary"] = {
            "total_count": len(found),
            "message_template_count": len(meta.templates.get(waba, [])),
            "message_template_limit": 250,
            "are_translations_complete": True,
        }
    if page:
        paging: Document = {
            "cursors": {"before": _cursor(start), "after": _cursor(start + len(page))}
        }
        if start + limit < len(found):
            after = _cursor(start + limit)
            again = {"limit": limit, "after": after, "fields": given.get("fields", "")}
            paging["next"] = (
                f"{meta.url}/{NEWEST}/{waba}/message_templates?{urlencode(again)}"
            )
        document["paging"] = paging
    return document


def add_template(meta: Meta, waba: str, given: Parameters) -> Document:
    """POST /<business account>/message_templates: pending until somebody approves."""
    for name in ("name", "language", "category", "components"):
        if not given.get(name):
            raise GraphError(100, f"The parameter {name} is required.")
    known = meta.templates.setdefault(waba, [])
    made = templates.template(
        100 + len(known), given["name"], given["language"], "", ""
    )
    made |= {
        "status": "PENDING",
        "category": given["category"],
        "components": given["components"],
    }
    known.append(made)
    return {"id": made["id"], "status": "PENDING", "category": made["category"]}


def subscribe(connected: Connected, given: Parameters) -> Document:
    """POST subscribed_apps."""
    fields = str(given.get("subscribed_fields") or "")
    if not fields and connected.account.channel != "whatsapp":
        raise GraphError(100, "The parameter subscribed_fields is required.")
    connected.subscribed[str(APP_ID)] = [name for name in fields.split(",") if name]
    return {"success": True}


def subscriptions(connected: Connected) -> Document:
    """GET subscribed_apps."""
    if connected.account.channel == "whatsapp":
        app = {"id": str(APP_ID), "name": "Flexoraa", "link": "https://example.com"}
        data = [{"whatsapp_business_api_data": app}] if connected.subscribed else []
        return {"data": data}
    return {
        "data": [
            {"id": app, "name": "Flexoraa", "subscribed_fields": fields}
            for app, fields in connected.subscribed.items()
        ]
    }


def unsubscribe(connected: Connected) -> Document:
    """DELETE subscribed_apps."""
    connected.subscribed.clear()
    return {"success": True}


def remove(meta: Meta, file: File) -> Document:
    """DELETE /<media id>."""
    meta.library.remove(file.id)
    return {"success": True}


def numbers(meta: Meta, waba: str, given: Parameters) -> Document:
    """GET /<business account>/phone_numbers."""
    found = [one for one in meta.accounts() if one.account.parent == waba]
    return {"data": [account(one, given) for one in found]}


def refresh(meta: Meta, token: str, given: Parameters) -> Document:
    """GET graph.instagram.com/refresh_access_token: 60 more days."""
    if given.get("grant_type") != "ig_refresh_token":
        raise GraphError(100, "grant_type must be ig_refresh_token.")
    return {
        "access_token": meta.renew(token),
        "token_type": "bearer",
        "expires_in": 5183944,
    }


def face(person: str) -> bytes:
    """A picture (PNG) for somebody: head and shoulders on a colour of their own."""
    hue = int(hashlib.sha256(person.encode()).hexdigest(), 16) % 360
    picture = Image.new("RGB", (96, 96), f"hsl({hue}, 45%, 45%)")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((31, 21, 65, 55), fill="white")
    draw.ellipse((14, 62, 82, 130), fill="white")
    made = io.BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()


def _cursor(place: int) -> str:
    return "QVFI" + format(place, "x")


def _place(cursor: str) -> int:
    try:
        return int(cursor.removeprefix("QVFI") or "0", 16)
    except ValueError:
        raise GraphError(100, "Invalid cursors values.") from None
