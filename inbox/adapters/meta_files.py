"""Files at Meta: where they are downloaded from, and how they are handed over.

Sources: developers.facebook.com, WhatsApp "media" (links live five minutes and need the
token, ids of webhooks seven days, uploads thirty); Messenger and Instagram "message
attachments" (links in webhooks are signed, expire and need no token).
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import orjson

from flexoraa.lib.crypto import Secret
from inbox.adapters.meta import mapping, string
from inbox.adapters.meta_sending import INSTAGRAM
from inbox.adapters.sending import Call, File, Upload

CDN = ("fbcdn.net", "fbsbx.com", "cdninstagram.com")
WORDS = {"document": "file", "sticker": "image"}


class WhatsAppFiles:
    """The files' part of the WhatsApp adapter."""

    media_hosts: Sequence[str] = ("lookaside.fbsbx.com", "whatsapp.net", "fbcdn.net")
    token_hosts: Sequence[str] = ("lookaside.fbsbx.com",)
    upload_days: float = 29  # kept for 30

    def lookup_call(self, external_id: str) -> Call | None:
        """Without `phone_number_id`: with it no look-up worked (chatwoot#13319)."""
        return Call(path=external_id, method="GET") if external_id else None

    def media_url(self, body: Any) -> str:
        return string(mapping(body).get("url"))

    def upload_call(self, account: str, token: Secret, file: File) -> Upload:
        fields = {"messaging_product": "whatsapp", "type": file.mime_type}
        return Upload(call=Call(path=f"{account}/media"), part="file", fields=fields)

    def uploaded(self, body: Any) -> str:
        return string(mapping(body).get("id"))


class MessagingFiles:
    """The files' part of the Messenger and Instagram adapters."""

    channel: ClassVar[str]
    media_hosts: Sequence[str] = CDN
    token_hosts: Sequence[str] = ()
    upload_days: float = 29  # nobody says for how long; uploading again costs little

    def upload_call(self, account: str, token: Secret, file: File) -> Upload:
        by_instagram = token.reveal().startswith("IG") and self.channel == INSTAGRAM
        whose = "me" if self.channel == INSTAGRAM else account
        attachment = {
            "type": WORDS.get(file.kind, file.kind),
            "payload": {"is_reusable": True},
        }
        return Upload(
            call=Call(
                path=f"{whose}/message_attachments",
                api=INSTAGRAM if by_instagram else "graph",
            ),
            part="filedata",
            fields={"message": orjson.dumps({"attachment": attachment}).decode()},
        )

    def uploaded(self, body: Any) -> str:
        return string(mapping(body).get("attachment_id"))
