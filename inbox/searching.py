"""Finding people by how they are called, and conversations by what was said."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property

from inbox.models import Contact, ContactIdentity, Conversation, Message

SPACING = str.maketrans("", "", " -()./")


class Search:
    """A term, and whom of a workspace it may mean: also under the names of those who
    were merged into them. Phones are stored as digits, however they are typed.

    A few people are looked up, each half of the question by its own index, and their
    rows then by key. If there are many, `people` is None: a list soon meets enough of
    them, so it is walked and each row asked whether it `means` one.
    """

    FEW = 2_000

    def __init__(self, workspace: Any, term: str) -> None:
        digits = term.translate(SPACING).removeprefix("+")
        self._key = digits if digits.isdigit() else term
        self._named = Q(name__istartswith=term) | Q(
            username__istartswith=term.removeprefix("@") or term
        )
        self.contacts = Contact.objects.filter(workspace=workspace)
        self._known = ContactIdentity.objects.for_workspace(workspace).filter(
            key__startswith=self._key
        )

    @cached_property
    def people(self) -> set[int] | None:
        """Ids of the people as they are after merges; None if they are too many."""
        most = self.FEW + 1
        named = self.contacts.filter(self._named).values_list("pk", flat=True)[:most]
        known = self._known.values_list("contact", flat=True)[:most]
        matched = list(named.union(known, all=True))
        if len(matched) > self.FEW:
            return None
        them = self.contacts.filter(pk__in=matched)
        return set(them.values_list(Coalesce("merged_into", "pk"), flat=True))

    def means(self, person: OuterRef) -> Exists:
        """Whether the person goes, or went, by such a name."""
        names = self.contacts.filter(Q(pk=person) | Q(merged_into=person))
        return Exists(
            names.filter(
                self._named | Exists(self._known.filter(contact=OuterRef("pk")))
            )
        )


class Words:
    """A term, and the messages of a workspace that say it: rare words are looked up in
    the index, common ones soon met by walking from the newest. PostgreSQL's statistics
    tell which they are.
    """

    RARE = 30_000  # messages; more than that is walked
    FEW = 2_000  # conversations

    def __init__(self, workspace: Any, term: str) -> None:
        self._term = term
        self._messages = Message.objects.for_workspace(workspace)
        self.said = self._messages.saying(term)

    @cached_property
    def is_rare(self) -> bool:
        return self.said.estimate() <= self.RARE

    @cached_property
    def conversations(self) -> set[int] | None:
        """Ids of the conversations in which it was said; None if they are too many."""
        if not self.is_rare:
            return None
        found = self.said.order_by().values_list("conversation", flat=True).distinct()
        ids = set(found[: self.FEW + 1])
        return None if len(ids) > self.FEW else ids

    def within(self, messages: Any) -> Any:
        """Those of the messages that say it, to be sorted by the newest."""
        if not self.is_rare:
            return messages.saying(self._term)
        # an array is made once, and then read from its newest end; a mere subquery
        # is joined by walking all messages in order
        found = self.said.order_by().values("pk")[: self.RARE * 10]
        return messages.filter(
            Func(
                F("pk"),
                ArraySubquery(found),
                template="%(expressions)s)",
                arg_joiner=" = ANY(",
                output_field=BooleanField(),
            )
        )

    def means(self, conversation: OuterRef) -> Exists:
        """Whether it was said in the conversation."""
        return Exists(self.said.filter(conversation=conversation))


def conversations(queryset: QuerySet, workspace: Any, term: str) -> QuerySet:
    """The conversations with somebody of this name, or in which this was said."""
    search, words = Search(workspace, term), Words(workspace, term)
    if search.people is not None:
        family = search.contacts.filter(
            Q(pk__in=search.people) | Q(merged_into__in=search.people)
        )
        theirs = Conversation.objects.filter(contact__in=family.values("pk"))
        mine = theirs.values_list("pk", flat=True)
    if search.people is not None and words.conversations is not None:
        return queryset.filter(pk__in=words.conversations.union(mine))
    # many: walked from the newest, each row asked what is not known by its key
    person = Coalesce("contact__merged_into", "contact")
    is_theirs = (
        search.means(OuterRef("person"))
        if search.people is None
        else Q(pk__in=set(mine))
    )
    is_said = (
        words.means(OuterRef("pk"))
        if words.conversations is None
        else Q(pk__in=words.conversations)
    )
    return queryset.alias(person=person).filter(Q(is_said) | Q(is_theirs))
