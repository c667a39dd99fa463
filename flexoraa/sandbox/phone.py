"""The phone simulator: a person writes, sends pictures, reacts, taps, reads."""

from flexoraa.sandbox.meta import Meta
from flexoraa.sandbox.server import Answer, Request


def phone(meta: Meta, request: Request) -> Answer:
    """Answer a call to /phone or /_phone/…."""
    return Answer(404, b"", "text/plain")
