"""Who may act in a workspace: the table in teams/roles.py, asked by every viewset."""

from typing import Any

from rest_framework.permissions import BasePermission

from teams.models import ApiKey
from teams.recently import ReauthenticationRequired, is_recent


class ShownAgain(BasePermission):
    """The viewset's `again` names actions for which people must have shown lately who
    they are (teams/recently.py); a key is asked for at each request anyway."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if view.action not in getattr(view, "again", ()) or isinstance(
            request.auth, ApiKey
        ):
            return True
        if not is_recent(request._request):
            raise ReauthenticationRequired
        return True


class RoleAllows(BasePermission):
    """The viewset's `actions` say what each of its actions asks of a role.

    An action that is not declared is refused to everybody. A method that the route
    does not have passes, to be answered with 405.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        if view.action is None or view.action == "metadata":
            return True
        wanted = view.actions.get(view.action)
        return wanted is not None and view.membership.may(wanted)
