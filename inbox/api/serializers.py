"""What the API answers: the shapes of people, conversations and messages.

Lists of these are long, so they name columns only (see flexoraa.lib.rows).
"""

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from rest_framework import serializers

from inbox.models import (
    Attachment,
    ChannelAccount,
    Contact,
    ContactIdentity,
    Conversation,
    Label,
    Mention,
    Message,
    Reaction,
)
from teams.models import User


class WithId(serializers.ModelSerializer):
    """A row whose `id` is its public one."""

    id = serializers.UUIDField(source="public_id", read_only=True)


class PersonSerializer(serializers.Serializer):
    """A person outside, as `with_person` tells of them."""

    id = serializers.UUIDField(source="person_public_id", read_only=True)
    name = serializers.CharField(source="person_name", read_only=True)
    username = serializers.CharField(source="person_username", read_only=True)


def with_person(queryset: QuerySet) -> QuerySet:
    """Rows with their contact, or with whom that one was merged into."""
    return queryset.annotate(
        **{
            f"person_{name}": Coalesce(
                f"contact__merged_into__{name}", f"contact__{name}"
            )
            for name in ("public_id", "name", "username")
        }
    )


class IdentitySerializer(WithId):
    """One name of a person, and the account on which it is theirs."""

    account = serializers.UUIDField(source="account.public_id", read_only=True)
    channel = serializers.CharField(source="account.channel", read_only=True)

    class Meta:
        model = ContactIdentity
        fields = ("id", "account", "channel", "kind", "value")


class ContactSerializer(WithId):
    """A person with all their names, also those of who was merged into them."""

    identities = IdentitySerializer(many=True, read_only=True)

    class Meta:
        model = Contact
        fields = ("id", "name", "username", "created_at", "identities")


class ColleagueSerializer(WithId):
    """Somebody of the team."""

    class Meta:
        model = User
        fields = ("id", "name", "email")


class AccountSerializer(WithId):
    """Which number, page or account it is."""

    class Meta:
        model = ChannelAccount
        fields = ("id", "name")


class ShownLabelSerializer(WithId):
    """A label on a conversation."""

    class Meta:
        model = Label
        fields = ("id", "name", "colour")


class ConversationSerializer(WithId):
    """A conversation as lists and the head of a thread show it."""

    account = AccountSerializer(read_only=True)
    contact = PersonSerializer(source="*", read_only=True)
    assignee = ColleagueSerializer(read_only=True, allow_null=True)
    labels = ShownLabelSerializer(many=True, read_only=True)

    class Meta:
        model = Conversation
        fields = (
            "id",
            "channel",
            "account",
            "contact",
            "status",
            "assignee",
            "labels",
            "snoozed_until",
            "unread_count",
            "preview",
            "last_message_at",
            "last_inbound_at",
            "waiting_since",
            "created_at",
            "resolved_at",
        )


class AttachmentSerializer(WithId):
    """A file or link of a message. A file whose `state` is `stored` is served at
    `attachments/{id}`, and a small picture of it at `attachments/{id}/thumbnail` if it
    `has_thumbnail`; `url` is where a link leads to, and empty for files."""

    url = serializers.CharField(source="page", read_only=True)

    class Meta:
        model = Attachment
        fields = (
            "id",
            "kind",
            "state",
            "url",
            "mime_type",
            "filename",
            "title",
            "voice",
            "size",
            "width",
            "height",
            "has_thumbnail",
            "error",
        )


class ReactionSerializer(serializers.ModelSerializer):
    """The emoji that somebody has on a message; without a contact it is ours."""

    contact = PersonSerializer(source="*", read_only=True, allow_null=True)

    class Meta:
        model = Reaction
        fields = ("emoji", "contact", "provider_at")


class MentionSerializer(serializers.ModelSerializer):
    """A colleague who is named in a note."""

    user = serializers.UUIDField(source="user.public_id", read_only=True)
    name = serializers.CharField(source="user.name", read_only=True)

    class Meta:
        model = Mention
        fields = ("user", "name")


class MessageSerializer(WithId):
    """One message of a thread. `reply_to` is the `external_id` of another one.

    `status` of a message of ours: queued, sending, sent, delivered, read, played;
    failed; unknown (it may have been sent, which is being found out); unconfirmed (it
    was not found out: somebody decides). `error` says in words what went wrong, or
    what it waits for until `next_attempt_at`; `depends_on` is the message before it.
    """

    contact = PersonSerializer(source="*", read_only=True)
    author = ColleagueSerializer(read_only=True, allow_null=True)
    attachments = AttachmentSerializer(many=True, read_only=True)
    reactions = ReactionSerializer(many=True, read_only=True)
    mentions = MentionSerializer(many=True, read_only=True)
    depends_on = serializers.UUIDField(
        source="depends_on.public_id", read_only=True, allow_null=True
    )

    class Meta:
        model = Message
        fields = (
            "id",
            "direction",
            "kind",
            "text",
            "payload",
            "contact",
            "author",
            "external_id",
            "reply_to",
            "status",
            "errors",
            "error",
            "attempts",
            "next_attempt_at",
            "depends_on",
            "attachments",
            "reactions",
            "mentions",
            "provider_at",
            "created_at",
            "edited_at",
            "unsent_at",
        )


class PlaceSerializer(WithId):
    """Which conversation it is."""

    class Meta:
        model = Conversation
        fields = ("id", "channel", "status")


class FoundMessageSerializer(WithId):
    """A message that says what was sought, and where."""

    conversation = PlaceSerializer(read_only=True)
    contact = PersonSerializer(source="*", read_only=True)
    author = ColleagueSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Message
        fields = (
            "id",
            "conversation",
            "contact",
            "author",
            "direction",
            "kind",
            "text",
            "status",
            "provider_at",
        )
