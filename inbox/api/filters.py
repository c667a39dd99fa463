"""What lists can be asked for: the allow-list of query parameters."""

import uuid
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property
from rest_framework.exceptions import ValidationError

from inbox import adapters
from inbox.adapters.base import Kind
from inbox.models import Contact, ContactIdentity, Conversation, Message

SPACING = str.maketrans("", "", " -()./")


class FlagField(forms.Field):
    """`true` or `false`; anything else is an error instead of being ignored."""

    def to_python(self, value: str | None) -> bool | None:
        if value and value not in ("true", "false"):
            raise forms.ValidationError("Say true or false.", code="invalid")
        return value == "true" if value else None


class FlagFilter(filters.BooleanFilter):
    """A question that is answered by yes or no."""

    field_class = FlagField


class SearchFilter(filters.CharFilter):
    """People by the beginning of a name, user name, phone number or other id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, label=" ".join(self.__doc__.split()), **kwargs)


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
        self.contacts = Contact.objects.for_workspace(workspace)
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


class ConversationFilter(filters.FilterSet):
    """By state, channel, who works on it and whom it is with."""

    ORDERS = ("-last_message_at", "last_message_at", "waiting_since", "-waiting_since")

    status = filters.ChoiceFilter(choices=Conversation.Status.choices)
    channel = filters.ChoiceFilter(choices=adapters.choices())
    assignee = filters.CharFilter(
        method="by_assignee", label="`me`, `none`, or the id of a user."
    )
    unread = FlagFilter(method="by_unread", label="Whether something is unread.")
    waiting = FlagFilter(
        method="by_waiting", label="Whether somebody awaits an answer."
    )
    search = SearchFilter(method="by_person")
    ordering = filters.ChoiceFilter(
        choices=[(order, order) for order in ORDERS],
        method="in_order",
        label="By `waiting_since`: only those where somebody waits.",
    )

    class Meta:
        model = Conversation
        fields = ()

    def by_assignee(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value == "none":
            return queryset.filter(assignee=None)
        if value == "me":
            return queryset.filter(assignee=self.request.user)
        try:
            return queryset.filter(assignee__public_id=uuid.UUID(value))
        except ValueError as error:
            raise ValidationError(
                {"assignee": ["Say me, none, or the id of a user."]}
            ) from error

    def by_unread(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        wanted = Q(unread_count__gt=0)
        return queryset.filter(wanted if value else ~wanted)

    def by_waiting(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(waiting_since__isnull=not value)

    def by_person(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        search = Search(self.request.workspace, value)
        if search.people is None:
            person = Coalesce("contact__merged_into", "contact")
            return queryset.alias(person=person).filter(
                search.means(OuterRef("person"))
            )
        return queryset.filter(
            contact__in=search.contacts.filter(
                Q(pk__in=search.people) | Q(merged_into__in=search.people)
            ).values("pk")
        )

    def in_order(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value.endswith("waiting_since"):
            queryset = queryset.filter(waiting_since__isnull=False)
        return queryset.order_by(value)


class ContactFilter(filters.FilterSet):
    """By name or identity."""

    search = SearchFilter(method="by_person")

    class Meta:
        model = Contact
        fields = ()

    def by_person(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        search = Search(self.request.workspace, value)
        if search.people is None:
            return queryset.filter(search.means(OuterRef("pk")))
        return queryset.filter(pk__in=search.people)


class MessageFilter(filters.FilterSet):
    """By kind and direction."""

    kind = filters.ChoiceFilter(choices=[(kind.value, kind.value) for kind in Kind])
    direction = filters.ChoiceFilter(choices=Message.Direction.choices)

    class Meta:
        model = Message
        fields = ()
