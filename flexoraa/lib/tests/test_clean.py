"""Foreign JSON becomes values that PostgreSQL can hold, or says why it cannot be."""

import json

import pytest
from django.db import connection

from flexoraa.lib import clean


def test_ordinary_json_comes_through_as_it_is():
    value = {"a": [1, 2.5, None, True, "नमस्ते 🙂"], "b": {"c": "d"}}
    assert clean.loads(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (rb'"a\u0000b"', "ab"),
        (rb'{"k\u0000ey": 1}', {"key": 1}),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"lone \ud800 high"', "lone � high"),
        (rb'"lone \udc00 low"', "lone � low"),
        (rb'{"\ud800": "\udfff"}', {"�": "�"}),
        (b"123456789012345678", 123456789012345678),
        (b"[12345678901234567890123]", ["12345678901234567890123"]),
        (b'{"n": -9223372036854775809}', {"n": "-9223372036854775809"}),
        (b"[18446744073709551615]", ["18446744073709551615"]),
        (b"[" + b"9" * 5000 + b"]", ["9" * 5000]),
        (b"[NaN, Infinity, -Infinity]", [None, None, None]),
        (b"[1e400, -1e400, 1e3]", [None, None, 1000.0]),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"\xef\xbb\xbf{}", {}),
        (b'"1234567890123456789012"', "1234567890123456789012"),
    ],
)
def test_what_postgres_refuses_is_replaced(body, value):
    assert clean.loads(body) == value


def test_deep_nesting_is_cut():
    value = clean.loads(b"[" * 70 + b"1" + b"]" * 70)
    for _ in range(clean.MAX_DEPTH):
        (value,) = value
    assert value == clean.TOO_DEEP


def test_many_shallow_brackets_are_not_deep():
    assert clean.loads(b"[" + b"[1]," * 500 + b"[1]]") == [[1]] * 501


def test_long_strings_are_cut():
    body = json.dumps({"text": "x" * (clean.MAX_STRING + 5)}).encode()
    assert len(clean.loads(body)["text"]) == clean.MAX_STRING


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"garbage", "not JSON"),
        (b'{"a": ', "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'"\xff\xfe"', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        ('{"a": "é"}'.encode("utf-16"), "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_says_why(body, reason):
    with pytest.raises(clean.Unreadable, match=reason):
        clean.loads(body)


@pytest.mark.django_db
def test_cleaned_values_fit_into_jsonb():
    body = rb'{"a\u0000": ["\ud800", NaN, 99999999999999999999, "\u0000"]}'
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb", [json.dumps(clean.loads(body))])
        assert cursor.fetchone()[0] is not None


def test_clean_takes_values_that_were_never_json():
    assert clean.clean({1: float("nan"), "b": 2**70}) == {"1": None, "b": str(2**70)}


def test_long_identifiers_fit_and_stay_different():
    one, two = "a" * 600 + "1", "a" * 600 + "2"
    assert clean.fit("short", 512) == "short"
    assert len(clean.fit(one, 512)) == 512
    assert clean.fit(one, 512) != clean.fit(two, 512)
