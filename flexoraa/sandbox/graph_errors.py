"""How the Graph API says no: codes, HTTP statuses, bodies.

Sources: developers.facebook.com, WhatsApp "error codes", Messenger Platform "error
codes", Graph API "handling errors".
"""

import secrets
from typing import Any

from flexoraa.sandbox.server import Answer

# code: (HTTP status, title). What is not here is a 400 of the same form.
CODES: dict[int, tuple[int, str]] = {
    0: (401, "AuthException"),
    1: (500, "An unknown error has occurred."),
    2: (503, "Service temporarily unavailable"),
    3: (500, "API Method"),
    4: (429, "Application request limit reached"),
    10: (403, "Application does not have permission for this action"),
    32: (429, "Page request limit reached"),
    33: (400, "Parameter value is not valid"),
    100: (400, "Invalid parameter"),
    104: (400, "An access token is required to request this resource."),
    190: (401, "Invalid OAuth access token - Cannot parse access token"),
    200: (403, "Permissions error"),
    230: (400, "User consent is required to access user profile"),
    368: (403, "Temporarily blocked for policies violations"),
    551: (400, "This person isn't available right now."),
    613: (429, "Calls to this api have exceeded the rate limit."),
    1200: (500, "Temporary send message failure. Please try again later."),
    2500: (400, "Unknown path components"),
    2635: (400, "You are calling a deprecated version of the API."),
    9010: (400, "No matching Instagram user"),
    80007: (429, "Rate limit issues"),
    130429: (429, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users here."),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Business Account locked"),
    131042: (400, "Business eligibility payment issue"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (429, "Spam rate limit hit"),
    131049: (
        400,
        "This message was not delivered to maintain healthy ecosystem engagement.",
    ),
    131051: (400, "Unsupported message type"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (429, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Translated text too long"),
    132012: (400, "Parameter format does not match format in the created template"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    133010: (400, "Phone number not registered"),
}
EXPIRED = 463  # subcode of 190
MESSENGER_WINDOW, INSTAGRAM_WINDOW = 2018278, 2534022  # subcodes of 10
MESSENGER_NOBODY, INSTAGRAM_NOBODY = 2018001, 2534014  # subcodes of 100


class GraphError(Exception):
    """A refusal; `details` is the sentence that helps, `title` replaces the usual."""

    def __init__(
        self, code: int, details: str = "", *, subcode: int = 0, title: str = ""
    ) -> None:
        super().__init__(details or title)
        self.code = code
        self.subcode = subcode
        self.details = details
        self.status, usual = CODES.get(code, (400, "Something went wrong"))
        self.title = title or usual

    def body(self, *, whatsapp: bool = False) -> dict[str, Any]:
        """The document: WhatsApp explains itself in error_data, the others in the
        message."""
        text = self.title if whatsapp or not self.details else self.details
        has_number = self.code not in (104, 190)
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {text}" if has_number else text,
            "type": "OAuthException",
            "code": self.code,
        }
        if self.subcode:
            error["error_subcode"] = self.subcode
        if whatsapp and self.details:
            error["error_data"] = {
                "messaging_product": "whatsapp",
                "details": self.details,
            }
        return {"error": error | {"fbtrace_id": trace_id()}}

    def answer(self, *, whatsapp: bool = False) -> Answer:
        """The refusal as an answer."""
        return Answer.json(self.body(whatsapp=whatsapp), self.status)

    def as_status(self) -> dict[str, Any]:
        """The same as it stands in a WhatsApp status *failed*."""
        return {
            "code": self.code,
            "title": self.title,
            "message": self.title,
            "error_data": {"details": self.details or self.title},
            "href": "https://developers.facebook.com/documentation/business-messaging"
            "/whatsapp/support/error-codes",
        }


def trace_id() -> str:
    """What Meta's support asks for."""
    return "A" + secrets.token_urlsafe(17)[:22]
