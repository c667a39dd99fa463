"""Whether who asks has lately shown that it is them: a session that was left open, or
stolen, is not enough for exports, API keys and roles."""

import time
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from rest_framework import exceptions, status

REAUTHENTICATE = "/_allauth/browser/v1/auth/reauthenticate"


class ReauthenticationRequired(exceptions.APIException):
    """Signed in, and long ago: asked for the password or a code, then asked again."""

    status_code = status.HTTP_403_FORBIDDEN
    default_code = "reauthentication_required"
    default_detail = (
        "Show that it is you first: POST the password to the path in `reauthenticate` "
        '(or a code to ".../auth/2fa/reauthenticate"), then ask this again.'
    )
    extra = {"reauthenticate": REAUTHENTICATE}


def is_recent(request: Any) -> bool:
    """Whether the session's person signed in, or showed again who they are, within
    STEP_UP_MINUTES; always when that is 0. `request` is Django's."""
    if not settings.STEP_UP_MINUTES:
        return True
    shown = [
        record.get("at", 0)
        for record in get_authentication_records(request, request.user)
    ]
    return max(shown, default=0) > time.time() - 60 * settings.STEP_UP_MINUTES
