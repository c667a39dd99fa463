"""What campaigns cost, from outside: files, and what an ad platform says. What is known
already is left alone; another amount replaces an entry, which is kept."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.db import transaction

from flexoraa.lib import spreadsheets
from leads.models import Campaign, SpendEntry
from teams.models import User, Workspace

MOST_ROWS = 5_000
MOST_BYTES = 2 * 1024 * 1024
MOST_PAISE = 10**15
SHOWN = 200  # errors

HEADINGS = {
    "day": ("day", "date", "reporting starts", "spent on"),
    "campaign": ("campaign", "campaign code", "code", "campaign name"),
    "amount": ("amount", "spend", "cost", "amount spent", "amount spent (inr)"),
    "kind": ("kind", "type"),
    "currency": ("currency",),
    "reference": ("reference", "ref", "ad id", "invoice"),
}
NEEDED = ("day", "campaign", "amount")
DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")
PARTS = re.compile(r"\d{1,13}(\.\d{1,2})?")


class Line(NamedTuple):
    """What was spent on a campaign on a day; `reference` tells entries apart."""

    campaign: int
    day: date
    amount_paise: int
    currency: str
    kind: str = "ad"
    reference: str = ""
    account_tz: str = ""

    @property
    def key(self) -> tuple:
        return self.campaign, self.day, self.kind, self.reference


class RowError(NamedTuple):
    """What is wrong with a row of a file; the headings are row 1."""

    row: int
    column: str
    error: str


@dataclass
class Outcome:
    """How many entries came, replaced others, or were there already."""

    new: int = 0
    changed: int = 0
    same: int = 0
    errors: list[RowError] = field(default_factory=list)


class BadFile(ValueError):
    """The file is no table of spend; the text says what to do."""


@transaction.atomic
def record(
    workspace: Workspace,
    lines: Iterable[Line],
    *,
    source: str,
    by: User | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Write what is new, replace what has another amount now. One writer at a time."""
    Workspace.objects.locked().get(pk=workspace.pk)
    lines = list(lines)
    there = SpendEntry.objects.for_workspace(workspace).current().filter(source=source)
    days = {line.day for line in lines}
    there = there.filter(day__in=days, campaign__in={line.campaign for line in lines})
    known = {(row.campaign_id, row.day, row.kind, row.reference): row for row in there}
    outcome, fresh = Outcome(), []
    for line in lines:
        entry = known.get(line.key)
        if entry is None:
            outcome.new += 1
            fresh.append(
                SpendEntry(
                    workspace=workspace,
                    campaign_id=line.campaign,
                    day=line.day,
                    kind=line.kind,
                    amount_paise=line.amount_paise,
                    currency=line.currency,
                    account_tz=line.account_tz,
                    source=source,
                    reference=line.reference,
                    by=by,
                )
            )
        elif (entry.amount_paise, entry.currency) == (line.amount_paise, line.currency):
            outcome.same += 1
        else:
            outcome.changed += 1
            if not dry_run:
                entry.revise(line.amount_paise, by=by, currency=line.currency)
    if not dry_run:
        SpendEntry.objects.bulk_create(fresh, batch_size=1_000)
    return outcome


def import_file(
    workspace: Workspace, content: bytes, *, by: User | None, dry_run: bool
) -> Outcome:
    """The rows of a CSV or XLSX with the columns day, campaign (code or name), amount,
    and perhaps kind, currency, reference. Good rows count though others are bad.

    Raises BadFile when it cannot be read at all.
    """
    try:
        rows = spreadsheets.read(content)
        columns = columns_of(next(rows, []))
        table = list(zip(range(2, MOST_ROWS + 3), rows, strict=False))
    except spreadsheets.Unreadable as error:
        raise BadFile(str(error)) from error
    if len(table) > MOST_ROWS:
        raise BadFile(f"The file has more than {MOST_ROWS:,} rows: split it.")
    if not table:
        raise BadFile("The file has no rows below its headings.")
    reader = Reader(workspace, columns)
    lines = [line for number, cells in table if (line := reader.line(number, cells))]
    outcome = record(workspace, lines, source="csv", by=by, dry_run=dry_run)
    outcome.errors = reader.errors
    return outcome


