"""T21: nothing but what the schema declares can be written, in any route."""

import pytest
from django.db import transaction

from flexoraa.tests.asking import request_schema, sample
from flexoraa.tests.test_matrix_api import SCOPED, named, table_of, url_of
from flexoraa.tests.worlds import Worlds, _nothing_leaves, worlds

__all__ = ["_nothing_leaves", "worlds"]
pytestmark = pytest.mark.django_db
CHANGES = [
    route
    for route in SCOPED
    if "patch" in route.view.actions and "<uuid:id>" in route.path
]


def hostile(model, declared: set[str]) -> dict:
    """A value for every column of the row that the schema does not declare."""
    names = {field.name for field in model._meta.concrete_fields}
    names |= {field.attname for field in model._meta.concrete_fields}
    return dict.fromkeys(sorted(names - declared), 1)


@pytest.mark.parametrize("route", CHANGES, ids=named)
def test_only_what_is_declared_changes(route, worlds: Worlds):
    model = route.view.cls.queryset.model
    row = worlds.ours.made[model]
    part = request_schema(route, "patch")
    body = hostile(model, set(part.get("properties", {})))
    assert {"id", "workspace", "public_id"} <= body.keys()
    stamps = {
        field.attname
        for field in model._meta.concrete_fields
        if getattr(field, "auto_now", False)
    }
    url = url_of(route, worlds.ours.workspace.slug, worlds.ids(table_of(route))[0])
    before = model._base_manager.filter(pk=row.pk).values().get()
    with transaction.atomic():
        worlds.browsers["owner"].patch(url, body, content_type="application/json")
        after = model._base_manager.filter(pk=row.pk).values().get()
        transaction.set_rollback(True)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= stamps, changed


CREATES = [route for route in SCOPED if "post" in route.view.actions]


@pytest.mark.parametrize("route", CREATES, ids=named)
def test_what_is_made_is_ours_whatever_is_sent(route, worlds: Worlds):
    ours, theirs, _ = worlds.ids(table_of(route))
    body = sample(request_schema(route, "post"), ours)
    if not isinstance(body, dict):
        return
    stranger = worlds.theirs.workspace
    body |= {
        "workspace": stranger.pk,
        "workspace_id": stranger.pk,
        "public_id": theirs.called("conversation"),
        "pk": 1,
    }
    url = url_of(route, worlds.ours.workspace.slug, ours)
    with transaction.atomic():
        worlds.browsers["owner"].post(url, body, content_type="application/json")
        touched = worlds.touched()
        transaction.set_rollback(True)
    assert touched == set()
