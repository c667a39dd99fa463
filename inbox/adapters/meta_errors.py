"""Meta's error codes: what each means for a message that was not sent, and in words.

Sources: developers.facebook.com, documentation/business-messaging/whatsapp, "error
codes"; messenger-platform, "error codes". Codes decide, with their subcode on
Messenger and Instagram, since neither status nor title is reliable.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from inbox.adapters.meta import listed, mapping, string
from inbox.adapters.sending import Refusal, Refused


class Meaning(NamedTuple):
    """What an error code says."""

    why: Refused
    words: str


BUSY = "The platform is busy. It is tried again."
SLOW = "The platform asks to send more slowly. It is tried again."
WINDOW = "The reply window has closed. "
ASK_WHATSAPP = WINDOW + "Send a template, or wait until the person writes."
ASK_META = WINDOW + "Wait until the person writes."
GONE = "This person cannot be written to on this channel."
WRONG = "The platform did not accept the message as it is."
EXPIRED = "The channel's access has ended: an admin must connect it again."
DENIED = "The channel lacks a permission: an admin must connect it again."
LIMITED = "The platform has limited this account. Wait before sending more."
TEMPLATE = "The template does not fit what the platform has approved."

OPTED_OUT = frozenset((131050,))  # "user has stopped marketing messages"

CODES: dict[int, Meaning] = {
    1: Meaning(Refused.RETRY, BUSY),
    2: Meaning(Refused.RETRY, BUSY),
    1200: Meaning(Refused.RETRY, BUSY),
    131000: Meaning(Refused.RETRY, BUSY),
    131016: Meaning(Refused.RETRY, BUSY),
    131057: Meaning(Refused.RETRY, "The number is being upgraded. It is tried again."),
    133004: Meaning(Refused.RETRY, BUSY),
    1545133: Meaning(Refused.RETRY, BUSY),
    4: Meaning(Refused.THROTTLE_ACCOUNT, SLOW),
    32: Meaning(Refused.THROTTLE_ACCOUNT, SLOW),
    613: Meaning(Refused.THROTTLE_ACCOUNT, SLOW),
    80006: Meaning(Refused.THROTTLE_ACCOUNT, SLOW),
    80007: Meaning(Refused.THROTTLE_ACCOUNT, SLOW),
    130429: Meaning(Refused.THROTTLE_ACCOUNT, SLOW),
    131056: Meaning(
        Refused.THROTTLE_PAIR, "Too many messages to this person. It is tried again."
    ),
    131053: Meaning(
        Refused.UPLOAD_AGAIN, "The platform could not use the file. Is it damaged?"
    ),
    131047: Meaning(Refused.WINDOW_CLOSED, ASK_WHATSAPP),
    1545041: Meaning(Refused.WINDOW_CLOSED, ASK_META),
    131021: Meaning(Refused.UNREACHABLE, "The number cannot write to itself."),
    131026: Meaning(
        Refused.UNREACHABLE,
        "The number has no WhatsApp, or its app is too old for this message.",
    ),
    131030: Meaning(
        Refused.UNREACHABLE, "A test number reaches only those on its allow-list."
    ),
    131050: Meaning(Refused.UNREACHABLE, "The person wants no marketing messages."),
    130472: Meaning(
        Refused.UNREACHABLE, "The person is in one of the platform's experiments."
    ),
    551: Meaning(Refused.UNREACHABLE, "The person is not available right now."),
    230: Meaning(Refused.UNREACHABLE, "The person must write first."),
    2534014: Meaning(Refused.UNREACHABLE, GONE),
    9010: Meaning(Refused.UNREACHABLE, "Instagram has nobody of this id."),
    131048: Meaning(Refused.NOT_NOW, LIMITED),
    131049: Meaning(
        Refused.NOT_NOW,
        "The platform held this message back to keep people engaged. Wait a day.",
    ),
    131064: Meaning(Refused.NOT_NOW, LIMITED),
    131031: Meaning(Refused.NOT_NOW, "The platform has locked this account."),
    130497: Meaning(
        Refused.NOT_NOW, "The account may not write to people in this country."
    ),
    368: Meaning(
        Refused.NOT_NOW, "The account is blocked for a while for breaking a policy."
    ),
    33: Meaning(Refused.INVALID, WRONG),
    100: Meaning(Refused.INVALID, WRONG),
    131008: Meaning(Refused.INVALID, WRONG),
    131009: Meaning(Refused.INVALID, WRONG),
    131051: Meaning(Refused.INVALID, "The channel does not take this kind of message."),
    131052: Meaning(Refused.INVALID, "The platform could not fetch the file."),
    131062: Meaning(
        Refused.INVALID, "This message needs the person's phone number, not a user id."
    ),
    135000: Meaning(Refused.INVALID, WRONG),
    36000: Meaning(Refused.INVALID, "The picture is too large for the channel."),
    2534025: Meaning(Refused.INVALID, "This comment was answered already."),
    2534068: Meaning(Refused.INVALID, WRONG),
    0: Meaning(Refused.BROKEN, EXPIRED),
    3: Meaning(Refused.BROKEN, DENIED),
    10: Meaning(Refused.BROKEN, DENIED),
    190: Meaning(Refused.BROKEN, EXPIRED),
    131005: Meaning(Refused.BROKEN, DENIED),
    131037: Meaning(Refused.BROKEN, "The number's display name is not approved yet."),
    131042: Meaning(
        Refused.BROKEN, "The account's payment method must be put in order."
    ),
    131045: Meaning(Refused.BROKEN, "The number must be registered again."),
    133010: Meaning(Refused.BROKEN, "The number is not registered."),
    2018065: Meaning(Refused.BROKEN, DENIED),
    2018108: Meaning(Refused.BROKEN, DENIED),
}
SUBCODES: dict[tuple[int, int], Meaning] = {
    # "invalid JSON", which comes although messages were sent
    (1, 1357046): Meaning(Refused.AMBIGUOUS, "The platform did not say what it did."),
    (4, 2018354): Meaning(Refused.THROTTLE_ACCOUNT, SLOW),
    (9, 2018352): Meaning(Refused.THROTTLE_ACCOUNT, SLOW),
    (10, 1893063): Meaning(Refused.NOT_NOW, LIMITED),
    (10, 2018065): Meaning(Refused.BROKEN, DENIED),
    (10, 2018108): Meaning(Refused.BROKEN, DENIED),
    (10, 2018278): Meaning(Refused.WINDOW_CLOSED, ASK_META),
    (10, 2534022): Meaning(Refused.WINDOW_CLOSED, ASK_META),
    (100, 2018001): Meaning(Refused.UNREACHABLE, GONE),
    (100, 2018034): Meaning(Refused.INVALID, "The message is empty."),
    (100, 2018109): Meaning(Refused.INVALID, "The file is too large for the channel."),
    (100, 2534014): Meaning(Refused.UNREACHABLE, GONE),
    (200, 1545041): Meaning(Refused.UNREACHABLE, GONE),
}
UNCERTAIN = frozenset((Refused.RETRY, Refused.INVALID, Refused.UPLOAD_AGAIN))


def meaning(code: int, subcode: int = 0) -> Meaning | None:
    """What the code says; None for one that nobody has told us of."""
    if found := SUBCODES.get((code, subcode)):
        return found
    if code in CODES:
        return CODES[code]
    if 200 <= code <= 299:
        return Meaning(Refused.BROKEN, DENIED)
    if 132000 <= code <= 132099:
        return Meaning(Refused.INVALID, TEMPLATE)
    return None


def refusal(status: int, body: Any) -> Refusal:
    """Why the Graph API did not take a call, from `{"error": {...}}`.

    A code that names a reason stands, whatever the status. "Try again" stands only
    below 500: a server that failed may have sent the message first. So does a body
    without a code.
    """
    error = mapping(mapping(body).get("error"))
    code, subcode = number(error.get("code")), number(error.get("error_subcode"))
    told: dict[str, Any] = {
        "code": code,
        "subcode": subcode,
        "detail": detail(error),
        "trace": string(error.get("fbtrace_id")),
    }
    known = meaning(code, subcode) if error else None
    if status >= 500 and (known is None or known.why in UNCERTAIN):
        words = "The platform failed and did not say whether the message was sent."
        return Refusal(why=Refused.AMBIGUOUS, words=words, **told)
    if known:
        return Refusal(why=known.why, words=known.words, **told)
    if status == 429:
        return Refusal(why=Refused.THROTTLE_ACCOUNT, words=SLOW, **told)
    if status == 401:
        return Refusal(why=Refused.BROKEN, words=EXPIRED, **told)
    if not error and not 400 <= status < 500:
        words = "The platform's answer could not be read."
        return Refusal(why=Refused.AMBIGUOUS, words=words, **told)
    return Refusal(why=Refused.INVALID, words=WRONG, **told)


def explain(errors: Any) -> Refusal:
    """What a failed status says (WhatsApp reports failures afterwards, too)."""
    words = ""
    for error in listed(errors):
        told = mapping(error)
        code, subcode = number(told.get("code")), number(told.get("error_subcode"))
        if known := meaning(code, subcode):
            again = known.words.removesuffix(" It is tried again.")
            return Refusal(why=known.why, words=again, code=code, subcode=subcode)
        words = words or detail(told)
    words = words or "The platform could not deliver it, and did not say why."
    return Refusal(why=Refused.UNREACHABLE, words=words)


def detail(error: Mapping[str, Any]) -> str:
    """What Meta says beside the code, the most telling first."""
    data = mapping(error.get("error_data"))
    for words in (
        data.get("details"),
        error.get("error_user_msg"),
        error.get("message"),
        error.get("title"),
    ):
        if found := string(words):
            return found[:500]
    return ""


def number(value: Any) -> int:
    """A code, which comes as a number and now and then as a string; 0 for none."""
    try:
        return int(string(value) or 0)
    except ValueError:
        return 0
