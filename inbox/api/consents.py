"""Opt-outs over the API: the ledger, what it says of a person, and the words."""

from typing import Any

import django_filters as filters
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib.rows import ReadsRows, shape_of
from inbox import consents
from inbox.api.serializers import ColleagueSerializer, WithId
from inbox.models import ConsentEntry, Contact, OutreachSettings
from inbox.models.consents import LONGEST, STOP
from teams.api.idempotency import idempotent
from teams.api.scoping import WorkspaceScoped
from teams.api.serializers import SavesChanges
from teams.roles import Action

LATEST = 50
Words = serializers.ListField


class ConsentEntrySerializer(WithId):
    """One entry of the ledger: who (by which name on which channel), what they want,
    when by the provider's clock, and how it is known."""

    contact = serializers.UUIDField(
        source="contact.public_id", read_only=True, allow_null=True
    )
    by = ColleagueSerializer(read_only=True, allow_null=True)

    class Meta:
        model = ConsentEntry
        fields = (
            "id",
            "channel",
            "kind",
            "key",
            "contact",
            "wants",
            "source",
            "words",
            "by",
            "at",
            "created_at",
        )


class EntryFilter(filters.FilterSet):
    """By what is wanted, how it is known, and the exact name of the person."""

    wants = filters.BooleanFilter()
    source = filters.ChoiceFilter(choices=ConsentEntry.Source.choices)
    key = filters.CharFilter(max_length=200, label="A number, or another id.")

    class Meta:
        model = ConsentEntry
        fields = ()


class EntryViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """The ledger, the latest first. Entries are never changed and never deleted."""

    queryset = ConsentEntry.objects.all()
    serializer_class = ConsentEntrySerializer
    filterset_class = EntryFilter
    ordering = "-id"
    actions = {"list": Action.READ}


class SaidConsentSerializer(serializers.Serializer):
    """What the person told you, and how."""

    wants = serializers.BooleanField()
    words = serializers.CharField(max_length=300, allow_blank=True, default="")


class ConsentSerializer(serializers.Serializer):
    """Whether a person wants marketing, as the latest entry says, and the entries."""

    wants_marketing = serializers.BooleanField()
    entries = ConsentEntrySerializer(many=True)


@extend_schema(
    parameters=[OpenApiParameter("contact", OpenApiTypes.UUID, OpenApiParameter.PATH)],
    responses=ConsentSerializer,
)
class ConsentViewSet(WorkspaceScoped, GenericViewSet):
    """What the ledger says of one person."""

    queryset = Contact.objects.select_related("merged_into")
    serializer_class = ConsentSerializer
    actions = {"retrieve": Action.READ, "record": Action.WORK}

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(self.told(self.person()))

    @extend_schema(request=SaidConsentSerializer, responses={201: ConsentSerializer})
    @idempotent(required=False)
    def record(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Enter that they opt out, or in again. 409 when the ledger says so already."""
        person = self.person()
        form = SaidConsentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        consents.record(person, by=request.user, **form.validated_data)
        return Response(self.told(person), status=status.HTTP_201_CREATED)

    def person(self) -> Contact:
        """The contact of the path."""
        return get_object_or_404(self.get_queryset(), public_id=self.kwargs["contact"])

    def told(self, person: Contact) -> dict[str, Any]:
        """What the ledger says."""
        entries = ConsentEntry.objects.of_person(person)[:LATEST]
        shape = shape_of(ConsentEntrySerializer)
        return {
            "wants_marketing": not ConsentEntry.objects.stopped([person.pk]),
            "entries": shape.answers(shape.select(entries)),
        }


class OutreachSettingsSerializer(SavesChanges, serializers.ModelSerializer):
    """Words that end and allow marketing, beside those of the `languages`; prices for a
    thousand messages in paise, from the platform's rate card."""

    languages = serializers.ListField(
        child=serializers.ChoiceField(list(STOP)), required=False, max_length=50
    )
    stop_words = Words(
        child=serializers.CharField(max_length=LONGEST), required=False, max_length=50
    )
    start_words = Words(
        child=serializers.CharField(max_length=LONGEST), required=False, max_length=50
    )

    class Meta:
        model = OutreachSettings
        fields = (
            "languages",
            "stop_words",
            "start_words",
            "marketing_paise",
            "utility_paise",
            "authentication_paise",
        )
        extra_kwargs = dict.fromkeys(
            ("marketing_paise", "utility_paise", "authentication_paise"),
            {"max_value": 10**9},
        )


class OutreachSettingsViewSet(WorkspaceScoped, mixins.UpdateModelMixin, GenericViewSet):
    """The workspace's one row of settings."""

    queryset = OutreachSettings.objects.all()
    serializer_class = OutreachSettingsSerializer
    actions = {"retrieve": Action.READ, "partial_update": Action.MANAGE_WORKSPACE}

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        found = consents.settings_of(self.workspace)
        return Response(self.get_serializer(found).data)

    def get_object(self) -> OutreachSettings:
        found, _ = OutreachSettings.objects.get_or_create(workspace=self.workspace)
        return found
