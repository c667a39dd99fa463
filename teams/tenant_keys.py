"""Composite foreign keys: a row cannot point into another workspace.

Django has no foreign keys of several columns, so each relation between rows of
workspaces has, beside its ForeignKey, a line in the model's constraints:

    TenantKey("contact", name="inbox_conversation_contact_whose")

and the model it points to has the key that this refers to:

    models.UniqueConstraint(fields=["workspace", "id"], name="inbox_contact_whose")

`makemigrations` takes it from there; a start-up check (teams.E010, E011) names what is
missing. The plain key may then go: `db_constraint=False` on the ForeignKey saves a
look-up a row.

People are no rows of a workspace, and a relation to one (assignee, owner, author) has
no such key to the membership: a membership ends, and what somebody had won or written
stays theirs. Who may be given work is asked where it is given (MemberField in the API,
OneWorkspace in the back office), and removing a member hands on what is open.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.ddl_references import Statement, Table
from django.db.migrations.operations import AddConstraint

WORKSPACE = "workspace"
CREATE = (
    "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (%(columns)s) "
    "REFERENCES %(parent)s (%(parent_columns)s) DEFERRABLE INITIALLY DEFERRED%(valid)s"
)
DROP = "ALTER TABLE %(table)s DROP CONSTRAINT IF EXISTS %(name)s"


class TenantKey(models.BaseConstraint):
    """`field` and the row it points to have the same workspace, and the same of
    whatever else `shared` names."""

    default_violation_error_message = "This belongs to another workspace."
    violation_error_code = "other_workspace"

    def __init__(
        self, field: str, *, name: str, shared: Sequence[str] = (WORKSPACE,)
    ) -> None:
        super().__init__(name=name)
        self.field = field
        self.shared = tuple(shared)

    def parent_fields(self) -> tuple[str, ...]:
        """What the other model's unique key has to be of."""
        return (*self.shared, "id")

    def constraint_sql(self, model: Any, schema_editor: Any) -> None:
        """Not with the table: what it refers to may be made later in the migration."""
        self.create_sql(model, schema_editor)

    def create_sql(self, model: Any, schema_editor: Any, valid: bool = True) -> str:
        """Kept until the end of the migration, as Django does with its own keys;
        nothing is left to do now, nor for who keeps what this returns."""
        schema_editor.deferred_sql.append(self.statement(model, schema_editor, valid))
        return ""

    def remove_sql(self, model: Any, schema_editor: Any) -> Statement:
        return self._statement(DROP, model, schema_editor)

    def statement(self, model: Any, schema_editor: Any, valid: bool) -> Statement:
        """The SQL that adds the key."""
        parent = model._meta.get_field(self.field).related_model
        quote = schema_editor.quote_name
        return self._statement(
            CREATE,
            model,
            schema_editor,
            columns=columns(model, (*self.shared, self.field), quote),
            parent=Table(parent._meta.db_table, quote),
            parent_columns=columns(parent, self.parent_fields(), quote),
            valid="" if valid else " NOT VALID",
        )

    def _statement(
        self, template: str, model: Any, schema_editor: Any, **parts: Any
    ) -> Statement:
        quote = schema_editor.quote_name
        table = Table(model._meta.db_table, quote)
        return Statement(template, table=table, name=quote(self.name), **parts)

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: Any = None,
        using: str | None = None,
    ) -> None:
        """For forms: the database would say it less kindly."""
        key = model._meta.get_field(self.field).attname
        if getattr(instance, key) is None or self.field in (exclude or ()):
            return
        row = getattr(instance, self.field)
        for name in self.shared:
            attribute = model._meta.get_field(name).attname
            if getattr(row, attribute) != getattr(instance, attribute):
                message = self.get_violation_error_message()
                raise ValidationError(
                    {self.field: message}, code=self.violation_error_code
                )

    def deconstruct(self) -> tuple[str, tuple, dict[str, Any]]:
        path, _, kwargs = super().deconstruct()
        if self.shared != (WORKSPACE,):
            kwargs["shared"] = self.shared
        kwargs.pop("violation_error_code", None)
        return path, (self.field,), kwargs

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TenantKey):
            return NotImplemented
        return self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<TenantKey: {self.name} of {self.field}>"


class AddTenantKeyNotValid(AddConstraint):
    """For a table that is large already: new rows obey at once, and reading goes on.

    Follow it, in a migration of its own, with django.contrib.postgres.operations'
    ValidateConstraint, which reads the table under a lock that lets others write.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            self.constraint.create_sql(model, schema_editor, valid=False)


def columns(model: Any, names: Sequence[str], quote: Any) -> str:
    """The quoted columns of these fields."""
    return ", ".join(quote(model._meta.get_field(name).column) for name in names)


def has_workspace(model: type[models.Model]) -> bool:
    """Whether its rows belong to a workspace."""
    return any(
        field.name == WORKSPACE and field.is_relation
        for field in model._meta.concrete_fields
    )


def relations() -> Iterator[tuple[type[models.Model], models.ForeignKey]]:
    """Every foreign key from a row of a workspace to another such row."""
    for model in apps.get_models():
        if not has_workspace(model):
            continue
        for field in model._meta.concrete_fields:
            if field.is_relation and has_workspace(field.related_model):
                yield model, field


def key_of(model: type[models.Model], field: str) -> TenantKey | None:
    """The declared key of a relation, or one of another relation that it is part of."""
    keys = [key for key in model._meta.constraints if isinstance(key, TenantKey)]
    own = [key for key in keys if key.field == field]
    return next(iter(own + [key for key in keys if field in key.shared]), None)