def columns_of(headings: Sequence[str]) -> Mapping[str, int]:
    """Which column is what. Raises BadFile when one that is needed is missing."""
    tidy = [heading.strip().lower() for heading in headings]
    found = {
        name: tidy.index(alias)
        for name, aliases in HEADINGS.items()
        for alias in aliases[::-1]
        if alias in tidy
    }
    if missing := [name for name in NEEDED if name not in found]:
        raise BadFile(f"The file needs the columns {', '.join(missing)}.")
    return found


class Reader:
    """Rows of a file as lines, with what is wrong with the others."""

    def __init__(self, workspace: Workspace, columns: Mapping[str, int]) -> None:
        self.columns = columns
        self.errors: list[RowError] = []
        self._seen: dict[tuple, int] = {}
        self._campaigns: dict[str, Campaign | None] = {}
        rows = Campaign.objects.for_workspace(workspace)
        for row in rows.order_by("-pk"):
            name = row.name.strip().lower()
            self._campaigns[name] = None if name in self._campaigns else row
        self._campaigns |= {row.code.lower(): row for row in rows}

    def line(self, number: int, cells: Sequence[str]) -> Line | None:
        """The row's line; None when something is wrong with it."""
        given = {
            name: cells[place].strip() if place < len(cells) else ""
            for name, place in self.columns.items()
        }
        wrong: dict[str, str] = {}
        day, amount = self._day(given["day"]), self._paise(given["amount"])
        campaign = self._campaigns.get(given["campaign"].lower())
        kind = given.get("kind", "").lower() or "ad"
        if day is None:
            wrong["day"] = "Write days as 2026-11-25 or 25/11/2026."
        if campaign is None:
            wrong["campaign"] = "There is no such campaign, or several: use its code."
        if amount is None:
            wrong["amount"] = "Write amounts as 1,234.50, and not below 0."
        if kind not in SpendEntry.Kind.values:
            wrong["kind"] = f"Say {', '.join(SpendEntry.Kind.values)}."
        reference = given.get("reference", "")
        if len(reference) > 120:
            wrong["reference"] = "References have 120 letters at most."
        currency = given.get("currency", "").upper()
        if currency and not re.fullmatch("[A-Z]{3}", currency):
            wrong["currency"] = "Say three letters, such as INR."
        if not wrong and day and campaign and amount is not None:
            currency = currency or campaign.currency
            line = Line(campaign.pk, day, amount, currency, kind, reference)
            first = self._seen.setdefault(line.key, number)
            if first == number:
                return line
            wrong["reference"] = f"This repeats row {first}: add them up."
        self.errors += [RowError(number, name, said) for name, said in wrong.items()]
        return None

    @staticmethod
    def _day(text: str) -> date | None:
        for form in DAYS:
            try:
                found = datetime.strptime(text[:10], form).date()  # noqa: DTZ007 (a day)
            except ValueError:
                continue
            return found if found.year >= 2000 else None
        return None

    @staticmethod
    def _paise(text: str) -> int | None:
        tidy = re.sub(r"^(₹|Rs\.?|INR)\s*", "", text).replace(",", "")
        if not PARTS.fullmatch(tidy):
            return None
        paise = int(Decimal(tidy) * 100)
        return paise if paise <= MOST_PAISE else None


def paise_of(amount: Any) -> int:
    """An amount of an API, "123.45", in hundredths. Raises ValueError."""
    try:
        paise = (Decimal(str(amount)) * 100).to_integral_value()
    except (InvalidOperation, ValueError) as error:
        raise ValueError(f"{amount!r} is no amount") from error
    if not 0 <= paise <= MOST_PAISE:
        raise ValueError(f"{amount!r} is no amount")
    return int(paise)
