"""A row of every table of a workspace, made from the models alone, so that tables of
tomorrow are in the tests of tenancy from their first day."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import IntegrityError, models, transaction
from django.db.models.fields import NOT_PROVIDED
from django.utils import timezone

from flexoraa.lib import sets
from flexoraa.lib.ids import uuid7
from inbox.models import Contact
from leads.models import Lead
from teams.models import Membership, User, Workspace
from teams.tenant_keys import has_workspace

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
AMOUNTS = dict.fromkeys(
    [f"{part}_paise" for part in ("taxable", "cgst", "sgst", "igst", "total")], 0
)
PARTIES = {
    "supplier": {"name": "Flexoraa", "gstin": "", "state": "29", "sac": "998314"},
    "recipient": {"name": "Somebody", "gstin": "", "state": "29"},
}
# what a table's own rules ask for beyond types and choices
OTHERS: dict[str, dict[str, Any]] = {
    "analytics.WorkingSpan": {"ends_at": NOON + timedelta(hours=8)},
    "inbox.BroadcastRecipient": {"state": "queued"},
    "inbox.CannedReply": {"shortcut": "canary"},
    "inbox.ContactMerge": {"joined": lambda rows: rows.make(Contact)},
    "leads.AdAccount": {"external_id": lambda rows: str(10**9 + next(rows._count))},
    "leads.BulkOperation": {"request": {"fields": ["source"]}},
    "leads.Duplicate": {"second": lambda rows: rows.make(Lead)},
    "leads.MergeRecord": {"loser": lambda rows: rows.make(Lead)},
    "leads.SavedView": {"is_shared": True},
    "payments.Customer": {"phone": "+919800000001", "country": "IN", "gstin": ""},
    "payments.Plan": {"price_paise": 49_900},
    "payments.Order": {"amount_paise": 49_900},
    "payments.Invoice": AMOUNTS | PARTIES | {"place_of_supply": "29"},
    "payments.CreditNote": AMOUNTS | PARTIES | {"place_of_supply": "29"},
    "teams.SupportVisit": {"ends_at": lambda rows: timezone.now() + HOUR},
}
TRIES = 6


def tenant_models() -> Iterator[type[models.Model]]:
    """Every table whose rows belong to a workspace."""
    return (
        model
        for model in apps.get_models()
        if model._meta.managed and has_workspace(model)
    )


class Rows:
    """One row of each table in a workspace; `mark` is in every text that may be any."""

    def __init__(self, workspace: Workspace, mark: str) -> None:
        self.workspace, self.mark = workspace, mark
        self.made: dict[type[models.Model], models.Model] = {Workspace: workspace}
        self._count = itertools.count(1)

    def fill(self) -> "Rows":
        """Of every table there is."""
        for model in tenant_models():
            self.of(model)
        return self

    def of(self, model: type[models.Model]) -> Any:
        """The row of this table."""
        if model is Membership:
            self.of(User)
        if model not in self.made:
            self.made[model] = self.make(model)
        return self.made[model]

    def make(self, model: type[models.Model]) -> Any:
        """A new one: as full as its table's rules allow, or as bare."""
        if model is User:
            return self._person()
        bare: set[str] = set()
        for _ in range(TRIES):
            values = self._values(model, bare)
            try:
                with transaction.atomic():
                    return model._base_manager.create(**values)
            except IntegrityError as error:
                refused, more = error, columns_of(error)
                if more <= bare:
                    break
                bare |= more
        own = {"workspace": self.workspace} if has_workspace(model) else {}
        if found := model._base_manager.filter(**own).first():
            return found  # made with another row, or common to all
        raise AssertionError(
            f"No row of {model._meta.label} can be made: {refused}. Say in OTHERS of "
            "flexoraa/tests/rows.py what its constraints ask for."
        ) from refused

    def _person(self) -> User:
        """Somebody with a place in the workspace."""
        address = f"{self.mark.lower()}@example.com"
        user = User.objects.create_user(address, "x", name=f"{self.mark} Person")
        self.made[Membership] = Membership.objects.create(
            workspace=self.workspace,
            user=user,
            role="sdr",
            last_seen_at=timezone.now(),
        )
        return user

    def _values(self, model: type[models.Model], bare: set[str]) -> dict[str, Any]:
        own = {
            name: value(self) if callable(value) else value
            for name, value in OTHERS.get(model._meta.label, {}).items()
        }
        for field in model._meta.concrete_fields:
            if field.name not in own and (not field.primary_key or field.is_relation):
                value = self._value(model, field, field.column not in bare)
                if value is not NOT_PROVIDED:
                    own[field.name] = value
        return own

    def _value(self, model: type[models.Model], field: Any, is_full: bool) -> Any:
        if field.name == "workspace":
            return self.workspace
        is_optional = (
            field.null or field.has_default() or field.db_default is not NOT_PROVIDED
        )
        if field.is_relation:
            if field.null and not is_full or field.related_model is model:
                return None
            return self.of(field.related_model)
        if field.generated or getattr(field, "auto_now", False):
            return NOT_PROVIDED
        is_text = isinstance(field, models.CharField | models.TextField)
        if is_text and field.blank and not is_full:
            return ""
        if is_optional and not (is_full and is_text and not field.choices):
            return NOT_PROVIDED
        return self._plain(model, field)

    def _plain(self, model: type[models.Model], field: Any) -> Any:
        number = next(self._count)
        mark = self.mark if has_workspace(model) else "Common"  # to all companies
        if field.choices:
            return field.flatchoices[0][0]
        if field.name == "currency":
            return "INR"
        for kind, value in (
            (models.EmailField, f"{mark.lower()}{number}@example.com"),
            (models.SlugField, f"{mark.lower()}-{number}"),
            (models.CharField | models.TextField, f"{mark} {number}"),
            (models.BooleanField, False),
            (models.DateTimeField, NOON),
            (models.DateField, date(2026, 11, 20)),
            (
                models.IntegerField | models.DecimalField | models.FloatField,
                1 + number % 9,
            ),
            (models.JSONField, {"mark": mark}),
            (models.BinaryField, f"{mark} {number}".encode().ljust(32)),
            (models.UUIDField, uuid7()),
            (SearchVectorField, None),
            (ArrayField, [number]),
        ):
            if isinstance(field, kind):
                limit = getattr(field, "max_length", None)
                return value[:limit] if limit and isinstance(value, str) else value
        raise AssertionError(f"{field}: teach flexoraa/tests/rows.py this type.")


def columns_of(error: IntegrityError) -> set[str]:
    """The columns of the rule that a row broke: they are left to their defaults."""
    about = error.__cause__.diag
    rows = sets.fetch(
        "SELECT a.attname FROM pg_constraint c JOIN pg_attribute a "
        "ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey) "
        "WHERE c.conname = %s AND c.conrelid = %s::regclass",
        [about.constraint_name or "", about.table_name],
    )
    return {row[0] for row in rows}
