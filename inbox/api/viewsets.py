"""The inbox in a workspace: channels, conversations, their messages, people."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib.errors import Conflict
from flexoraa.lib.etags import Tagged
from flexoraa.lib.rows import Child, Lists, ReadsRows
from inbox import limits, replies
from inbox.api import filters
from inbox.api.changes import (
    ChannelSerializer,
    ConversationChangeSerializer,
    NewChannelSerializer,
)
from inbox.api.connecting import Connects
from inbox.api.replies import Writes
from inbox.api.serializers import (
    ContactSerializer,
    ConversationSerializer,
    FoundMessageSerializer,
    IdentitySerializer,
    MessageSerializer,
    ShownLabelSerializer,
    with_person,
)
from inbox.api.threads import OF_MESSAGES
from inbox.api.windows import WindowSerializer, window_answer
from inbox.models import (
    ChannelAccount,
    Contact,
    ContactIdentity,
    Conversation,
    Label,
    Message,
    WebhookDelivery,
)
from teams.api.scoping import WorkspaceScoped
from teams.roles import Action


class ChannelViewSet(
    WorkspaceScoped,
    Connects,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet,
):
    """The connected numbers, pages and accounts."""

    # never loaded: what is not in memory is in no answer, and a lost key hurts no list
    queryset = ChannelAccount.objects.defer("token")
    ordering = "id"
    actions = {
        "list": Action.READ,
        "retrieve": Action.READ,
        "create": Action.MANAGE_CHANNELS,
        "partial_update": Action.MANAGE_CHANNELS,
        "destroy": Action.MANAGE_CHANNELS,
        "test": Action.MANAGE_CHANNELS,
        "subscribe": Action.MANAGE_CHANNELS,
        "stop": Action.MANAGE_CHANNELS,
        "resume": Action.MANAGE_CHANNELS,
    }

    def get_serializer_class(self) -> type[ChannelSerializer]:
        return NewChannelSerializer if self.action == "create" else ChannelSerializer

    @transaction.atomic
    def perform_create(self, serializer: Any) -> None:
        limits.check_channels(self.workspace)
        super().perform_create(serializer)
        account = serializer.instance
        account.taken_up = WebhookDelivery.objects.replay_for(account)

    @transaction.atomic
    def perform_destroy(self, instance: ChannelAccount) -> None:
        # no conversation can begin while the row is locked
        ChannelAccount.objects.select_for_update().only("pk").get(pk=instance.pk)
        if instance.conversations.exists():
            raise Conflict(
                "This channel has conversations, which would go with it. Set its "
                "status to disconnected instead."
            )
        instance.delete()


def _labels_of(conversations: Any) -> dict[str, Child]:
    labels = Label.objects.filter(labelled__conversation__in=conversations)
    ordered = labels.order_by("name", "id")
    parent = "labelled__conversation"
    return {"labels": Child(ordered, ShownLabelSerializer, parent)}


class ConversationViewSet(WorkspaceScoped, Tagged, ReadsRows, GenericViewSet):
    """Conversations, the newest activity first."""

    queryset = with_person(Conversation.objects.all())
    serializer_class = ConversationSerializer
    filterset_class = filters.ConversationFilter
    ordering = "-last_message_at"
    actions = {
        "list": Action.READ,
        "retrieve": Action.READ,
        "partial_update": Action.WORK,
        "read": Action.WORK,
        "typing": Action.WORK,
        "window": Action.READ,
    }
    lists = Lists(_labels_of)

    @extend_schema(
        request=ConversationChangeSerializer,
        parameters=[
            OpenApiParameter(
                "If-Match",
                location=OpenApiParameter.HEADER,
                description="The ETag that was read; 412 if it is another by now.",
            )
        ],
    )
    @transaction.atomic
    def partial_update(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        conversation = self.get_locked()
        self.check_if_match(conversation)
        change = ConversationChangeSerializer(
            conversation,
            data=request.data,
            partial=True,
            context=self.get_serializer_context(),
        )
        change.is_valid(raise_exception=True)
        return self.tagged(change.save())

    @extend_schema(request=None, responses=ConversationSerializer)
    @transaction.atomic
    def read(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Somebody has seen it: nothing is unread any more, and the person is told so
        where the channel can."""
        conversation = self.get_locked()
        if conversation.mark_read():
            replies.seen(conversation)
        return self.tagged(conversation)

    @extend_schema(request=None, responses={204: None})
    def typing(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Somebody writes: the person is told so where the channel can, for some
        seconds, which also tells them that their message was seen."""
        replies.typing(self.get_with_account())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=WindowSerializer)
    def window(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Until when the person may be answered, by which rule, and where else."""
        return Response(window_answer(self.get_with_account()))

    def get_with_account(self) -> Conversation:
        """The conversation of the path, with what decides whether it can go on."""
        rows = Conversation.objects.for_workspace(self.workspace)
        rows = rows.select_related("account", "contact").defer("account__token")
        return get_object_or_404(rows, public_id=self.kwargs["id"])

    def get_locked(self) -> Conversation:
        """The conversation of the path, which nobody else changes until we are done."""
        locked = self.get_queryset().select_for_update(of=("self",), no_key=True)
        return get_object_or_404(locked, public_id=self.kwargs["id"])


@extend_schema(
    parameters=[
        OpenApiParameter("conversation", OpenApiTypes.UUID, OpenApiParameter.PATH)
    ]
)
class MessageViewSet(WorkspaceScoped, Writes, ReadsRows, GenericViewSet):
    """A thread: what was said in one conversation, the latest first."""

    queryset = with_person(Message.objects.all())
    serializer_class = MessageSerializer
    lists = OF_MESSAGES
    filterset_class = filters.MessageFilter
    ordering = "-provider_at"
    actions = {"list": Action.READ, "create": Action.WORK}

    def filter_queryset(self, queryset: Any) -> Any:
        conversation = Conversation.objects.for_workspace(self.workspace).filter(
            public_id=self.kwargs["conversation"]
        )
        found = queryset.filter(conversation=conversation.values("pk")[:1])
        return super().filter_queryset(found)

    def represent(self, rows: Any) -> Any:
        if not rows:  # there may be no such conversation
            get_object_or_404(
                Conversation.objects.for_workspace(self.workspace).only("pk"),
                public_id=self.kwargs["conversation"],
            )
            return []
        return super().represent(rows)


class FoundMessageViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """Messages of all conversations, the last stored first."""

    queryset = with_person(Message.objects.all())
    serializer_class = FoundMessageSerializer
    filterset_class = filters.FoundMessageFilter
    ordering = "-id"
    actions = {"list": Action.READ}


def _names_of_people(people: Any) -> dict[str, Child]:
    them = Contact.objects.filter(Q(pk__in=people) | Q(merged_into__in=people))
    names = ContactIdentity.objects.filter(contact__in=them).annotate(
        person=Coalesce("contact__merged_into", "contact")
    )
    return {"identities": Child(names.order_by("id"), IdentitySerializer, "person")}


class ContactViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """People, the newest first; who was merged shows in whom they were merged into."""

    queryset = Contact.objects.filter(merged_into=None)
    serializer_class = ContactSerializer
    filterset_class = filters.ContactFilter
    ordering = "-id"
    actions = {"list": Action.READ, "retrieve": Action.READ}
    lists = Lists(_names_of_people)
