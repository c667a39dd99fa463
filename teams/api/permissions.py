"""Who may act in a workspace: the table in teams/roles.py, asked by every viewset."""

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from rest_framework.permissions import BasePermission

from teams.models import ApiKey
from teams.recently import ReauthenticationRequired, is_recent
from teams.roles import roles_for


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
        if wanted is not None and view.membership.may(wanted):
            return True
        mine, others = view.membership.role, roles_for(wanted) if wanted else []
        if others:
            self.message = (
                f"Your role here is {mine}; this takes {' or '.join(others)}."
            )
        return False


class IsPlatformStaff(BasePermission):
    """A superuser who signed in, with the second factor that the back office asks for.
    A key of a workspace is nobody's platform, whoever made it."""

    def has_permission(self, request: Any, view: Any) -> bool:
        user = request.user
        if not (user.is_authenticated and user.is_active and user.is_superuser):
            return False
        if request.auth is not None:
            return False
        return not settings.STAFF_SECOND_FACTOR or is_mfa_enabled(user)
