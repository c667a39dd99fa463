"""India's goods and services tax: numbers of taxpayers, states, how a price splits.

Rates and codes are configuration; have an accountant confirm yours. Sources: CGST Act
rule 46 (what an invoice states), IGST Act sections 7, 8, 12 and 16 (place of supply).
"""

import re
from datetime import date
from typing import NamedTuple

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
GSTIN = re.compile(r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]")
STATES = [
    ("01", "Jammu and Kashmir"),
    ("02", "Himachal Pradesh"),
    ("03", "Punjab"),
    ("04", "Chandigarh"),
    ("05", "Uttarakhand"),
    ("06", "Haryana"),
    ("07", "Delhi"),
    ("08", "Rajasthan"),
    ("09", "Uttar Pradesh"),
    ("10", "Bihar"),
    ("11", "Sikkim"),
    ("12", "Arunachal Pradesh"),
    ("13", "Nagaland"),
    ("14", "Manipur"),
    ("15", "Mizoram"),
    ("16", "Tripura"),
    ("17", "Meghalaya"),
    ("18", "Assam"),
    ("19", "West Bengal"),
    ("20", "Jharkhand"),
    ("21", "Odisha"),
    ("22", "Chhattisgarh"),
    ("23", "Madhya Pradesh"),
    ("24", "Gujarat"),
    ("26", "Dadra and Nagar Haveli and Daman and Diu"),
    ("27", "Maharashtra"),
    ("29", "Karnataka"),
    ("30", "Goa"),
    ("31", "Lakshadweep"),
    ("32", "Kerala"),
    ("33", "Tamil Nadu"),
    ("34", "Puducherry"),
    ("35", "Andaman and Nicobar Islands"),
    ("36", "Telangana"),
    ("37", "Andhra Pradesh"),
    ("38", "Ladakh"),
    ("97", "Other territory"),
]
STATE_NAMES = dict(STATES)


class Split(NamedTuple):
    """A price in paise, taken apart; the parts add up to the price exactly."""

    taxable: int
    cgst: int
    sgst: int
    igst: int

    @property
    def tax(self) -> int:
        return self.cgst + self.sgst + self.igst

    @property
    def total(self) -> int:
        return self.taxable + self.tax


def is_gstin(value: str) -> bool:
    """Whether shape and check character are right."""
    return bool(GSTIN.fullmatch(value)) and value[14] == check_character(value[:14])


def check_character(first: str) -> str:
    """The 15th of a GSTIN: base 36, weights 1 and 2 in turn, digits of products
    summed."""
    total = 0
    for place, character in enumerate(first):
        product = ALPHABET.index(character) * (1 + place % 2)
        total += product // 36 + product % 36
    return ALPHABET[-total % 36]


def split(total: int, *, rate: int, within_state: bool) -> Split:
    """A price with tax in it, in paise, by a rate in whole percent.

    Each tax is rounded half up; within a state CGST and SGST are half the rate each
    and equal. What remains is the taxable value.
    """
    if rate == 0:
        return Split(total, 0, 0, 0)
    if within_state:
        half = _rounded(total * rate, 2 * (100 + rate))
        return Split(total - 2 * half, half, half, 0)
    igst = _rounded(total * rate, 100 + rate)
    return Split(total - igst, 0, 0, igst)


def financial_year(day: date) -> str:
    """April to March: "26-27" for 1 April 2026 to 31 March 2027."""
    begins = day.year if day.month >= 4 else day.year - 1
    return f"{begins % 100:02}-{(begins + 1) % 100:02}"


def _rounded(numerator: int, denominator: int) -> int:
    """Half up, in integers."""
    return (2 * numerator + denominator) // (2 * denominator)
