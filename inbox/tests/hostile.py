"""Bodies that somebody could send to do harm, by name: not one may be lost or hurt."""

import json

NESTED = b'{"a":' * 5000 + b"1" + b"}" * 5000


def whatsapp(message: dict | None = None, **value: object) -> bytes:
    """A whole WhatsApp body around one message, as bytes with its escapes kept."""
    content = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": "200000000000001"},
        **({"messages": [message]} if message else {}),
        **value,
    }
    change = {"field": "messages", "value": content}
    entry = [{"id": "300000000000001", "changes": [change]}]
    return json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()


def text(body: str, **fields: object) -> bytes:
    """A WhatsApp text message with this text."""
    return whatsapp(
        {
            "from": "15550100001",
            "id": "wamid.hostile",
            "timestamp": "1763900000",
            "type": "text",
            "text": {"body": body},
            **fields,
        }
    )


TEXT = text("PLACE")

# readable JSON, whose message must end up stored
STORED = {
    "NUL in the text": text("a\x00b"),
    "only NUL": text("\x00"),
    "NUL in a key": whatsapp(
        json.loads(TEXT)["entry"][0]["changes"][0]["value"]["messages"][0]
        | {"k\x00": 1}
    ),
    "lone high surrogate": text("\ud800"),
    "lone low surrogate": text("\udfff"),
    "surrogates swapped": text("\udc00\ud800"),
    "script tag": text("<script>alert(1)</script>"),
    "attribute break": text('"><img src=x onerror=alert(1)>'),
    "template": text("{{ 7*7 }}{% debug %}"),
    "SQL": text("'; DROP TABLE inbox_message; --"),
    "percent signs": text("%s %(a)s %% %n"),
    "backslashes": text("\\'\\\"\\\\ \\u0000"),
    "right to left": text("\u202eabc\u2066"),
    "zero width": text("\u200b\u200d\ufeff"),
    "control characters": text("".join(map(chr, range(1, 32)))),
    "many combining marks": text("e" + "\u0301" * 5000),
    "emoji family": text("👨‍👩‍👧‍👦" * 500),
    "long text": text("x" * 200_000),
    "formula": text("=HYPERLINK(1)"),
    "empty text": text(""),
    "NaN beside it": TEXT[:-1] + b',"n":NaN}',
    "infinity beside it": TEXT[:-1] + b',"n":-Infinity}',
    "1e400 beside it": TEXT[:-1] + b',"n":1e400}',
    "huge integer beside it": TEXT[:-1] + b',"n":' + b"9" * 4300 + b"}",
    "65 bits beside it": TEXT[:-1] + b',"n":18446744073709551616}',
    "duplicate keys": b'{"object":"page",' + TEXT[1:],
    "byte order mark": b"\xef\xbb\xbf" + TEXT,
    "white space around": b" \r\n\t" + TEXT + b"\n\n",
    "deep nesting beside it": TEXT[:-1] + b',"n":' + b"[" * 500 + b"]" * 500 + b"}",
    "huge timestamp": text("x", timestamp="9" * 30),
    "negative timestamp": text("x", timestamp="-5"),
    "timestamp in words": text("x", timestamp="yesterday"),
    "timestamp missing": text("x", timestamp=None),
    "timestamp as float": text("x", timestamp=1763900000.5),
    "timestamp NaN": TEXT.replace(b'"1763900000"', b"NaN"),
    "timestamp infinite": TEXT.replace(b'"1763900000"', b'"inf"'),
    "timestamp as list": text("x", timestamp=[1]),
    "long id": text("x", id="wamid." + "A" * 500),
    "endless id": text("x", id="wamid." + "A" * 5000),
    "endless reply": text("x", context={"id": "wamid." + "A" * 5000}),
    "number as id": text("x", id=12345),
    "sender as number": text("x", **{"from": 15550100001}),
    "very long sender": text("x", **{"from": "1" * 500}),
    "unknown type": text("x", type="hologram"),
    "type missing": text("x", type=None),
    "type as list": text("x", type=["text"]),
    "text as string": text("x", text="oops"),
    "text missing": text("x", text=None),
    "text as list": text("x", text=[{"body": "x"}]),
    "context as string": text("x", context="oops"),
    "referral as list": text("x", referral=[1, 2]),
    "errors as object": text("x", errors={"code": 1}),
    "name as number": whatsapp(
        json.loads(TEXT)["entry"][0]["changes"][0]["value"]["messages"][0],
        contacts=[{"profile": {"name": 7}, "wa_id": "15550100001"}],
    ),
    "contacts as string": whatsapp(
        json.loads(TEXT)["entry"][0]["changes"][0]["value"]["messages"][0],
        contacts="oops",
    ),
}

# readable JSON without a message: kept, and nothing breaks
KEPT = {
    "null": b"null",
    "number": b"0",
    "string": b'"whatsapp_business_account"',
    "list": b"[]",
    "empty object": b"{}",
    "object null": b'{"object":null}',
    "object as list": b'{"object":["page"]}',
    "foreign object": b'{"object":"user","entry":[]}',
    "entry null": b'{"object":"whatsapp_business_account","entry":null}',
    "entry as string": b'{"object":"whatsapp_business_account","entry":"x"}',
    "entry of numbers": b'{"object":"whatsapp_business_account","entry":[1,null,[]]}',
    "changes as object": b'{"object":"whatsapp_business_account",'
    b'"entry":[{"id":"300000000000001","changes":{}}]}',
    "value null": b'{"object":"whatsapp_business_account","entry":'
    b'[{"id":"300000000000001","changes":[{"field":"messages","value":null}]}]}',
    "messages null": whatsapp(messages=None),
    "prototype": b'{"__proto__":{"a":1},"constructor":{"prototype":{}}}',
}

# no JSON at all: kept as bytes, dead with a reason
DEAD = {
    "nothing": b"",
    "garbage": b"garbage",
    "cut off": TEXT[:-20],
    "trailing bytes": TEXT + b"}",
    "invalid UTF-8": TEXT.replace(b"PLACE", b"\xff\xfe"),
    "surrogate in UTF-8": TEXT.replace(b"PLACE", b"\xed\xa0\x80"),
    "overlong UTF-8": TEXT.replace(b"PLACE", b"\xc0\xaf"),
    "UTF-16": TEXT.decode().encode("utf-16"),
    "UTF-32": TEXT.decode().encode("utf-32"),
    "raw NUL": TEXT.replace(b"PLACE", b"\x00"),
    "raw newline": TEXT.replace(b"PLACE", b"\n"),
    "single quotes": TEXT.replace(b'"', b"'"),
    "comments": b"/* */" + TEXT,
    "endless list": b"[" * 100_000,
    "endless objects": NESTED,
    "gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 1000,
    "binary": bytes(range(256)) * 20,
    "XML": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///x'>]>",
}
