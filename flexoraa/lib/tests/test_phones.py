"""Phone numbers, however they are typed."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexoraa.lib.phones import NotAPhone, e164


@pytest.mark.parametrize(
    ("text", "region", "found"),
    [
        ("98765 43210", "IN", "+919876543210"),
        ("098765-43210", "IN", "+919876543210"),
        ("+91 98765 43210", "DE", "+919876543210"),
        ("0091 98765 43210", "IN", "+919876543210"),
        ("(030) 901820", "DE", "+4930901820"),
        ("+1 (212) 555-0100", "IN", "+12125550100"),
        ("९८७६५४३२१०", "IN", "+919876543210"),
    ],
)
def test_each_spelling_has_one_form(text, region, found):
    assert e164(text, region) == found


@pytest.mark.parametrize(
    "text", ["", "x", "12", "+", "98765x43210", "=1+1", "9" * 41, "+999", "\x00" * 9]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(NotAPhone):
        e164(text, "IN")


@given(st.text(max_size=60))
def test_nothing_else_is_raised_and_the_form_is_its_own(text):
    try:
        found = e164(text, "IN")
    except NotAPhone:
        return
    assert e164(found, "DE") == found


@given(st.from_regex(r"\+91[6-9][0-9]{9}", fullmatch=True))
def test_the_short_way_finds_what_the_long_one_does(text):
    number = phonenumbers.parse(text, "IN")
    assert phonenumbers.is_possible_number(number)
    kept = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert e164(text, "DE") == text == kept
