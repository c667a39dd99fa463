"""The shapes of people and workspaces in the API."""

from typing import Any, ClassVar

from django.db import models
from django.utils.text import slugify
from rest_framework import serializers

from teams import signing_up
from teams.models import Membership, User, Workspace
from teams.roles import ALLOWED, SUPPORT, Action, Role


class SavesChanges:
    """Goes before ModelSerializer; an update writes no column that was not sent, so
    that it cannot undo what a worker wrote meanwhile."""

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        stamps = [
            field.name
            for field in instance._meta.concrete_fields
            if getattr(field, "auto_now", False)
        ]
        instance.save(update_fields=[*validated_data, *stamps])
        return instance


class WorkspaceSerializer(SavesChanges, serializers.ModelSerializer):
    """A workspace and its settings."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    currency = serializers.RegexField(
        r"^[A-Z]{3}\Z", required=False, help_text="ISO 4217, such as INR."
    )

    class Meta:
        model = Workspace
        fields = ("id", "slug", "name", "timezone", "currency", "created_at")
        read_only_fields = ("slug",)


class NewWorkspaceSerializer(WorkspaceSerializer):
    """Who creates it is its owner. The slug is made from the name unless given."""

    slug = serializers.RegexField(
        r"^[a-z0-9]+(-[a-z0-9]+)*\Z",
        max_length=60,
        required=False,
        error_messages={"invalid": "Small letters, digits and single hyphens only."},
    )

    class Meta(WorkspaceSerializer.Meta):
        read_only_fields = ()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("slug") and not slugify(attrs["name"]):
            raise serializers.ValidationError(
                {"slug": "No slug can be made from this name: give one."},
                code="required",
            )
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Workspace:
        try:
            return signing_up.found(self.context["request"].user, **validated_data)
        except signing_up.SlugTaken as error:
            raise serializers.ValidationError(
                {"slug": "This slug is taken: choose another."}, code="unique"
            ) from error


class MyWorkspaceSerializer(serializers.ModelSerializer):
    """What one needs to know of a workspace to enter it."""

    class Meta:
        model = Workspace
        fields = ("slug", "name", "timezone")


PLACES = (*Role.choices, (SUPPORT, "Support"))  # the last for platform staff alone


class MembershipSerializer(serializers.ModelSerializer):
    """My place in a workspace, and what I may do there."""

    workspace = MyWorkspaceSerializer(read_only=True)
    role = serializers.ChoiceField(choices=PLACES, read_only=True)
    actions = serializers.SerializerMethodField()

    class Meta:
        model = Membership
        fields = ("workspace", "role", "actions")

    def get_actions(self, membership: Membership) -> list[Action]:
        return sorted(ALLOWED.get(membership.role, ()))


class MeSerializer(serializers.ModelSerializer):
    """Who is signed in."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    memberships = MembershipSerializer(source="places", many=True, read_only=True)

    class Meta:
        model = User
        fields = ("id", "email", "name", "memberships")
        read_only_fields: ClassVar[tuple[str, ...]] = ("email", "name")


def my_places(places: models.QuerySet) -> models.Prefetch:
    """The memberships that MeSerializer shows, in one query, as `places`."""
    places = places.select_related("workspace").order_by("workspace__name", "id")
    return models.Prefetch("memberships", places, to_attr="places")
