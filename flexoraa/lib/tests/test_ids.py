"""Public ids: version 7, sorted by time, never twice."""

import time

from flexoraa.lib.ids import uuid7


def test_it_is_a_uuid_of_version_7():
    made = uuid7()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert abs((made.int >> 80) / 1000 - time.time()) < 5


def test_later_ids_sort_after_earlier_ones():
    first = uuid7()
    time.sleep(0.002)
    assert first < uuid7()


def test_ids_do_not_repeat():
    assert len({uuid7() for _ in range(10_000)}) == 10_000
