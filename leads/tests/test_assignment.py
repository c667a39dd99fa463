"""The arithmetic of giving leads out."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from leads.assignment import evened_out, in_turns


def test_turns_begin_after_the_last():
    assert in_turns([1, 2, 3], 4, last=2) == [3, 1, 2, 3]
    assert in_turns([1, 2], 3, last=None) == [1, 2, 1]
    assert in_turns([1, 2], 2, last=9) == [1, 2]


@given(
    st.dictionaries(st.integers(1, 20), st.integers(0, 50), min_size=1, max_size=8),
    st.integers(0, 200),
)
def test_nobody_gets_a_lead_while_another_has_fewer(loads, count):
    given_out = evened_out([(load, owner) for owner, load in loads.items()], count)
    assert len(given_out) == count
    now = dict(loads)
    for owner in given_out:
        assert now[owner] == min(now.values())
        now[owner] += 1
    assert sum(Counter(given_out).values()) == count
