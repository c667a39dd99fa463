"""Values in buckets: every place has the value that a sorted list has there."""

from collections import defaultdict
from math import floor, log

from hypothesis import given
from hypothesis import strategies as st

from analytics.metrics import median, p90
from analytics.spreads import Spread, together

VALUES = st.lists(st.integers(-5, 10**7), max_size=60)


def spread(values: list[int]) -> tuple[Spread, list[int]]:
    """(the spread, which buckets were read)."""
    shelf, reads = defaultdict(list), []
    for value in sorted(values):
        shelf[0 if value < 1 else 1 + floor(log(value) * 16)].append(value)

    def read(bucket: int) -> list[int]:
        reads.append(bucket)
        return shelf[bucket]

    return Spread({b: len(held) for b, held in shelf.items()}, read), reads


@given(VALUES)
def test_it_reads_like_a_sorted_list(values):
    one, _ = spread(values)
    assert list(one) == sorted(values)
    assert len(one) == len(values)
    assert one[1:3] == sorted(values)[1:3]


@given(VALUES)
def test_percentiles_read_no_more_than_what_is_wanted(values):
    one, reads = spread(values)
    assert median(one) == median(sorted(values))
    assert p90(one) == p90(sorted(values))
    assert set(reads) <= one.wanted()


@given(st.lists(VALUES, max_size=4))
def test_several_together_are_one(several):
    whole = together(spread(values)[0] for values in several)
    assert list(whole) == sorted(value for values in several for value in values)
    assert together(several) == list(whole)
