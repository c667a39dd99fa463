"""Campaigns and what they cost."""

from typing import Any

from django.db.models import Count, OuterRef, ProtectedError, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib.errors import Conflict
from leads.api.changes import CampaignChangeSerializer, SpendChangeSerializer
from leads.api.filters import SpendFilter
from leads.api.pipeline import CRUD, Crud
from leads.api.serializers import CampaignSerializer, SpendSerializer
from leads.models import Campaign, Lead, SpendEntry
from teams.api.scoping import WorkspaceScoped
from teams.roles import Action


def with_figures(campaigns: QuerySet) -> QuerySet:
    """Campaigns with their leads of now and what they cost in their own currency."""
    leads = Lead.objects.live().filter(campaign=OuterRef("pk")).order_by()
    spend = SpendEntry.objects.current().filter(
        campaign=OuterRef("pk"), currency=OuterRef("currency")
    )
    return campaigns.annotate(
        leads_count=Coalesce(
            Subquery(leads.values("campaign").annotate(n=Count("pk")).values("n")), 0
        ),
        spent=Coalesce(
            Subquery(
                spend.order_by()
                .values("campaign")
                .annotate(n=Sum("amount_paise"))
                .values("n")
            ),
            0,
        ),
    )


class CampaignViewSet(WorkspaceScoped, Crud):
    """Campaigns, the newest first. One that brought leads stays: end it instead."""

    queryset = with_figures(Campaign.objects.all())
    serializer_class = CampaignSerializer
    ordering = "-id"
    actions = CRUD

    @extend_schema(
        request=CampaignChangeSerializer, responses={201: CampaignSerializer}
    )
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        change = self.change(data=request.data)
        change.is_valid(raise_exception=True)
        campaign = change.save(workspace=self.workspace)
        return Response(self.shown(campaign), status=status.HTTP_201_CREATED)

    @extend_schema(request=CampaignChangeSerializer)
    def partial_update(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        change = self.change(self.get_object(), data=request.data, partial=True)
        change.is_valid(raise_exception=True)
        return Response(self.shown(change.save()))

    def perform_destroy(self, instance: Campaign) -> None:
        try:
            instance.delete()
        except ProtectedError as error:
            raise Conflict(
                "It has leads, touches or spend, which would lose it: set its status "
                "to ended instead."
            ) from error

    def change(self, *args: Any, **kwargs: Any) -> CampaignChangeSerializer:
        context = self.get_serializer_context()
        return CampaignChangeSerializer(*args, context=context, **kwargs)

    def shown(self, campaign: Campaign) -> dict[str, Any]:
        row = self.get_queryset().get(pk=campaign.pk)
        return self.get_serializer(row).data


@extend_schema(
    parameters=[OpenApiParameter("campaign", OpenApiTypes.UUID, OpenApiParameter.PATH)]
)
class SpendViewSet(WorkspaceScoped, Crud, GenericViewSet):
    """What a campaign cost, the latest entry first; by day and kind."""

    queryset = SpendEntry.objects.all()
    serializer_class = SpendSerializer
    filterset_class = SpendFilter
    ordering = "-id"
    actions = {
        "list": Action.READ,
        "create": Action.MANAGE_LEADS,
        "partial_update": Action.MANAGE_LEADS,
    }

    def campaign(self) -> Campaign:
        rows = Campaign.objects.for_workspace(self.workspace)
        return get_object_or_404(rows, public_id=self.kwargs["campaign"])

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(campaign=self.campaign())

    def filter_queryset(self, queryset: Any) -> Any:
        """Filters are for the list; an entry that was replaced says so itself."""
        is_list = self.action == "list"
        return super().filter_queryset(queryset) if is_list else queryset

    @extend_schema(request=SpendChangeSerializer, responses={201: SpendSerializer})
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        campaign = self.campaign()
        change = SpendChangeSerializer(data=request.data)
        change.is_valid(raise_exception=True)
        entry = change.save(
            workspace=self.workspace, campaign=campaign, by=request.user
        )
        return Response(SpendSerializer(entry).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=SpendChangeSerializer)
    def partial_update(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Correct the amount: the answer is the entry that replaces this one."""
        context = self.get_serializer_context()
        change = SpendChangeSerializer(
            self.get_object(), data=request.data, partial=True, context=context
        )
        change.is_valid(raise_exception=True)
        return Response(SpendSerializer(change.save()).data)
