"""No row can point into another workspace: the database refuses it."""

import pytest
from django.core.checks import run_checks
from django.db import connection, models
from django.test.utils import isolate_apps

from flexoraa.lib import sets
from teams.checks import faults, relations_stay_in_their_workspace
from teams.tenant_keys import AddTenantKeyNotValid, TenantKey, key_of, relations

RELATIONS = {
    f"{model._meta.label}.{field.name}": (model, field) for model, field in relations()
}


def guard(model, field) -> str:
    """The definition of the relation's composite key as the database has it."""
    rows = sets.fetch(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' "
        "AND convalidated AND conname = %s AND conrelid = %s::regclass",
        [key_of(model, field.name).name, model._meta.db_table],
    )
    return rows[0][0] if rows else ""


def test_the_walk_finds_relations():
    assert {"inbox.Message.conversation", "leads.Lead.stage"} <= RELATIONS.keys()
    assert len(RELATIONS) > 50


@pytest.mark.django_db
@pytest.mark.parametrize("name", RELATIONS)
def test_every_relation_has_its_key_in_the_database(name):
    model, field = RELATIONS[name]
    definition = guard(model, field)
    assert "(workspace_id" in definition, definition
    assert field.column in definition
    key = key_of(model, field.name)
    parent = model._meta.get_field(key.field).related_model._meta.db_table
    assert f"REFERENCES {parent}(workspace_id" in definition
    assert "DEFERRABLE INITIALLY DEFERRED" in definition


def test_every_relation_is_declared():
    assert relations_stay_in_their_workspace() == []
    assert not [
        error for error in run_checks() if error.id in ("teams.E010", "teams.E011")
    ]


@isolate_apps("teams")
def test_a_relation_without_its_key_is_named():
    class Parent(models.Model):  # noqa: DJ008
        workspace = models.ForeignKey("teams.Workspace", models.CASCADE)

        class Meta:
            app_label = "teams"

    class Child(models.Model):  # noqa: DJ008
        workspace = models.ForeignKey("teams.Workspace", models.CASCADE)
        parent = models.ForeignKey(Parent, models.CASCADE)

        class Meta:
            app_label = "teams"

    missing = list(faults(Child, Child._meta.get_field("parent")))
    assert [fault.id for fault in missing] == ["teams.E010", "teams.E011"]
    assert 'TenantKey("parent", name="teams_child_parent_whose")' in missing[0].hint
    assert 'name="teams_parent_whose"' in missing[1].hint


class Pretend:
    """The states between which an operation moves."""

    def __init__(self, model):
        self.apps = self
        self.model = model

    def get_model(self, *names):
        return self.model


@pytest.mark.django_db
def test_a_key_can_come_to_a_large_table_without_stopping_it():
    model = RELATIONS["inbox.Attachment.message"][0]
    key = TenantKey("message", name="inbox_attachment_message_again")
    operation = AddTenantKeyNotValid("attachment", key)
    state = Pretend(model)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("inbox", editor, state, state)
        assert str(editor.deferred_sql[-1]).endswith("NOT VALID")
    sql = "SELECT convalidated FROM pg_constraint WHERE conname = %s"
    assert sets.fetch(sql, [key.name]) == [(False,)]
    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("inbox", editor, state, state)
    assert sets.fetch(sql, [key.name]) == []


def test_migrations_write_a_key_down_as_it_was_declared():
    key = TenantKey("conversation", name="a_key", shared=["workspace", "account"])
    path, args, kwargs = key.deconstruct()
    assert path == "teams.tenant_keys.TenantKey"
    assert args == ("conversation",)
    assert kwargs == {"name": "a_key", "shared": ("workspace", "account")}
    assert key.clone() == key
    assert hash(key.clone()) == hash(key)
    assert key != TenantKey("conversation", name="a_key")
    assert key != "a_key"
    assert repr(key) == "<TenantKey: a_key of conversation>"
