"""Bodies that somebody could send to the API to do harm, by name."""

import json
from collections.abc import Iterator
from typing import Any

JSON = "application/json"
HOLE = "put it here"

# whole bodies, whatever the route expects
RAW: dict[str, bytes] = {
    "nothing": b"",
    "white space": b" \r\n\t ",
    "null": b"null",
    "true": b"true",
    "zero": b"0",
    "one": b"1",
    "minus": b"-1",
    "float": b"1.5",
    "1e400": b"1e400",
    "NaN": b"NaN",
    "infinity": b"-Infinity",
    "4,300 digits": b"9" * 4300,
    "10,000 digits": b"9" * 10_000,
    "string": b'"x"',
    "empty string": b'""',
    "string of an object": b'"{}"',
    "list": b"[]",
    "list of null": b"[null]",
    "list of numbers": b"[1, 2]",
    "list of lists": b"[[[]]]",
    "list of objects": b"[{}]",
    "101 objects": b"[" + b"{}," * 100 + b"{}]",
    "pairs": b'[["id", 1]]',
    "empty object": b"{}",
    "key of 100 KB": b'{"' + b"k" * 100_000 + b'": 1}',
    "unpaired escape": b'{"name": "\\u12"}',
    "hexadecimal": b'{"name": 0x10}',
    "leading zeros": b'{"name": 007}',
    "empty key": b'{"": 1}',
    "duplicate keys": b'{"name": "x", "name": [1], "status": 1, "status": {}}',
    "NUL in a key": b'{"a\\u0000b": 1}',
    "surrogate as a key": b'{"\\ud800": "\\udfff"}',
    "only NUL": b'{"\\u0000": "\\u0000"}',
    "prototype": b'{"__proto__": {"a": 1}, "constructor": {"prototype": {}}}',
    "dunder": b'{"__class__": {"__init__": 1}, "self": 1, "pk": {}, "id": []}',
    "1,000 levels": b'{"a":' * 1000 + b"1" + b"}" * 1000,
    "1,000 lists": b"[" * 1000 + b"]" * 1000,
    "100,000 lists": b"[" * 100_000 + b"]" * 100_000,
    "100,000 levels": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "never closed": b"[" * 100_000,
    "10,000 keys": json.dumps(dict.fromkeys(map(str, range(10_000)))).encode(),
    "garbage": b"garbage",
    "cut off": b'{"name": "x',
    "trailing": b'{"name": "x"}}',
    "two bodies": b"{}{}",
    "single quotes": b"{'name': 'x'}",
    "comment": b"/* */ {}",
    "raw NUL": b'{"name": "\x00"}',
    "raw new line": b'{"name": "\n"}',
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "invalid UTF-8 in a key": b'{"\xff": 1}',
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "only a byte order mark": b"\xef\xbb\xbf",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "UTF-32": '{"name": "x"}'.encode("utf-32"),
    "binary": bytes(range(256)),
    "gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 100,
    "XML": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///x'>]>",
    "a form": b"name=x&status=%00",
}
# those that are no object in JSON: no route of ours may take them for one
UNREADABLE = {
    *("white space", "null", "true", "zero", "one", "minus", "float", "1e400", "NaN"),
    *("infinity", "4,300 digits", "10,000 digits", "string", "empty string", "list"),
    *("string of an object", "list of null", "list of numbers", "list of lists"),
    *("list of objects", "101 objects", "pairs", "1,000 lists", "100,000 lists"),
    *("100,000 levels", "never closed", "garbage", "cut off", "trailing", "two bodies"),
    *(
        "unpaired escape",
        "hexadecimal",
        "leading zeros",
        "single quotes",
        "comment",
        "raw NUL",
        "raw new line",
        "invalid UTF-8",
    ),
    *("invalid UTF-8 in a key", "overlong UTF-8", "surrogate in UTF-8", "UTF-16"),
    *("only a byte order mark", "UTF-32", "binary", "gzip", "XML", "a form"),
}
# what the header says of a body that would do
TYPES: dict[str, str] = {
    "charset UTF-16": f"{JSON}; charset=utf-16",
    "charset UTF-7": f"{JSON}; charset=utf-7",
    "charset of no such name": f"{JSON}; charset=\x7fno;;=,",
    "charset idna": f"{JSON}; charset=idna",
    "text": "text/plain",
    "no type": "",
    "half a type": "application/",
    "any type": "*/*",
    "a form of words": "application/x-www-form-urlencoded",
    "parts without a boundary": "multipart/form-data",
    "parts that are none": "multipart/form-data; boundary=x",
    "a boundary of NUL": "multipart/form-data; boundary=\x00",
}
# values as they stand in JSON, to be put into each field alone
VALUES: dict[str, str] = {
    "null": "null",
    "true": "true",
    "list": "[1, [2], null]",
    "no list": "[]",
    "object": '{"a": {"b": []}}',
    "no object": "{}",
    "list of objects": "[{}]",
    "empty": '""',
    "spaces": '"  \\t "',
    "number": "1",
    "negative": "-1",
    "float": "0.1",
    "19 digits": "9223372036854775808",
    "20 digits in words": '"99999999999999999999"',
    "4,300 digits": "9" * 4300,
    "1e400": "1e400",
    "NaN": "NaN",
    "NaN in words": '"NaN"',
    "infinity": "-Infinity",
    "NUL": r'"a\u0000b"',
    "only NUL": r'"\u0000"',
    "high surrogate": r'"\ud800"',
    "low surrogate": r'"x\udfff"',
    "control characters": json.dumps("".join(map(chr, range(1, 32)))),
    "right to left": '"\u202eabc\u2066"',
    "100 KB": '"' + "x" * 100_000 + '"',
    "1,000 levels": '{"a":' * 1000 + "1" + "}" * 1000,
    "percent signs": '"%s %(a)s %% {0} {a.__class__}"',
    "script": '"<script>alert(1)</script>"',
    "formula": '"=HYPERLINK(1)"',
    "year 1": '"0001-01-01T00:00:00+23:59"',
    "year 9999": '"9999-12-31T23:59:59-23:59"',
    "id of nothing": '"01900000-0000-7000-8000-000000000000"',
    "id in braces": '"{01900000-0000-7000-8000-000000000000}"',
}
WORST_RAW = (
    *("nothing", "null", "one", "string", "list", "list of numbers", "list of objects"),
    *("NUL in a key", "surrogate as a key", "100,000 levels", "invalid UTF-8"),
    *("byte order mark", "UTF-16", "prototype"),
)
WORST_VALUES = (
    *("null", "list", "object", "19 digits", "4,300 digits", "1e400", "NaN in words"),
    *("NUL", "high surrogate", "1,000 levels", "year 1", "year 9999"),
)
# texts that a column may hold, and that what shows them has to stand
TEXTS = (
    *("NUL", "high surrogate", "control characters", "right to left", "100 KB"),
    *("percent signs", "formula"),
)


def holes(body: Any) -> Iterator[tuple[str, Any]]:
    """(where, body) for each value in a body, it alone replaced by the hole."""
    if isinstance(body, dict):
        inside = body.items()
    elif isinstance(body, list):
        inside = enumerate(body)
    else:
        return
    for key, value in inside:
        for where, changed in [("", HOLE), *holes(value)]:
            copy = list(body) if isinstance(body, list) else dict(body)
            copy[key] = changed
            yield f"{key}.{where}".rstrip("."), copy


def filled(body: Any, value: str) -> bytes:
    """The body with this value, as it stands in JSON, in its hole."""
    told = json.dumps(body).replace(json.dumps(HOLE), value)
    return told.encode("utf-8", "surrogatepass")


def hollow(body: Any) -> Any:
    """The body with nothing but holes at its ends."""
    if isinstance(body, dict):
        return {key: hollow(value) for key, value in body.items()}
    return HOLE
