"""Who may act in a workspace: the table in teams/roles.py, asked by every viewset."""

from typing import Any

from rest_framework.permissions import BasePermission


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
