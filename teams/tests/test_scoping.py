"""The wall between workspaces is under every route; a route without it fails here."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, get_resolver
from rest_framework import mixins, relations, serializers, viewsets
from rest_framework.test import APIRequestFactory, force_authenticate

from teams.api.scoping import MemberField, WorkspaceRelatedField, WorkspaceScoped
from teams.models import User
from teams.roles import Action

BELOW = "api/workspaces/<slug:workspace>"


def routes(patterns=None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every route of the project with its whole path."""
    for item in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(item.pattern)
        if isinstance(item, URLPattern):
            yield path, item
        else:
            yield from routes(item.url_patterns, path)


SCOPED = {path: item.callback for path, item in routes() if path.startswith(BELOW)}


def subclasses(of: type) -> Iterator[type]:
    for child in of.__subclasses__():
        yield child
        yield from subclasses(child)


def test_the_walk_finds_routes():
    assert len(SCOPED) >= 9
    assert f"{BELOW}/conversations/<uuid:id>" in SCOPED


@pytest.mark.parametrize("path", SCOPED)
def test_every_route_below_a_workspace_stands_on_the_wall(path):
    view = SCOPED[path].cls
    assert view.__mro__[1] is WorkspaceScoped
    assert set(SCOPED[path].actions.values()) <= set(view.actions), "undeclared"
    assert set(view.actions.values()) <= set(Action)
    assert "permission_classes" not in vars(view)
    assert "initial" not in vars(view)


# pages of the back office that look for the place in the workspace by themselves:
# inbox/tests/test_console.py, analytics/tests/test_pages.py
ASK_THEMSELVES = ("admin/inbox/console/", "admin/reports/")


def test_no_route_elsewhere_takes_a_workspace():
    others = [path for path, _ in routes() if path not in SCOPED]
    found = [path for path in others if "workspace>" in path]
    assert not [path for path in found if not path.startswith(ASK_THEMSELVES)]


def test_no_writable_relation_leaves_the_workspace():
    ours = [
        serializer
        for serializer in subclasses(serializers.Serializer)
        if ".api." in serializer.__module__
    ]
    assert len(ours) > 10
    for serializer in ours:
        if issubclass(serializer, serializers.ModelSerializer):
            if not hasattr(serializer, "Meta"):
                continue  # a base of others
        for name, field in serializer().fields.items():
            field = getattr(field, "child_relation", field)
            if isinstance(field, relations.RelatedField) and not field.read_only:
                assert isinstance(field, WorkspaceRelatedField), (serializer, name)


def test_no_serializer_takes_all_fields():
    for serializer in subclasses(serializers.ModelSerializer):
        if meta := getattr(serializer, "Meta", None):
            assert meta.fields != "__all__"
            assert not hasattr(meta, "exclude")


class Places(WorkspaceScoped, mixins.ListModelMixin, viewsets.GenericViewSet):
    """A viewset that forgot to say what `list` asks of a role."""

    queryset = None


def ask(user, view, slug="acme", method="get"):
    request = getattr(APIRequestFactory(), method)("/")
    if user:
        force_authenticate(request, user)
    return view(request, workspace=slug)


@pytest.mark.django_db
def test_an_action_that_is_not_declared_is_refused(workspace, make_member):
    view = Places.as_view({"get": "list"})
    assert ask(make_member(workspace, "owner"), view).status_code == 403


@pytest.mark.django_db
def test_others_and_absent_workspaces_are_told_apart_by_nobody(
    workspace, make_workspace, make_member
):
    make_workspace("theirs")
    view = Places.as_view({"get": "list"})
    user = make_member(workspace)
    theirs, absent = ask(user, view, "theirs"), ask(user, view, "absent")
    assert theirs.status_code == absent.status_code == 404
    assert theirs.data["errors"] == absent.data["errors"]
    assert ask(None, view).status_code == 401
    assert ask(None, view, "absent").status_code == 401


@pytest.mark.django_db
def test_a_queryset_that_cannot_be_narrowed_stops_everything(workspace, make_member):
    class Users(Places):
        queryset = User.objects.all()
        actions = {"list": Action.READ}

    request = APIRequestFactory().get("/")
    request.user = make_member(workspace)
    with pytest.raises(AttributeError, match="for_workspace"):
        Users(kwargs={"workspace": "acme"}).initial(request)


@pytest.fixture
def member_field(workspace):
    class Form(serializers.Serializer):
        who = MemberField()

    def give(value):
        form = Form(data={"who": value}, context={"workspace": workspace})
        return form.validated_data["who"] if form.is_valid() else form.errors["who"]

    return give


@pytest.mark.django_db
def test_a_member_field_knows_members_only(
    workspace, make_workspace, make_member, member_field
):
    ours = make_member(workspace, "sdr")
    gone = make_member(workspace, "member")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    theirs = make_member(make_workspace("theirs"))
    assert member_field(str(ours.public_id)) == ours
    absent = member_field("0" * 32)
    assert absent[0].code == "does_not_exist"
    assert member_field(str(theirs.public_id)) == absent
    assert member_field(str(gone.public_id)) == absent


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["x", "\x00", "\ud800", 7, 10**30, True, [], {}, 1.5])
def test_a_member_field_refuses_what_is_no_id(value, member_field):
    assert member_field(value)[0].code == "invalid"
