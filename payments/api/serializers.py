"""The shapes of plans, subscriptions, invoices and payments in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from payments.models import (
    Customer,
    Invoice,
    InvoiceLine,
    Order,
    Payment,
    Plan,
    Refund,
    Subscription,
)
from payments.models.plans import LEAST_PAISE

MOST_PAISE = 10**11  # a hundred crore rupees; more is a slip


class WithId(serializers.ModelSerializer):
    """A row whose `id` is its public one."""

    id = serializers.UUIDField(source="public_id", read_only=True)


class PriceSerializer(serializers.ModelSerializer):
    """What a period costs, tax included."""

    amount_paise = serializers.IntegerField(source="price_paise")

    class Meta:
        model = Plan
        fields = ("amount_paise", "currency")


class LimitsSerializer(serializers.ModelSerializer):
    """The most of each; null is without limit."""

    class Meta:
        model = Plan
        fields = ("seats", "channels", "leads", "messages")


class PlanSerializer(WithId):
    """A plan that is on sale."""

    price = PriceSerializer(source="*", read_only=True)
    limits = LimitsSerializer(source="*", read_only=True)

    class Meta:
        model = Plan
        fields = (
            "id",
            "name",
            "description",
            "price",
            "period",
            "trial_days",
            "limits",
        )


class PlanNameSerializer(WithId):
    """Which plan it is."""

    class Meta:
        model = Plan
        fields = ("id", "name", "period")


class SubscriptionSerializer(WithId):
    """A subscription. `cancel_at_period_end` is our own note: Razorpay shows it in no
    field. `next_charge_at` is null where nothing will be charged."""

    plan = PlanNameSerializer(read_only=True)
    next_plan = PlanNameSerializer(read_only=True, allow_null=True)
    status_text = serializers.CharField(source="get_status_display", read_only=True)
    next_charge_at = serializers.SerializerMethodField()
    price = serializers.SerializerMethodField()

    class Meta:
        model = Subscription
        fields = (
            "id",
            "status",
            "status_text",
            "plan",
            "next_plan",
            "quantity",
            "price",
            "current_start",
            "current_end",
            "next_charge_at",
            "cancel_at_period_end",
            "paid_count",
            "payment_method",
            "trouble_since",
            "expire_by",
            "razorpay_id",
            "created_at",
        )

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_charge_at(self, row: Subscription) -> Any:
        at = None if row.cancel_at_period_end else row.charge_at
        return serializers.DateTimeField().to_representation(at) if at else None

    def get_price(self, row: Subscription) -> dict[str, Any]:
        return {"amount_paise": row.price_paise, "currency": row.plan.currency}


class PlanField(serializers.UUIDField):
    """A plan by its id; one that is not on sale does not exist."""

    default_error_messages = {"does_not_exist": "There is no such plan on sale."}

    def to_internal_value(self, data: Any) -> Plan:
        plan = Plan.objects.on_sale().filter(public_id=super().to_internal_value(data))
        return plan.first() or self.fail("does_not_exist")


class SubscribeSerializer(serializers.Serializer):
    """What to subscribe to."""

    plan = PlanField(help_text="The id of a plan of GET subscriptions/plans.")
    quantity = serializers.IntegerField(min_value=1, max_value=10_000, default=1)


class ChangeSerializer(SubscribeSerializer):
    """Another plan, from now on or from the end of the paid period."""

    at_period_end = serializers.BooleanField(default=False)


class CancelSerializer(serializers.Serializer):
    """When it ends; what is paid stays usable either way."""

    at_period_end = serializers.BooleanField(default=True)


class VerifySerializer(serializers.Serializer):
    """What checkout handed to the browser, with one of the two ids."""

    razorpay_payment_id = serializers.CharField(max_length=40)
    razorpay_signature = serializers.CharField(max_length=200)
    razorpay_subscription_id = serializers.CharField(max_length=40, required=False)
    razorpay_order_id = serializers.CharField(max_length=40, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = {"razorpay_subscription_id", "razorpay_order_id"} & attrs.keys()
        if len(given) != 1:
            raise serializers.ValidationError(
                "Send razorpay_subscription_id or razorpay_order_id, as checkout did.",
                code="required",
            )
        return attrs


class CustomerSerializer(serializers.ModelSerializer):
    """Whom invoices are made out to. With a GSTIN the state is the GSTIN's."""

    class Meta:
        model = Customer
        fields = (
            "legal_name",
            "email",
            "phone",
            "address",
            "state",
            "country",
            "gstin",
        )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        draft = Customer(**attrs)
        draft.clean()
        return attrs | {"state": draft.state, "gstin": draft.gstin}

    def validate_gstin(self, value: str) -> str:
        return value.upper()


