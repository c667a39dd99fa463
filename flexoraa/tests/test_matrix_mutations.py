"""The control of the matrix: each scope, removed by hand, turns it red.

A test that stays green without the wall it is about proves nothing. Here the wall is
taken away in one place at a time, and the slice of the matrix that stands on it has to
fail.
"""

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest

from flexoraa.tests import test_matrix_admin as back_office
from flexoraa.tests import test_matrix_api as api
from flexoraa.tests.routes import ROUTES
from flexoraa.tests.worlds import Worlds, _nothing_leaves, worlds
from teams.api import permissions, scoping
from teams.back_office import reach, scoped
from teams.back_office.filters import InReach
from teams.models import Membership, User, Workspace

__all__ = ["_nothing_leaves", "worlds"]
pytestmark = pytest.mark.django_db
BELOW = "api/workspaces/<slug:workspace>"


def route(path: str) -> Any:
    return next(found for found in ROUTES if found.path == f"{BELOW}/{path}")


def replaced(target: Any, name: str, value: Any) -> Callable:
    """A wall taken away: `value` instead of what the code has there."""

    @contextmanager
    def without():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(target, name, value)
            yield

    return without


def any_membership(self, user):
    """Let everybody in as owner of whichever workspace is named."""
    workspace = Workspace.objects.filter(slug=self.kwargs["workspace"]).first()
    return Membership(user=user, workspace=workspace, role="owner")


def keep_all(self, workspace):
    return self.all()


def unscoped_initial(self, request, *args, **kwargs):
    """`initial` as it would be if it forgot to narrow the queryset."""
    queryset = self.queryset
    narrowed(self, request, *args, **kwargs)
    self.queryset = queryset


narrowed = scoping.WorkspaceScoped.initial


def all_rows(self):
    """A related field whose choices are everybody's."""
    return super(scoping.WorkspaceRelatedField, self).get_queryset()


def everybody(self):
    return User.objects.all()


def no_lookup_is_refused(self, lookup, value, request=None):
    return True


def all_of_the_table(rows, places):
    return rows


# what is taken away, and the slice that must notice
SCOPES = {
    "membership of the path's workspace": (
        replaced(scoping.WorkspaceScoped, "_find_membership", any_membership),
        lambda w: api.test_foreign_is_like_absent(route("conversations"), w),
    ),
    "narrowing of a viewset's queryset, by id": (
        replaced(scoping.WorkspaceScoped, "initial", unscoped_initial),
        lambda w: api.test_foreign_is_like_absent(route("conversations/<uuid:id>"), w),
    ),
    "narrowing of a viewset's queryset, in a list": (
        replaced(scoping.WorkspaceScoped, "initial", unscoped_initial),
        lambda w: api.test_no_filter_finds_theirs(route("contacts"), w),
    ),
    "narrowing of a viewset's queryset, for who writes": (
        replaced(scoping.WorkspaceScoped, "initial", unscoped_initial),
        lambda w: api.test_foreign_is_like_absent(route("labels/<uuid:id>"), w),
    ),
    "the table of roles": (
        replaced(permissions.RoleAllows, "has_permission", lambda *args: True),
        lambda w: api.test_the_table_decides(route("channels"), w),
    ),
    "being signed in": (
        replaced(scoping.WorkspaceScoped, "permission_classes", ()),
        lambda w: api.test_the_table_decides(route("leads"), w),
    ),
    "choices of people in a body": (
        replaced(scoping.MemberField, "get_queryset", everybody),
        lambda w: api.test_a_body_points_to_nobody_elses_rows(
            route("conversations/<uuid:id>"), w
        ),
    ),
    "choices of rows in a body": (
        replaced(scoping.WorkspaceRelatedField, "get_queryset", all_rows),
        lambda w: api.test_a_body_points_to_nobody_elses_rows(route("leads"), w),
    ),
    "a list in the back office": (
        replaced(scoped.Scoped, "get_queryset", lambda self, request: unscoped(self)),
        lambda w: back_office.test_lists_and_searches_have_only_ours("owner", w),
    ),
    "a page in the back office": (
        replaced(scoped.Scoped, "get_queryset", lambda self, request: unscoped(self)),
        lambda w: back_office.test_theirs_is_like_absent("owner", w),
    ),
    "an action in the back office": (
        replaced(scoped.Scoped, "get_queryset", lambda self, request: unscoped(self)),
        lambda w: back_office.test_actions_touch_nothing_of_theirs("owner", w),
    ),
    "choices that are typed in the back office": (
        replaced(scoped, "within", all_of_the_table),
        lambda w: back_office.test_choices_have_only_ours("owner", w),
    ),
    "choices in forms of the back office": (
        replaced(
            scoped.Scoped,
            "get_field_queryset",
            lambda self, db, field, request: field.related_model._default_manager.all(),
        ),
        lambda w: back_office.test_forms_offer_only_ours("owner", w),
    ),
    "look-ups in addresses of the back office": (
        replaced(scoped.ScopedAdmin, "lookup_allowed", no_lookup_is_refused),
        lambda w: back_office.test_no_lookup_guesses("owner", w),
    ),
    "the filters' own choices": (
        replaced(InReach, "seen", lambda self: self.field.related_model.objects.all()),
        lambda w: back_office.test_filters_name_only_ours("owner", w),
    ),
    "roles in the back office": (
        replaced(reach.Reach, "covers", lambda self, row, action: True),
        lambda w: back_office.test_the_table_decides("member", w),
    ),
    "the back office's door": (
        replaced(reach, "_reach", lambda user: reach.Reach(True, {})),
        lambda w: back_office.test_strangers_stay_outside(w),
    ),
}


def unscoped(model_admin):
    return model_admin.model._default_manager.all()


@pytest.mark.parametrize("scope", SCOPES)
def test_without_it_the_matrix_is_red(scope, worlds: Worlds):
    without, slice_of_it = SCOPES[scope]
    slice_of_it(worlds)
    with without(), pytest.raises(BaseException) as red:  # noqa: PT011
        slice_of_it(worlds)
    assert isinstance(red.value, AssertionError | ValueError | pytest.fail.Exception)


def test_ten_places_at_the_least():
    assert len(SCOPES) >= 10
