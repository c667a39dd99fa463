"""HMAC signatures: right ones accepted, all else refused."""

import hashlib
import hmac

import pytest

from flexoraa.lib import signatures

BODY = b'{"text":"\xf0\x9f\x99\x82  odd   spacing"}'


def hexdigest(secret: str, body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_any_of_the_secrets_may_have_signed():
    assert signatures.is_signed_by_any(hexdigest("old"), BODY, ["new", "old"])
    assert signatures.is_signed_by_any(hexdigest("new"), BODY, ["new", "old"])


def test_an_empty_secret_never_matches():
    assert not signatures.is_signed_by_any(hexdigest(""), BODY, ["", "new"])
    assert not signatures.is_signed_by_any(hexdigest(""), BODY, [])


@pytest.mark.parametrize(
    "signature",
    ["", "0" * 64, hexdigest("s").upper(), hexdigest("s")[:-1], "é" * 64, "\ud800"],
)
def test_other_signatures_are_refused(signature):
    assert not signatures.is_signed_by_any(signature, BODY, ["s"])


def test_the_bytes_count_not_their_meaning():
    assert not signatures.is_signed_by_any(hexdigest("s", BODY), BODY + b" ", ["s"])
