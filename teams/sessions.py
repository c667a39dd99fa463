"""Sessions in the database, as Django keeps them, read by one compiled look-up."""

from functools import cache
from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone

from flexoraa.lib.lookups import Lookup


@cache
def _session() -> Lookup:
    rows = SessionStore.get_model_class().objects
    return Lookup(lambda key, now: rows.filter(session_key=key, expire_date__gt=now))


class SessionStore(db.SessionStore):
    """Differs from its base in speed alone."""

    def _get_session_from_db(self) -> Any:
        found = _session()(self.session_key, timezone.now())
        if found is None:
            self._session_key = None
        return found
