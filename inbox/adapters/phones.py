"""Phone numbers in the one form by which a person is found again."""


def normal_form(digits: str) -> str:
    """E.164 digits of a number, the same for its older and newer spellings.

    WhatsApp keeps Brazilian mobiles without the ninth digit that people dial, and the
    mobile prefixes 1 of Mexico and 9 of Argentina come and go.
    """
    if len(digits) == 13:
        if digits.startswith("521"):
            return "52" + digits[3:]
        if digits.startswith("549"):
            return "54" + digits[3:]
    elif len(digits) == 12 and digits.startswith("55") and digits[4] in "6789":
        return f"{digits[:4]}9{digits[4:]}"
    return digits
