"""The shapes of members, invitations and API keys in the API."""

from typing import ClassVar

from rest_framework import serializers

from teams.models import ApiKey, Invitation, Membership, User
from teams.roles import Role


class TeammateSerializer(serializers.ModelSerializer):
    """Somebody of the team."""

    id = serializers.UUIDField(source="public_id", read_only=True)

    class Meta:
        model = User
        fields = ("id", "name", "email")
        read_only_fields: ClassVar[tuple[str, ...]] = ("name", "email")


class InviteSerializer(serializers.Serializer):
    """Whom to invite, and as what."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(Role.choices, default=Role.MEMBER)

    def validate_email(self, value: str) -> str:
        return value.strip().lower()


class InvitationSerializer(serializers.ModelSerializer):
    """An invitation. `delivery` is what is known of its mail: queued, sent, failed or
    bounced, with the reason."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    state = serializers.ChoiceField(
        ["pending", "expired", "accepted", "revoked"], read_only=True
    )
    invited_by = TeammateSerializer(read_only=True)
    delivery = serializers.SerializerMethodField()
    delivery_error = serializers.SerializerMethodField()

    class Meta:
        model = Invitation
        fields = (
            "id",
            "email",
            "role",
            "state",
            "invited_by",
            "created_at",
            "sent_at",
            "expires_at",
            "accepted_at",
            "revoked_at",
            "delivery",
            "delivery_error",
        )
        read_only_fields = fields

    def get_delivery(self, invitation: Invitation) -> str:
        mail = invitation.mail
        if mail is None:
            return "unknown"
        return "bounced" if mail.bounced_at else str(mail.state)

    def get_delivery_error(self, invitation: Invitation) -> str:
        mail = invitation.mail
        return (mail.bounce_reason or mail.error) if mail else ""


class OutcomeSerializer(serializers.Serializer):
    """What became of one address."""

    email = serializers.EmailField(read_only=True)
    outcome = serializers.ChoiceField(
        ["invited", "already_member", "already_invited"], read_only=True
    )
    invitation = InvitationSerializer(read_only=True, allow_null=True)


class OutcomesSerializer(serializers.Serializer):
    """What became of each address, in the order of the request."""

    results = OutcomeSerializer(many=True, read_only=True)


class MemberSerializer(serializers.ModelSerializer):
    """A member. `open_work` counts what is theirs and not done, by kind."""

    id = serializers.UUIDField(source="user.public_id", read_only=True)
    name = serializers.CharField(source="user.name", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)
    is_active = serializers.BooleanField(source="user.is_active", read_only=True)
    open_work = serializers.DictField(child=serializers.IntegerField(), read_only=True)

    class Meta:
        model = Membership
        fields = (
            "id",
            "name",
            "email",
            "role",
            "is_active",
            "created_at",
            "last_seen_at",
            "open_work",
        )
        read_only_fields = fields


class RoleSerializer(serializers.Serializer):
    """The role to give."""

    role = serializers.ChoiceField(Role.choices)


class ApiKeySerializer(serializers.ModelSerializer):
    """An API key; `prefix` is how it begins."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    role = serializers.ChoiceField(Role.choices)
    made_by = TeammateSerializer(read_only=True)

    class Meta:
        model = ApiKey
        fields = (
            "id",
            "name",
            "role",
            "prefix",
            "made_by",
            "created_at",
            "last_used_at",
        )
        read_only_fields = ("prefix", "created_at", "last_used_at")


class NewApiKeySerializer(ApiKeySerializer):
    """With its text, this once."""

    key = serializers.CharField(read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = (*ApiKeySerializer.Meta.fields, "key")


class PreviewSerializer(serializers.Serializer):
    """What who has the link may know: not more of the address than they need."""

    workspace = serializers.CharField(source="workspace.name", read_only=True)
    invited_by = serializers.CharField(read_only=True)
    role = serializers.ChoiceField(Role.choices, read_only=True)
    email_hint = serializers.SerializerMethodField()
    expires_at = serializers.DateTimeField(read_only=True)

    def get_email_hint(self, invitation: Invitation) -> str:
        name, _, domain = invitation.email.partition("@")
        return f"{name[:1]}…@{domain}"


class AcceptedSerializer(serializers.Serializer):
    """Where one is now."""

    workspace = serializers.SlugField(source="workspace.slug", read_only=True)
    role = serializers.ChoiceField(Role.choices, read_only=True)
