"""Plans, the subscription of a workspace, and the verbs on it."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib.rows import ReadsRows
from payments import offering, ordering, subscribing
from payments.api import serializers
from payments.models import Customer, Plan, Subscription
from teams.api.idempotency import idempotent
from teams.api.scoping import WorkspaceScoped
from teams.roles import Action


class PlanViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """The plans on sale, the same for every workspace."""

    serializer_class = serializers.PlanSerializer
    ordering = "position"
    actions = {"list": Action.READ}

    def get_queryset(self) -> Any:
        return Plan.objects.on_sale()


class SubscriptionViewSet(WorkspaceScoped, GenericViewSet):
    """The workspace's subscription: how it stands, and what may be done with it."""

    serializer_class = serializers.SubscriptionSerializer
    pagination_class = None
    actions = {
        "current": Action.READ_BILLING,
        "subscribe": Action.MANAGE_BILLING,
        "verify": Action.MANAGE_BILLING,
        "cancel": Action.MANAGE_BILLING,
        "change": Action.MANAGE_BILLING,
        "pause": Action.MANAGE_BILLING,
        "resume": Action.MANAGE_BILLING,
    }

    def get_queryset(self) -> Any:
        return Subscription.objects.for_workspace(self.workspace)

    @extend_schema(responses=serializers.CurrentSerializer)
    def current(self, request: Any, **kwargs: Any) -> Response:
        """State, limits and the use of each, the next charge, what is at risk."""
        found = offering.overview(self.workspace, request.user)
        return Response(serializers.CurrentSerializer(found).data)

    @extend_schema(
        request=serializers.SubscribeSerializer,
        responses={
            201: serializers.SubscribedSerializer,
            202: OpenApiResponse(
                serializers.SubscribedSerializer,
                description="Razorpay did not answer; it is being found out.",
            ),
        },
    )
    @idempotent(atomic=False)
    def subscribe(self, request: Any, **kwargs: Any) -> Response:
        """A subscription to authorise in checkout; the same one when asked again."""
        given = self.given(serializers.SubscribeSerializer)
        row = subscribing.subscribe(self.workspace, **given, actor=request.user)
        answer = serializers.SubscribedSerializer(self.payable(row)).data
        return Response(answer, _status_of(row))

    @extend_schema(
        request=serializers.VerifySerializer,
        responses=serializers.SubscriptionSerializer,
    )
    def verify(self, request: Any, **kwargs: Any) -> Response:
        """What checkout handed over, proven and settled; 400 for a signature that is
        not Razorpay's or not for this workspace. An order's answer is the order."""
        given = self.given(serializers.VerifySerializer)
        proof = (given["razorpay_payment_id"], given["razorpay_signature"])
        if order_id := given.get("razorpay_order_id"):
            order = ordering.verify(self.workspace, order_id, *proof)
            return Response(serializers.OrderSerializer(order).data)
        sub_id = given["razorpay_subscription_id"]
        row = subscribing.verify(self.workspace, sub_id, *proof)
        return Response(self.get_serializer(row).data)

    @extend_schema(request=serializers.CancelSerializer)
    @idempotent(atomic=False)
    def cancel(self, request: Any, **kwargs: Any) -> Response:
        """End it now or with the paid period; 409 where Razorpay would only pretend."""
        given = self.given(serializers.CancelSerializer)
        row = subscribing.cancel(self.workspace, **given, actor=request.user)
        return Response(self.get_serializer(row).data)

    @extend_schema(
        request=serializers.ChangeSerializer, responses=serializers.ChangedSerializer
    )
    @idempotent(atomic=False)
    def change(self, request: Any, **kwargs: Any) -> Response:
        """Another plan: of this mandate where it may be, else by a new one."""
        given = self.given(serializers.ChangeSerializer)
        done = subscribing.change(self.workspace, **given, actor=request.user)
        found = self.payable(done.subscription) | {
            "needs_mandate": done.needs_mandate,
            "reason": done.reason,
        }
        return Response(serializers.ChangedSerializer(found).data)

    @extend_schema(request=None)
    @idempotent(atomic=False)
    def pause(self, request: Any, **kwargs: Any) -> Response:
        """No charges until it is resumed; only while it is active."""
        row = subscribing.pause(self.workspace, actor=request.user)
        return Response(self.get_serializer(row).data)

    @extend_schema(request=None)
    @idempotent(atomic=False)
    def resume(self, request: Any, **kwargs: Any) -> Response:
        """Go on after a pause."""
        row = subscribing.resume(self.workspace, actor=request.user)
        return Response(self.get_serializer(row).data)

    def given(self, serializer: type) -> dict[str, Any]:
        """The body, valid."""
        found = serializer(data=self.request.data)
        found.is_valid(raise_exception=True)
        return found.validated_data

    def payable(self, row: Subscription) -> dict[str, Any]:
        """The subscription with what checkout takes."""
        return {
            "subscription": row,
            "checkout": offering.checkout(row, self.request.user),
        }


class BillingDetailsViewSet(
    WorkspaceScoped,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    GenericViewSet,
):
    """Whom the invoices are made out to."""

    serializer_class = serializers.CustomerSerializer
    queryset = Customer.objects.all()
    pagination_class = None
    actions = {"retrieve": Action.READ_BILLING, "update": Action.MANAGE_BILLING}

    def get_object(self) -> Customer:
        return subscribing.billing_details(self.workspace)

    @transaction.atomic
    def perform_update(self, serializer: Any) -> None:
        type(self.workspace).objects.locked().get(pk=self.workspace.pk)
        serializer.instance = self.get_object()  # another request may have made it
        serializer.save(workspace=self.workspace)


def _status_of(row: Subscription) -> int:
    is_creating = row.status == Subscription.Status.CREATING
    return status.HTTP_202_ACCEPTED if is_creating else status.HTTP_201_CREATED
