"""Signatures of checkout and webhooks: the right ones pass, nothing else ever does."""

import base64
import hashlib
import hmac
import json
import random
import string
from pathlib import Path

import pytest

from payments.razorpay import signatures

SHARED = Path(__file__).resolve().parents[3] / "shared" / "payloads" / "razorpay"
SECRET = "a-key-secret-of-ours"
ORDER, PAYMENT, SUB = "order_" + "A1" * 7, "pay_" + "B2" * 7, "sub_" + "C3" * 7


def made(message: str | bytes, secret: str = SECRET) -> str:
    message = message.encode() if isinstance(message, str) else message
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def answer(vector: dict) -> bool:
    """What our code says to a vector, as a door would ask it."""
    given = vector.get("params", {})
    if vector["kind"] == "payment":
        return signatures.is_order_payment(
            given.get("razorpay_order_id"),
            given.get("razorpay_payment_id"),
            given.get("razorpay_signature"),
            vector.get("key_secret") or "",
        )
    if vector["kind"] == "subscription":
        return signatures.is_subscription_payment(
            given.get("razorpay_subscription_id"),
            given.get("razorpay_payment_id"),
            given.get("razorpay_signature"),
            vector.get("key_secret") or "",
        )
    body = base64.b64decode(vector["body_b64"])
    secret = vector.get("webhook_secret")
    secrets = secret if isinstance(secret, list) else [secret or ""]
    return signatures.is_webhook(body, vector.get("signature"), secrets)


def test_every_vector_is_answered_rightly():
    file = SHARED / "signature_vectors.json"
    if not file.exists():
        pytest.skip("the shared vectors are not beside this checkout")
    vectors = json.loads(file.read_text())["vectors"]
    kinds = [v for v in vectors if v["kind"] in ("payment", "subscription", "webhook")]
    assert len(kinds) > 50
    wrong = {
        v["id"]
        for v in kinds
        if answer(v) != (v["expect"] == "accept") and v.get("id_format_ok", True)
    }
    assert not wrong
    accepted = [v["id"] for v in kinds if v["expect"] == "reject" and answer(v)]
    assert not accepted


def test_what_razorpay_signed_is_accepted():
    good = made(f"{ORDER}|{PAYMENT}")
    assert signatures.is_order_payment(ORDER, PAYMENT, good, SECRET)
    good = made(f"{PAYMENT}|{SUB}")
    assert signatures.is_subscription_payment(SUB, PAYMENT, good, SECRET)
    body = b'{"event":"x"}'
    assert signatures.is_webhook(body, made(body, "old"), ["new", "old"])


@pytest.mark.parametrize("secret", ["", "None"])
def test_a_missing_secret_signs_nothing(secret):
    forged = made(f"{PAYMENT}|{SUB}", secret)
    assert not signatures.is_subscription_payment(SUB, PAYMENT, forged, "")
    assert not signatures.is_webhook(b"{}", made(b"{}", secret), [""])
    assert not signatures.is_webhook(b"{}", made(b"{}", secret), [])


@pytest.mark.parametrize("nonsense", [None, 5, [], {}, b"ab", "", "ä", "\x00" * 64])
def test_what_is_no_signature_is_refused_and_not_an_error(nonsense):
    assert not signatures.is_order_payment(ORDER, PAYMENT, nonsense, SECRET)
    assert not signatures.is_subscription_payment(SUB, PAYMENT, nonsense, SECRET)
    assert not signatures.is_webhook(b"{}", nonsense, [SECRET])


def test_ids_cannot_be_cut_differently():
    moved = made(f"order_A|pay_B|{PAYMENT}")
    assert not signatures.is_order_payment("order_A", f"pay_B|{PAYMENT}", moved, SECRET)
    assert not signatures.is_order_payment(ORDER + "\n", PAYMENT, moved, SECRET)


def mutated(good: str, dice: random.Random) -> str:
    """Something close to the right signature that is not it."""
    at = dice.randrange(len(good))
    other = dice.choice(string.hexdigits + " \n|é")
    return dice.choice(
        [
            good[:at] + other + good[at + 1 :],
            good[:at] + good[at + 1 :],
            good[:at] + other + good[at:],
            good[:at].upper() + good[at:].swapcase(),
            good[at:] + good[:at],
            good[::-1],
            good * 2,
            made(f"{SUB}|{PAYMENT}", dice.choice([SECRET, "", "None", "other"])),
            made(f"{PAYMENT}|{SUB}", dice.choice(["", "None", SECRET + " "])),
        ]
    )


def test_of_10_000_mutations_none_is_accepted():
    dice = random.Random(2026)
    good = made(f"{PAYMENT}|{SUB}")
    body = b'{"event":"subscription.charged","payload":{}}'
    webhook = made(body)
    tried = 0
    while tried < 10_000:
        wrong, wrong_webhook = mutated(good, dice), mutated(webhook, dice)
        changed = bytearray(body)
        changed[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
        if good in (wrong,) or wrong_webhook == webhook:
            continue
        tried += 1
        assert not signatures.is_subscription_payment(SUB, PAYMENT, wrong, SECRET)
        assert not signatures.is_webhook(body, wrong_webhook, [SECRET, ""])
        assert not signatures.is_webhook(bytes(changed), webhook, [SECRET])
