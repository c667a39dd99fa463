"""Who wants no marketing: a ledger that is only added to, and the words people use."""

import unicodedata
from collections.abc import Iterable
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from flexoraa.lib import sets
from inbox import adapters
from inbox.models.erasures import ErasedName
from inbox.models.people import Contact, ContactIdentity, id_kinds
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey

LONGEST = 40  # characters of a message that may be such a word
STOP: dict[str, tuple[str, ...]] = {
    "en": ("stop", "unsubscribe", "opt out", "optout", "stop promotions", "stop all"),
    "hi": ("बंद", "बंद करो", "बंद करें", "रोको", "रोकें", "band karo"),
    "bn": ("বন্ধ", "বন্ধ করুন"),
    "ta": ("நிறுத்து", "நிறுத்துங்கள்"),
    "te": ("ఆపు", "ఆపండి"),
    "mr": ("थांबा", "थांबवा"),
    "ar": ("توقف", "إيقاف", "الغاء الاشتراك"),
    "es": ("baja", "alto", "cancelar suscripción"),
    "pt": ("parar", "sair", "cancelar inscrição"),
    "fr": ("arrêt", "arret", "désabonner"),
    "de": ("stopp", "abmelden", "abbestellen"),
    "id": ("berhenti",),
}
START: dict[str, tuple[str, ...]] = {
    "en": ("start", "unstop", "subscribe", "opt in", "optin"),
    "hi": ("शुरू", "शुरू करें", "shuru karo"),
    "bn": ("শুরু",),
    "ta": ("தொடங்கு",),
    "te": ("ప్రారంభించు",),
    "mr": ("सुरू",),
    "ar": ("ابدأ", "اشتراك"),
    "es": ("alta", "suscribir"),
    "pt": ("voltar", "inscrever"),
    "fr": ("reprendre", "abonner"),
    "de": ("anmelden",),
    "id": ("mulai",),
}


def languages() -> list[str]:
    """Those that have words of their own here."""
    return list(STOP)


def plain(text: str) -> str:
    """A message as it is compared: letters, marks and digits, one space between words,
    no difference of case; "" when it is too long to be such a word."""
    if len(text) > LONGEST * 2:
        return ""
    kept = (
        char if unicodedata.category(char)[0] in "LMN" else " "
        for char in unicodedata.normalize("NFKC", text).casefold()
    )
    words = " ".join("".join(kept).split())
    return words if len(words) <= LONGEST else ""


class OutreachSettings(WorkspaceRow):
    """What a workspace has settled about writing to many: the words that end and allow
    it, beside those of the languages, and what a message costs (from the platform's
    rate card, in paise for a thousand messages; nothing is known of a price of none).
    """

    languages = ArrayField(
        models.CharField(max_length=8), default=languages, blank=True
    )
    stop_words = ArrayField(
        models.CharField(max_length=LONGEST),
        default=list,
        blank=True,
        help_text="Whoever writes one of these, and nothing else, is written no more.",
    )
    start_words = ArrayField(
        models.CharField(max_length=LONGEST), default=list, blank=True
    )
    marketing_paise = models.PositiveIntegerField(
        "a thousand marketing messages, in paise", null=True, blank=True
    )
    utility_paise = models.PositiveIntegerField(
        "a thousand utility messages, in paise", null=True, blank=True
    )
    authentication_paise = models.PositiveIntegerField(
        "a thousand authentication messages, in paise", null=True, blank=True
    )

    class Meta:
        verbose_name_plural = "outreach settings"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"], name="inbox_outreachsettings_one"
            )
        ]

    def __str__(self) -> str:
        return "Outreach settings"

    def verdict(self, text: str) -> bool | None:
        """False when the text asks to stop, True to go on, None when it is neither."""
        said = plain(text)
        if not said:
            return None
        if said in self._words(STOP, self.stop_words):
            return False
        return True if said in self._words(START, self.start_words) else None

    def _words(self, built_in: dict[str, tuple[str, ...]], own: list[str]) -> set[str]:
        known = [word for code in self.languages for word in built_in.get(code, ())]
        return set(map(plain, [*known, *own])) - {""}

    def price(self, category: str) -> int | None:
        """Paise for a thousand messages of one of the platform's categories."""
        return {
            "MARKETING": self.marketing_paise,
            "UTILITY": self.utility_paise,
            "AUTHENTICATION": self.authentication_paise,
        }.get(category.upper())


