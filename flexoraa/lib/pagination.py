"""Pages of the back office's long lists, without counting them."""

from typing import Any

from django.core.paginator import Paginator
from django.db import connection


class EstimatedPaginator(Paginator):
    """Counts small results; takes PostgreSQL's estimate for a large whole table.

    A COUNT over millions of rows costs seconds at each page of the admin. Filtered
    lists are counted up to LIMIT rows and shown as "that many or more".
    """

    LIMIT = 10_000

    @property
    def count(self) -> int:
        if not hasattr(self, "_count"):
            self._count = self._counted()
        return self._count

    def _counted(self) -> int:
        queryset: Any = self.object_list
        if not queryset.query.where:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
                    [queryset.model._meta.db_table],
                )
                estimate = int(cursor.fetchone()[0])
            if estimate > self.LIMIT:
                return estimate
        return queryset.order_by()[: self.LIMIT].count()
