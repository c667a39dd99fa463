"""Percentiles of many days: values in order, of which only a few are ever read.

A percentile of percentiles is none, so the single values are kept, with their days and
in buckets that ascend with them. How many are in each bucket says which one holds the
value that is asked for, and that one is read: exact, whatever the number of values.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from math import floor
from typing import NamedTuple, overload

from flexoraa.lib import sets

# SQL: the bucket of a value, each a sixteenth of a power of e wide
BUCKET = "CASE WHEN value < 1 THEN 0 ELSE 1 + floor(ln(value::float8) * 16)::int END"
SHARES = (Fraction(1, 2), Fraction(9, 10))  # those that reports ask for
MERGED = ("channel",)  # dimensions of which reports ask for several members at once


class Key(NamedTuple):
    """What a count is of."""

    measure: str
    dimension: str
    member: str


class Spread(Sequence[int]):
    """Values in order; what nobody asks for is counted and not read."""

    def __init__(
        self, buckets: Mapping[int, int], read: Callable[[int], list[int]]
    ) -> None:
        self.buckets = sorted(buckets.items())
        self.read = read

    def __len__(self) -> int:
        return sum(n for _, n in self.buckets)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> list[int]: ...
    def __getitem__(self, place: int | slice) -> int | list[int]:
        if isinstance(place, slice):
            return list(self)[place]
        bucket, rest = self.find(place)
        return self.read(bucket)[rest]

    def find(self, place: int) -> tuple[int, int]:
        """The bucket in which the value of this place is, and its place there."""
        rest = place
        for bucket, n in self.buckets:
            if 0 <= rest < n:
                return bucket, rest
            rest -= n
        raise IndexError(place)

    def wanted(self) -> set[int]:
        """The buckets of the usual percentiles."""
        last = len(self) - 1
        if last < 0:
            return set()
        places = {p for share in SHARES for p in _around(share * last, last)}
        return {self.find(place)[0] for place in places}


def together(parts: Iterable[Sequence[int]]) -> Sequence[int]:
    """The values of several, in order."""
    several = [part for part in parts if part]
    spreads = [part for part in several if isinstance(part, Spread)]
    if len(spreads) < len(several) or not several:
        return sorted(chain.from_iterable(several))
    buckets: dict[int, int] = defaultdict(int)
    for spread in spreads:
        for bucket, n in spread.buckets:
            buckets[bucket] += n

    def read(bucket: int) -> list[int]:
        mine = [one for one in spreads if bucket in dict(one.buckets)]
        return sorted(value for one in mine for value in one.read(bucket))

    return Spread(buckets, read)


class Shelf:
    """The values of a family on the days of a period, fetched by bucket and kept."""

    def __init__(self, params: Mapping[str, object]) -> None:
        self.params = params
        self.kept: dict[tuple[Key, int], list[int]] = {}

    def spread(self, key: Key, buckets: Mapping[int, int]) -> Spread:
        """The values of one count."""

        def read(bucket: int) -> list[int]:
            if (key, bucket) not in self.kept:
                self.fetch([(key, bucket)])
            return self.kept[key, bucket]

        return Spread(buckets, read)

    def fetch(self, wanted: Collection[tuple[Key, int]]) -> None:
        """Read these buckets in one query."""
        found: dict[tuple[Key, int], list[int]] = {place: [] for place in wanted}
        asked = [key._asdict() | {"bucket": bucket} for key, bucket in wanted]
        if asked:
            rows = sets.fetch(READ, {**self.params, "wanted": sets.dumps(asked)})
            for *key, bucket, values in rows:
                found[Key(*key), bucket] += values
        self.kept |= {place: sorted(values) for place, values in found.items()}


def spread_out(
    params: Mapping[str, object], rows: Iterable[tuple]
) -> dict[Key, Spread]:
    """The spread of each key of (measure, dimension, member, bucket, n), with what the
    usual percentiles need read already."""
    buckets: dict[Key, dict[int, int]] = defaultdict(dict)
    for *name, bucket, n in rows:
        buckets[Key(*name)][bucket] = n
    shelf = Shelf(params)
    spreads = {key: shelf.spread(key, held) for key, held in buckets.items()}
    wanted = {
        (key, bucket) for key, spread in spreads.items() for bucket in spread.wanted()
    }
    groups: dict[Key, list[Key]] = defaultdict(list)
    for key in spreads:
        if key.dimension in MERGED:
            groups[key._replace(member="")].append(key)
    for group in groups.values():
        whole = together(spreads[key] for key in group)
        if isinstance(whole, Spread):
            sought = whole.wanted()
            wanted |= {(k, b) for k in group for b in sought if b in buckets[k]}
    shelf.fetch(wanted)
    return spreads


# one look into the index for each bucket and day, never a walk over all of them
READ = """
    SELECT w.measure, w.dimension, w.member, w.bucket, s.values
    FROM json_to_recordset(%(wanted)s::json)
        AS w(measure text, dimension text, member text, bucket int)
    CROSS JOIN generate_series(%(start)s::date, %(end)s::date - 1, '1 day') d(day)
    CROSS JOIN LATERAL (
        SELECT values FROM analytics_dayspread
        WHERE workspace_id = %(workspace)s AND family = %(family)s
            AND dimension = w.dimension AND day = d.day::date
            AND measure = w.measure AND member = w.member AND bucket = w.bucket
        OFFSET 0
    ) s
"""


def _around(place: Fraction, last: int) -> set[int]:
    below = floor(place)
    return {below, min(below + 1, last)}
