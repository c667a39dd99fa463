"""Who signed it: checkout's and the webhook's HMACs, compared in constant time.

Our own and not the SDK's, whose helpers take the key from the parameters when one is
named there, accept an empty or missing secret, and raise on bytes and on None.
"""

import re
from collections.abc import Iterable
from typing import Any

from flexoraa.lib.signatures import is_signed_by_any

SIGNATURE = "X-Razorpay-Signature"
EVENT_ID = "X-Razorpay-Event-Id"
ID = r"_[A-Za-z0-9]{14}"  # razorpay.com, "Understand Razorpay APIs"


def is_id(prefix: str, value: Any) -> bool:
    """Whether it is an id of that kind, such as sub_ and 14 letters and digits."""
    return isinstance(value, str) and bool(re.fullmatch(re.escape(prefix) + ID, value))


def is_order_payment(
    order_id: Any, payment_id: Any, signature: Any, key_secret: str
) -> bool:
    """Whether Razorpay's checkout said that this payment is for this order.

    The message is `order_id|payment_id` under the API key's secret (razorpay.com,
    "Payment Verification"). The ids' shape is checked: the bar escapes nothing.
    """
    if not (is_id("order", order_id) and is_id("pay", payment_id)):
        return False
    return _is_signed(signature, f"{order_id}|{payment_id}".encode(), [key_secret])


def is_subscription_payment(
    subscription_id: Any, payment_id: Any, signature: Any, key_secret: str
) -> bool:
    """The same for a subscription, where the payment comes first:
    `payment_id|subscription_id`. Proves the origin only; not amount, state or whose."""
    if not (is_id("sub", subscription_id) and is_id("pay", payment_id)):
        return False
    message = f"{payment_id}|{subscription_id}".encode()
    return _is_signed(signature, message, [key_secret])


def is_webhook(body: bytes, signature: Any, secrets: Iterable[str]) -> bool:
    """Whether one of the webhook secrets signed these raw bytes. Events from before a
    change of secret still come with the old one, for a day."""
    return _is_signed(signature, body, secrets)


def _is_signed(signature: Any, message: bytes, secrets: Iterable[str]) -> bool:
    """Whatever is no text is no signature."""
    return isinstance(signature, str) and is_signed_by_any(signature, message, secrets)
