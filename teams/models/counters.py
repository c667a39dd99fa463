"""How often something was tried: counters that all processes share."""

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now

from flexoraa.lib import sets


class CounterQuerySet(models.QuerySet):
    """Counting that no two requests can do at the same time."""

    def hit(self, key: str, within: timedelta, amount: int = 1) -> int:
        """Count on; how many it is in the window, which begins with the first hit."""
        return sets.fetch(
            "INSERT INTO teams_counter AS c (key, count, ends_at) "
            "VALUES (%s, %s, statement_timestamp() + %s) "
            "ON CONFLICT (key) DO UPDATE SET "
            "count = excluded.count + CASE WHEN c.ends_at > statement_timestamp() "
            "THEN c.count ELSE 0 END, "
            "ends_at = CASE WHEN c.ends_at > statement_timestamp() "
            "THEN c.ends_at ELSE excluded.ends_at END "
            "RETURNING count",
            [key, amount, within],
        )[0][0]

    def take_back(self, key: str) -> None:
        """It did not count after all."""
        self.filter(key=key, count__gt=0).update(count=models.F("count") - 1)

    def forget_ended(self) -> None:
        """Away with windows that are over."""
        self.filter(ends_at__lt=Now()).delete()


class Counter(models.Model):
    """How many of something there were in a window of time that began with the first.
    Keys are hashes or ids of ours, never somebody's address in the clear."""

    key = models.CharField(max_length=100, primary_key=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    objects = CounterQuerySet.as_manager()

    def __str__(self) -> str:
        return self.key
