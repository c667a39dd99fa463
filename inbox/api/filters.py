"""What lists can be asked for: the allow-list of query parameters."""

import uuid
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import OuterRef, Q, QuerySet
from rest_framework.exceptions import ValidationError

from inbox import adapters, searching, windows
from inbox.adapters.base import Kind
from inbox.models import Contact, Conversation, ConversationLabel, Mention, Message
from inbox.searching import Search


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


class TermFilter(filters.CharFilter):
    """People as above, and words that were said, by their beginnings."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, label=" ".join(self.__doc__.split()), **kwargs)


class ConversationFilter(filters.FilterSet):
    """By state, channel, label, who works on it, whom it is with and what was said."""

    ORDERS = (
        "-last_message_at",
        "last_message_at",
        "waiting_since",
        "-waiting_since",
        "last_inbound_at",
        "-last_inbound_at",
    )

    status = filters.ChoiceFilter(choices=Conversation.Status.choices)
    channel = filters.ChoiceFilter(choices=adapters.choices())
    assignee = filters.CharFilter(
        method="by_assignee", label="`me`, `none`, or the id of a user."
    )
    unread = FlagFilter(method="by_unread", label="Whether something is unread.")
    waiting = FlagFilter(
        method="by_waiting", label="Whether somebody awaits an answer."
    )
    mentions = filters.ChoiceFilter(
        choices=[("me", "Me")],
        method="by_mention",
        label="`me`: those with a note in which you are named.",
    )
    label = filters.UUIDFilter(method="by_label", label="The id of a label.")
    search = TermFilter(method="by_term")
    window = filters.ChoiceFilter(
        choices=[("open", "Open"), ("closing", "Closing"), ("closed", "Closed")],
        method="by_window",
        label="Unresolved ones by reply window; `closing` is within four hours. By "
        "`last_inbound_at` those that close first come first.",
    )
    ordering = filters.ChoiceFilter(
        choices=[(order, order) for order in ORDERS],
        method="in_order",
        label="By `waiting_since`: only those where somebody waits. By "
        "`last_inbound_at`: only unresolved ones in which the person wrote.",
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

    def by_window(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return windows.listed(queryset, value)

    def by_waiting(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(waiting_since__isnull=not value)

    def by_term(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return searching.conversations(queryset, self.request.workspace, value)

    def by_mention(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        mine = Mention.objects.for_workspace(self.request.workspace).filter(
            user=self.request.user
        )
        return queryset.filter(pk__in=mine.values("message__conversation"))

    def by_label(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        labelled = ConversationLabel.objects.filter(
            label__public_id=value, label__workspace=self.request.workspace
        )
        return queryset.filter(pk__in=labelled.values("conversation"))

    def in_order(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value.endswith("waiting_since"):
            queryset = queryset.filter(waiting_since__isnull=False)
        if value.endswith("last_inbound_at"):
            queryset = windows.spoken(queryset)
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


class FoundMessageFilter(filters.FilterSet):
    """By words, the newest first."""

    search = filters.CharFilter(
        method="by_words",
        max_length=100,
        label="Words that were said, by their beginnings.",
    )

    class Meta:
        model = Message
        fields = ()

    def by_words(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return searching.Words(self.request.workspace, value).within(queryset)


class MessageFilter(filters.FilterSet):
    """By kind and direction."""

    kind = filters.ChoiceFilter(choices=[(kind.value, kind.value) for kind in Kind])
    direction = filters.ChoiceFilter(choices=Message.Direction.choices)

    class Meta:
        model = Message
        fields = ()