class TotalSerializer(serializers.ModelSerializer):
    """What an invoice comes to."""

    amount_paise = serializers.IntegerField(source="total_paise")

    class Meta:
        model = Invoice
        fields = ("amount_paise", "currency")


class TaxSerializer(serializers.ModelSerializer):
    """How the total splits, in paise."""

    class Meta:
        model = Invoice
        fields = ("taxable_paise", "cgst_paise", "sgst_paise", "igst_paise")


class InvoiceLineSerializer(serializers.ModelSerializer):
    """What was sold."""

    class Meta:
        model = InvoiceLine
        fields = (
            "description",
            "sac",
            "quantity",
            "rate_percent",
            "taxable_paise",
            "total_paise",
        )


class InvoiceSerializer(WithId):
    """Our tax invoice of one payment; `GET …/{id}/pdf` is the paper."""

    total = TotalSerializer(source="*", read_only=True)
    tax = TaxSerializer(source="*", read_only=True)
    payment = serializers.UUIDField(source="payment.public_id", read_only=True)
    lines = InvoiceLineSerializer(many=True, read_only=True)

    class Meta:
        model = Invoice
        fields = (
            "id",
            "number",
            "issued_on",
            "total",
            "tax",
            "place_of_supply",
            "recipient",
            "period_start",
            "period_end",
            "payment",
            "lines",
        )


class AmountSerializer(serializers.ModelSerializer):
    """What was paid or asked for."""

    class Meta:
        model = Payment
        fields = ("amount_paise", "currency")


class RefundSerializer(WithId):
    """Money on its way back, in the payment's currency."""

    class Meta:
        model = Refund
        fields = ("id", "amount_paise", "status", "reason", "created_at")


class PaymentSerializer(WithId):
    """An attempt to pay. `is_held`: the amount is not what was asked for, and a person
    looks at it before it counts."""

    amount = AmountSerializer(source="*", read_only=True)
    refunds = RefundSerializer(many=True, read_only=True)

    class Meta:
        model = Payment
        fields = (
            "id",
            "razorpay_id",
            "amount",
            "refunded_paise",
            "status",
            "method",
            "error_description",
            "is_held",
            "held_reason",
            "dispute_status",
            "period_start",
            "period_end",
            "made_at",
            "refunds",
        )


class NewRefundSerializer(serializers.Serializer):
    """How much goes back; without an amount, all that is left."""

    amount_paise = serializers.IntegerField(
        min_value=1, max_value=MOST_PAISE, required=False
    )
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class OrderSerializer(WithId):
    """An amount that is asked for once."""

    class Meta:
        model = Order
        fields = (
            "id",
            "purpose",
            "amount_paise",
            "currency",
            "status",
            "razorpay_id",
            "created_at",
        )
        read_only_fields = ("currency", "status", "razorpay_id", "created_at")
        extra_kwargs = {
            "amount_paise": {"min_value": LEAST_PAISE, "max_value": MOST_PAISE}
        }


class UseSerializer(serializers.Serializer):
    """A limit and how much of it is used; null is without limit."""

    limit = serializers.IntegerField(allow_null=True)
    used = serializers.IntegerField()


class CheckoutSerializer(serializers.Serializer):
    """What `new Razorpay(…)` of checkout.js takes, and where that script is."""

    script = serializers.URLField()
    key = serializers.CharField()
    subscription_id = serializers.CharField(required=False)
    order_id = serializers.CharField(required=False)
    amount = serializers.IntegerField(required=False)
    currency = serializers.CharField(required=False)
    name = serializers.CharField()
    description = serializers.CharField()
    prefill = serializers.DictField(child=serializers.CharField())


class SubscribedSerializer(serializers.Serializer):
    """The subscription, and how its mandate is given. `checkout` is null while
    Razorpay has not answered (`creating`): ask `current` in a moment."""

    subscription = SubscriptionSerializer()
    checkout = CheckoutSerializer(allow_null=True)


class ChangedSerializer(SubscribedSerializer):
    """How a change of plan goes on; with `needs_mandate` the payer has to authorise
    `subscription` in checkout, and the old one stands until then."""

    needs_mandate = serializers.BooleanField()
    reason = serializers.CharField()


class OrderedSerializer(serializers.Serializer):
    """The order, and how it is paid."""

    order = OrderSerializer()
    checkout = CheckoutSerializer(allow_null=True)


class CurrentSerializer(serializers.Serializer):
    """How the workspace stands: `open` (nobody is asked to pay), `trial`, `active`,
    `grace` or `read_only`, until when, and what is at risk."""

    state = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)
    at_risk = serializers.CharField(allow_blank=True)
    plan = PlanSerializer(allow_null=True)
    limits = serializers.DictField(child=UseSerializer())
    subscription = SubscriptionSerializer(allow_null=True)
    successor = SubscriptionSerializer(allow_null=True)
    checkout = CheckoutSerializer(allow_null=True)
