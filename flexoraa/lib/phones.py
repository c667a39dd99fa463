"""Phone numbers in the one form that can be compared: E.164, such as +919876543210."""

import re

import phonenumbers

SPACING = re.compile(r"[\s().\-/\u00a0\u200b\u2010-\u2015]+")
LONGEST = 40
# India's mobile numbers as they are kept: most of what comes, and nothing to work out
KEPT = re.compile(r"\+91[6-9][0-9]{9}")


class NotAPhone(ValueError):
    """It cannot be dialled; the text says so to whoever typed it."""


def e164(text: str, region: str) -> str:
    """The number with its country code; one without is of the region ("IN").

    Raises NotAPhone. What is possible in its country passes: the lists of numbers in
    use are older than some numbers.
    """
    bare = SPACING.sub("", text[: LONGEST + 1])
    if KEPT.fullmatch(bare):
        return bare
    if len(bare) > LONGEST or not re.fullmatch(r"(00|\+)?\d{4,}", bare):
        raise NotAPhone("This is not a phone number.")
    if bare.startswith("00"):
        bare = "+" + bare[2:]
    try:
        number = phonenumbers.parse(bare, region)
    except phonenumbers.NumberParseException as error:
        raise NotAPhone("This is not a phone number.") from error
    if not phonenumbers.is_possible_number(number):
        raise NotAPhone("This is too short or too long for a phone number.")
    found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not re.fullmatch(r"\+[1-9]\d{6,14}", found):
        raise NotAPhone("This is not a phone number.")
    return found
