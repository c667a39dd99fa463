"""HMAC signatures over raw bytes, compared in constant time, with secret rotation."""

import hashlib
import hmac
from collections.abc import Iterable


def hex_hmac_sha256(secret: str, message: bytes) -> str:
    """The lower-case hex HMAC-SHA256 of the bytes."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def is_signed_by_any(signature: str, message: bytes, secrets: Iterable[str]) -> bool:
    """Whether one of the secrets made this hex signature.

    Several secrets are valid during rotation; an empty one never matches, since
    anybody could sign with it. All are tried, so that the time taken tells nothing.
    """
    given = signature.encode("utf-8", "replace")
    matches = [
        hmac.compare_digest(hex_hmac_sha256(secret, message).encode(), given)
        for secret in secrets
        if secret
    ]
    return any(matches)
