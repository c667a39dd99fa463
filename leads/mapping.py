"""Which column of a file is which field of a lead, and what its cells mean."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from flexoraa.lib.phones import NotAPhone, e164
from leads.models import Campaign, CustomField, ImportJob, Lead, Stage
from leads.models.leads import MOST_PAISE, MOST_TAGS, tidy_tags
from teams.models import Membership
from teams.roles import Action

LENGTHS = {
    "name": 200,
    "company": 200,
    "source": 60,
    "external_id": 120,
    "lost_reason": 200,
}
FIELDS = (
    "name",
    "phone",
    "email",
    "company",
    "stage",
    "owner",
    "campaign",
    "source",
    "value",
    "tags",
    "consent",
    "external_id",
    "lost_reason",
)
GUESSES = {
    "name": "name fullname leadname contactname customer person naam नाम பெயர்",
    "phone": "phone mobile phonenumber mobilenumber whatsapp whatsappnumber tel "
    "telephone contactnumber contactno cell फोन मोबाइल",
    "email": "email emailaddress mail emailid",
    "company": "company organisation organization account business companyname",
    "stage": "stage status leadstatus leadstage",
    "owner": "owner assignee assignedto agent salesperson owneremail",
    "campaign": "campaign campaigncode utmcampaign",
    "source": "source leadsource utmsource channel",
    "value": "value amount dealvalue price budget",
    "tags": "tags tag labels label",
    "consent": "consent optin",
    "external_id": "externalid id leadid crmid customerid reference",
    "lost_reason": "lostreason reason",
}
CONSENTS = {
    "granted": "granted yes true 1 agreed optin",
    "withdrawn": "withdrawn no false 0 optout",
    "unknown": "unknown notasked",
}


def plain(text: str) -> str:
    """Letters and digits alone, small."""
    return re.sub(r"[\W_]+", "", text.lower())


def guessed(columns: Sequence[str], custom: Sequence[CustomField]) -> list[str]:
    """A field for each heading, "" where none fits; no field twice. Custom fields are
    called `custom.key`."""
    words = {word: name for name, known in GUESSES.items() for word in known.split()}
    for one in custom:
        words |= {plain(one.key): f"custom.{one.key}"}
        words |= {plain(one.label): f"custom.{one.key}"}
    found: list[str] = []
    for column in columns:
        name = words.get(plain(column), "")
        found.append("" if name in found else name)
    return found


@dataclass
class Reader:
    """Turns the rows of a job into fields of leads, as its workspace knows them."""

    job: ImportJob
    region: str = "IN"
    stages: dict[str, int] = field(default_factory=dict)
    owners: dict[str, int] = field(default_factory=dict)
    campaigns: dict[str, int] = field(default_factory=dict)
    custom: dict[str, CustomField] = field(default_factory=dict)

    @classmethod
    def of(cls, job: ImportJob) -> "Reader":
        """One that knows the names of the workspace."""
        where = {"workspace": job.workspace_id}
        members = Membership.objects.filter(**where).select_related("user")
        return cls(
            job,
            region=job.region,
            stages={
                plain(row.name): row.pk
                for row in Stage.objects.filter(**where).exclude(kind="lost")
            },
            owners={
                name: member.user_id
                for member in members
                if member.may(Action.WORK_LEADS) and member.user.is_active
                for name in (member.user.email.lower(), member.user.name.lower())
                if name
            },
            campaigns={
                plain(name): row.pk
                for row in Campaign.objects.filter(**where)
                for name in (row.name, row.code)
            },
            custom={row.key: row for row in CustomField.objects.filter(**where)},
        )

    def read(self, cells: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
        """(the lead's fields, what is wrong). A field of custom ones is an object."""
        found: dict[str, Any] = {}
        errors: list[str] = []
        for name, text in zip(self.job.mapping, cells, strict=False):
            if not name or not text:
                continue
            try:
                if name.startswith("custom."):
                    key = name.removeprefix("custom.")
                    found.setdefault("custom", {})[key] = self.custom[key].to_stored(
                        text
                    )
                else:
                    found[name] = self._value(name, text)
            except ValidationError as error:
                errors.append(error.messages[0])
        if not errors and not any(
            found.get(name) for name in ("name", "phone", "email", "company")
        ):
            errors.append("The row has no name, phone, e-mail address or company.")
        if "value" in found:
            found["value_paise"] = found.pop("value")
        return found, errors

    def _value(self, name: str, text: str) -> Any:
        if name in LENGTHS:
            if len(text) > LENGTHS[name]:
                raise ValidationError(f"{name} has at most {LENGTHS[name]} letters.")
            return text
        readers = {
            "phone": self._phone,
            "email": self._email,
            "stage": self._stage,
            "owner": self._owner,
            "campaign": self._campaign,
            "value": self._rupees,
            "tags": self._tags,
            "consent": self._consent,
        }
        return readers[name](text)

    def _phone(self, text: str) -> str:
        try:
            return e164(text, self.region)
        except NotAPhone as error:
            raise ValidationError(f"{text[:40]}: {error}") from error

    def _email(self, text: str) -> str:
        try:
            validate_email(text)
        except ValidationError as error:
            raise ValidationError(f"{text[:80]} is no e-mail address.") from error
        return text.lower()

    def _stage(self, text: str) -> int:
        return self._known(self.stages, plain(text), text, "open or won stage")

    def _owner(self, text: str) -> int:
        return self._known(self.owners, text.lower(), text, "member who works leads")

    def _campaign(self, text: str) -> int:
        return self._known(self.campaigns, plain(text), text, "campaign")

    def _known(self, rows: Mapping[str, int], key: str, text: str, what: str) -> int:
        if key not in rows:
            raise ValidationError(f"There is no {what} called {text[:60]}.")
        return rows[key]

    def _rupees(self, text: str) -> int:
        bare = re.sub(r"[\s,₹]|rs\.?|inr", "", text.lower())
        if not re.fullmatch(r"\d{1,13}(\.\d{1,2})?", bare):
            raise ValidationError(f"{text[:40]} is no amount, such as 1,499.50.")
        rupees, _, paise = bare.partition(".")
        amount = int(rupees) * 100 + int(paise.ljust(2, "0") or 0)
        if amount > MOST_PAISE:
            raise ValidationError(f"{text[:40]} is too much.")
        return amount

    def _tags(self, text: str) -> list[str]:
        tags = tidy_tags(re.split(r"[,;|]", text))
        if len(tags) > MOST_TAGS or any(len(tag) > 50 for tag in tags):
            raise ValidationError(f"Up to {MOST_TAGS} tags of at most 50 letters each.")
        return tags

    def _consent(self, text: str) -> str:
        for consent, words in CONSENTS.items():
            if plain(text) in words.split():
                return consent
        known = ", ".join(Lead.Consent.values)
        raise ValidationError(f"Consent is one of: {known}.")
