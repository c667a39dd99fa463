"""Counting the webhooks that were turned away, without a write for each of them."""

import logging
import threading
from collections import Counter

from django.db import Error, connection

from flexoraa.lib import sets

log = logging.getLogger(__name__)
FLUSH_SECONDS = 1.0
RETRY_SECONDS = 15.0  # while the database is away


class Refusals:
    """Counts in memory, written once a second: a flood of forgeries costs one row."""

    def __init__(self, table: str) -> None:
        """`table` has the columns route, reason, hour, count and last_at."""
        self._table = table
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, route: str, reason: str) -> None:
        """One more; the first of a second starts the clock that writes them all."""
        with self._lock:
            is_first = not self._counts
            self._counts[route, reason] += 1
        if is_first:
            self._flush_in(FLUSH_SECONDS)

    def flush(self) -> None:
        """Add what was counted to this hour's rows, or keep it when that fails."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        try:
            self._write(counts)
        except Error:
            with self._lock:
                self._counts.update(counts)
            raise

    def _write(self, counts: Counter[tuple[str, str]]) -> None:
        rows = [
            {"route": route, "reason": reason, "count": count}
            for (route, reason), count in counts.items()
        ]
        if rows:
            sets.execute(
                f'INSERT INTO "{self._table}" AS w (route, reason, hour, count) '
                "SELECT route, reason, date_trunc('hour', now()), count "
                "FROM json_to_recordset(%s::json) AS r(route text, reason text, "
                "count bigint) ON CONFLICT (route, reason, hour) "
                "DO UPDATE SET count = w.count + excluded.count, last_at = now()",
                [sets.dumps(rows)],
            )

    def _flush_in(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self._flush_and_close)
        timer.daemon = True
        timer.start()

    def _flush_and_close(self) -> None:
        """On the timer's own thread and connection."""
        try:
            self.flush()
        except Error as error:
            log.warning("Refused webhooks are counted later: %r", error)
            self._flush_in(RETRY_SECONDS)
        finally:
            connection.close()
