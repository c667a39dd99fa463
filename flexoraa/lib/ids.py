"""Ids that may be shown: UUIDv7, random enough to guess nothing, sorted by time."""

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """48 bits of milliseconds, 74 random ones (RFC 9562, section 5.7)."""
    stamp = time.time_ns() // 1_000_000
    value = stamp << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid() -> str:
    """26 characters to be sent along and recognised: milliseconds, then chance."""
    return _crockford(
        time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10))
    )


def ulid_of(key: uuid.UUID) -> str:
    """An id of ours in the same form: always the same for the same one."""
    return _crockford(key.int)


def _crockford(value: int) -> str:
    return "".join(CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))