class ConsentEntryQuerySet(TenantQuerySet):
    """The ledger, and what it says now."""

    def of(self, contact_ids: Iterable[int]) -> Self:
        """The entries about these contacts, under any of their names."""
        ids = list(contact_ids)
        about = Q(contact__in=ids)
        names = ContactIdentity.objects.filter(contact__in=ids)
        for kind, key in names.values_list("kind", "key"):
            about |= Q(kind=kind, key=key)
        here = Contact.objects.filter(pk__in=ids).values("workspace")
        return self.filter(about, workspace__in=here)

    def stopped(self, contact_ids: Iterable[int]) -> set[int]:
        """Those of these contacts who want no marketing: the latest entry about any of
        the person's names, on whichever account, says so."""
        rows = sets.fetch(
            """
            SELECT f.id FROM unnest(%s::bigint[]) AS f(id)
            JOIN inbox_contact c ON c.id = f.id
            CROSS JOIN LATERAL (
                SELECT e.wants FROM inbox_contact p
                JOIN inbox_contactidentity i ON i.contact_id = p.id
                JOIN inbox_consententry e ON e.workspace_id = c.workspace_id
                    AND e.kind = i.kind AND e.key = i.key
                WHERE p.id = coalesce(c.merged_into_id, c.id)
                    OR p.merged_into_id = coalesce(c.merged_into_id, c.id)
                ORDER BY e.at DESC, e.id DESC LIMIT 1
            ) last WHERE NOT last.wants
            """,
            [sorted(set(contact_ids))],
        )
        return {row[0] for row in rows} | self._stopped_once(contact_ids)

    def _stopped_once(self, contact_ids: Iterable[int]) -> set[int]:
        """Those who wanted none when they were erased, and have said nothing since."""
        ids = sorted(set(contact_ids))
        rows = sets.fetch(
            """
            SELECT c.id, i.workspace_id, i.kind, i.key FROM inbox_contact c
            JOIN inbox_contact p ON p.id = coalesce(c.merged_into_id, c.id)
                OR p.merged_into_id = coalesce(c.merged_into_id, c.id)
            JOIN inbox_contactidentity i ON i.contact_id = p.id
            WHERE c.id = ANY(%s)
                AND EXISTS (SELECT 1 FROM inbox_erasedname n
                    WHERE n.workspace_id = c.workspace_id AND n.wants_none)
                AND NOT EXISTS (SELECT 1 FROM inbox_consententry e
                    WHERE e.workspace_id = i.workspace_id AND e.kind = i.kind
                    AND e.key = i.key)
            """,
            [ids],
        )
        stopped = ErasedName.objects.stopped(row[1:] for row in rows) if rows else ()
        return {row[0] for row in rows if row[1:] in stopped}

    def stopped_names(
        self, workspace_id: int, names: Iterable[tuple[str, str]]
    ) -> set[tuple[str, str]]:
        """Those of these (kind, key) whose latest entry says stop; for people who are
        no contacts yet."""
        wanted = sorted(set(names))
        rows = sets.fetch(
            """
            SELECT n.kind, n.key FROM unnest(%s::text[], %s::text[]) AS n(kind, key)
            CROSS JOIN LATERAL (
                SELECT e.wants FROM inbox_consententry e
                WHERE e.workspace_id = %s AND e.kind = n.kind AND e.key = n.key
                ORDER BY e.at DESC, e.id DESC LIMIT 1
            ) last WHERE NOT last.wants
            """,
            [[k for k, _ in wanted], [k for _, k in wanted], workspace_id],
        )
        told = self.filter(workspace=workspace_id, key__in=[key for _, key in wanted])
        silent = {*wanted}.difference(told.values_list("kind", "key"))
        once = ErasedName.objects.stopped((workspace_id, *name) for name in silent)
        return {*rows, *((kind, key) for _, kind, key in once)}

    def of_person(self, contact: Contact) -> "ConsentEntryQuerySet":
        """All entries about a person's names, the latest first."""
        head = contact.merged_into_id or contact.pk
        them = Q(contact=head) | Q(contact__merged_into=head)
        names = contact.__class__.objects.filter(Q(pk=head) | Q(merged_into=head))
        keys = {
            (kind, key)
            for kind, key in names.values_list("identities__kind", "identities__key")
            if kind
        }
        wanted = them
        for kind, key in keys:
            wanted |= Q(kind=kind, key=key)
        return (
            self.filter(workspace=contact.workspace_id)
            .filter(wanted)
            .order_by("-at", "-id")
        )


class ConsentEntry(WorkspaceRow):
    """Somebody said, by one of their names, that they want marketing, or want it no
    more. Never changed and never deleted, but when a person is erased; of all entries
    about a person's names the latest stands.

    `at` is the provider's clock where it came from there. `words` are what was said,
    `reference` what makes an entry the same one when it comes again.
    """

    class Source(models.TextChoices):
        KEYWORD = "keyword", "They wrote it"
        PLATFORM = "platform", "The platform told"
        REFUSAL = "refusal", "The platform refused a message"
        PERSON = "person", "By hand"

    kind = models.CharField(max_length=10, choices=id_kinds)
    key = models.CharField(max_length=200)
    contact = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
    )
    channel = models.CharField(max_length=20, choices=adapters.choices)
    wants = models.BooleanField("wants marketing")
    source = models.CharField(max_length=8, choices=Source.choices)
    words = models.CharField(max_length=300, blank=True)
    reference = models.CharField(max_length=600, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,  # a row that nobody changes
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    objects = ConsentEntryQuerySet.as_manager()

    class Meta:
        verbose_name = "opt-out"
        verbose_name_plural = "opt-outs"
        constraints = [
            TenantKey("contact", name="inbox_consententry_contact_whose"),
            models.UniqueConstraint(
                fields=["workspace", "reference"],
                condition=~Q(reference=""),
                name="inbox_consententry_once",
            ),
            models.CheckConstraint(
                condition=Q(source__in=["keyword", "platform", "refusal", "person"]),
                name="inbox_consententry_source_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "key", "kind", "-at", "-id"],
                name="inbox_consententry_latest",
            ),
            models.Index(fields=["workspace", "-id"], name="inbox_consententry_newest"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return "wants marketing" if self.wants else "wants no marketing"
