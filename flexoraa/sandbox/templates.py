"""Message templates of a WhatsApp business account, and what fills their gaps.

Source: developers.facebook.com, WhatsApp "template components" and "error codes"
(132000 to 132016).
"""

import re
from typing import Any

from flexoraa.sandbox.graph_errors import GraphError

Template = dict[str, Any]
GAP = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MEDIA = ("IMAGE", "VIDEO", "DOCUMENT")


def template(
    number: int, name: str, language: str, category: str, body: str, **more: Any
) -> Template:
    """An approved template; `more`: header, footer, buttons, status."""
    components: list[dict[str, Any]] = []
    if header := more.get("header"):
        components.append({"type": "HEADER", **header})
    component: dict[str, Any] = {"type": "BODY", "text": body}
    if gaps := GAP.findall(body):
        if all(gap.isdigit() for gap in gaps):
            component["example"] = {"body_text": [[f"value {gap}" for gap in gaps]]}
        else:
            component["example"] = {
                "body_text_named_params": [
                    {"param_name": gap, "example": f"value of {gap}"} for gap in gaps
                ]
            }
    components.append(component)
    if footer := more.get("footer"):
        components.append({"type": "FOOTER", "text": footer})
    if buttons := more.get("buttons"):
        components.append({"type": "BUTTONS", "buttons": buttons})
    return {
        "id": str(590_000_000_000_000 + number),
        "name": name,
        "language": language,
        "status": more.get("status", "APPROVED"),
        "category": category,
        "parameter_format": "POSITIONAL"
        if all(gap.isdigit() for gap in GAP.findall(body))
        else "NAMED",
        "quality_score": {"score": "UNKNOWN", "date": 1764028800},
        "components": components,
    }


SHOP: tuple[Template, ...] = (
    template(
        1,
        "hello_world",
        "en_US",
        "UTILITY",
        "Welcome! This message was sent to try things out.",
        header={"format": "TEXT", "text": "Hello World"},
        footer="WhatsApp Business Platform sample message",
    ),
    template(
        2,
        "order_shipped",
        "en",
        "UTILITY",
        "Hi {{1}}, your order {{2}} is on its way. It should arrive on {{3}}.",
        footer="Saffron & Slate, Pune",
        buttons=[
            {
                "type": "URL",
                "text": "Track",
                "url": "https://example.com/track/{{1}}",
                "example": ["https://example.com/track/17"],
            },
            {"type": "QUICK_REPLY", "text": "Talk to us"},
        ],
    ),
    template(
        3,
        "order_shipped",
        "hi",
        "UTILITY",
        "नमस्ते {{1}}, आपका ऑर्डर {{2}} रवाना हो गया है। {{3}} तक पहुँच जाएगा।",
    ),
    template(
        4,
        "diwali_offer",
        "en",
        "MARKETING",
        "Hello {{customer}}, brass lamps are {{discount}} off until Sunday.",
        header={"format": "IMAGE", "example": {"header_handle": ["4::aW1n"]}},
        buttons=[
            {"type": "QUICK_REPLY", "text": "Show me"},
            {"type": "QUICK_REPLY", "text": "Not interested"},
        ],
    ),
    template(
        5, "reengage", "en", "UTILITY", "Hi {{1}}, we have an answer to your question."
    ),
    template(
        6,
        "old_news",
        "en",
        "MARKETING",
        "Last year's offers, {{1}}.",
        status="PAUSED",
    ),
    template(
        7,
        "too_loud",
        "en",
        "MARKETING",
        "BUY NOW, {{1}}!!!",
        status="REJECTED",
    ),
)


def fill(known: list[Template], asked: dict[str, Any]) -> tuple[Template, str]:
    """The template that a send names, and its body with the gaps filled.

    Raises GraphError as Meta does for a wrong name, state or number of parameters.
    """
    name = asked.get("name")
    language = (asked.get("language") or {}).get("code")
    if not name or not language:
        raise GraphError(131008, "template.name and template.language.code are needed.")
    found = next(
        (t for t in known if t["name"] == name and t["language"] == language), None
    )
    if found is None or found["status"] in ("REJECTED", "PENDING"):
        raise GraphError(132001, f"template name ({name}) does not exist in {language}")
    if found["status"] == "PAUSED":
        raise GraphError(132015, "The template is paused due to low quality.")
    if found["status"] == "DISABLED":
        raise GraphError(132016, "The template is disabled.")
    given = asked.get("components") or []
    text = ""
    for component in found["components"]:
        if component["type"] == "BODY":
            text = _filled(component["text"], _parameters(given, "body"), "body")
        elif component["type"] == "HEADER":
            _check_header(component, _parameters(given, "header"))
        elif component["type"] == "BUTTONS":
            _check_buttons(component["buttons"], given)
    return found, text


def choices(template: Template) -> list[dict[str, str]]:
    """The quick replies that the person can tap."""
    return [
        {"title": button["text"], "payload": button["text"], "kind": "template"}
        for component in template["components"]
        for button in component.get("buttons", ())
        if button["type"] == "QUICK_REPLY"
    ]


def _parameters(given: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    for component in given:
        if str(component.get("type", "")).lower() == kind:
            return component.get("parameters") or []
    return []


def _filled(text: str, given: list[dict[str, Any]], where: str) -> str:
    gaps = list(dict.fromkeys(GAP.findall(text)))
    if len(given) != len(gaps):
        raise GraphError(
            132000,
            f"{where}: number of localizable_params ({len(given)}) does not match the "
            f"expected number of params ({len(gaps)})",
        )
    if all(gap.isdigit() for gap in gaps):
        values = {gap: _value(item) for gap, item in zip(gaps, given, strict=True)}
    else:
        values = {str(item.get("parameter_name")): _value(item) for item in given}
    if missing := [gap for gap in gaps if gap not in values]:
        raise GraphError(100, f"{where}: parameter name {missing[0]} is missing")
    return GAP.sub(lambda match: values[match[1]], text)


def _value(parameter: dict[str, Any]) -> str:
    kind = parameter.get("type")
    if kind == "text" and parameter.get("text"):
        return str(parameter["text"])
    if kind in ("currency", "date_time") and isinstance(parameter.get(kind), dict):
        return str(parameter[kind].get("fallback_value", ""))
    raise GraphError(131008, "Parameter of type text is missing text value")


def _check_header(component: dict[str, Any], given: list[dict[str, Any]]) -> None:
    wanted = component["format"]
    if wanted == "TEXT":
        _filled(component["text"], given, "header")
    elif wanted in MEDIA:
        kind = wanted.lower()
        if len(given) != 1 or given[0].get("type") != kind:
            raise GraphError(
                132012, f"header: Format mismatch, expected {wanted}, received UNKNOWN"
            )
        media = given[0].get(kind) or {}
        if not (media.get("id") or media.get("link")):
            raise GraphError(131008, f"header: {kind} needs an id or a link.")


def _check_buttons(buttons: list[dict[str, Any]], given: list[dict[str, Any]]) -> None:
    filled = {
        str(component.get("index"))
        for component in given
        if str(component.get("type", "")).lower() == "button"
        and component.get("parameters")
    }
    for index, button in enumerate(buttons):
        if GAP.search(button.get("url", "")) and str(index) not in filled:
            raise GraphError(
                131008,
                f"Button at index {index} of type Url requires a parameter",
            )
