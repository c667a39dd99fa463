"""Crash reports to Sentry, when SENTRY_DSN is set, without anybody's data."""

from typing import Any

import sentry_sdk

KEPT = (
    "event_id",
    "timestamp",
    "platform",
    "level",
    "logger",
    "transaction",
    "release",
)
KEPT += ("environment", "server_name", "sdk", "modules", "fingerprint", "contexts")
CONTEXTS = ("runtime", "os", "trace")
FRAME = ("filename", "abs_path", "function", "module", "lineno", "in_app")


def start(dsn: str, environment: str) -> None:
    """Nothing is sent without a DSN."""
    if dsn:
        sentry_sdk.init(
            dsn=dsn,
            environment=environment,
            send_default_pii=False,
            include_local_variables=False,
            include_source_context=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            before_send=scrubbed,
            traces_sample_rate=0.0,
        )


def scrubbed(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    """What is on the list: which exception, where in the code, at which request. Not
    its words, not the request's body, address, cookies or headers, nobody's name."""
    kept = {name: event[name] for name in KEPT if name in event}
    kept["contexts"] = {
        name: facts
        for name, facts in event.get("contexts", {}).items()
        if name in CONTEXTS
    }
    raised = event.get("exception", {}).get("values", [])
    kept["exception"] = {"values": [_class_and_place(error) for error in raised]}
    request_id = event.get("tags", {}).get("request_id")
    kept["tags"] = {"request_id": request_id} if request_id else {}
    return kept


def _class_and_place(error: dict[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames", [])
    return {
        "type": error.get("type"),
        "module": error.get("module"),
        "value": "",
        "stacktrace": {
            "frames": [
                {name: frame[name] for name in FRAME if name in frame}
                for frame in frames
            ]
        },
    }
