"""Counting the webhooks that were turned away, without a write for each of them."""

import logging
import threading
from collections import Counter

from django.db import Error, connection

from flexoraa.lib import sets

log = logging.getLogger(__name__)
FLUSH_SECONDS = 1.0


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
            timer = threading.Timer(FLUSH_SECONDS, self._flush_and_close)
            timer.daemon = True
            timer.start()

    def flush(self) -> None:
        """Add what was counted to this hour's rows."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
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

    def _flush_and_close(self) -> None:
        """On the timer's own thread and connection."""
        try:
            self.flush()
        except Error as error:
            log.warning("Refused webhooks were not counted: %r", error)
        finally:
            connection.close()
