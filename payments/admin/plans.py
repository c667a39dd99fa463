"""Plans: edited until they are at Razorpay, then only renamed and limited anew."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest
from rest_framework.exceptions import APIException
from unfold.decorators import display

from payments import dunning, planning
from payments.admin.base import rupees
from payments.models import Plan, Subscription
from payments.models.plans import FROZEN
from teams.back_office import WithHint
from teams.models import Workspace


@admin.register(Plan)
class PlanAdmin(WithHint):
    """For platform staff. Saving a new plan makes it at Razorpay."""

    list_display = ("name", "price", "period", "limits", "on_sale", "razorpay_id")
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "description", "position", "is_public")}),
        (
            "Price (frozen once it is at Razorpay)",
            {"fields": ("price_paise", "currency", "period", "trial_days")},
        ),
        ("Limits (empty is without)", {"fields": ("seats", "channels", "leads")}),
        ("", {"fields": ("messages", "razorpay_id")}),
    )
    hint = "No plan yet. A plan is made at Razorpay when you save it."

    @display(description="Price", ordering="price_paise")
    def price(self, plan: Plan) -> str:
        return rupees(plan.price_paise, plan.currency)

    @display(description="Limits")
    def limits(self, plan: Plan) -> str:
        said = (f"{most:,} {name}" for name, most in plan.limits.items() if most)
        return ", ".join(said) or "none"

    @display(description="On sale", boolean=True)
    def on_sale(self, plan: Plan) -> bool:
        return plan.is_public and bool(plan.razorpay_id)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple:
        return FROZEN if obj and obj.razorpay_id else ("razorpay_id",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Razorpay deletes none; take it off sale instead."""
        may = super().has_delete_permission(request, obj)
        return may and obj is not None and not obj.razorpay_id

    def save_model(
        self, request: HttpRequest, obj: Plan, form: Any, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if not obj.razorpay_id:
            try:
                planning.publish(obj)
            except APIException as error:
                said = f"Not at Razorpay yet, save it again: {error.detail}"
                messages.error(request, said)
        self._write_limits(obj)

    def _write_limits(self, plan: Plan) -> None:
        """New limits count at once for who has the plan."""
        theirs = Subscription.objects.current().filter(plan=plan)
        for pk in theirs.order_by("workspace").values_list("workspace", flat=True):
            with transaction.atomic():
                dunning.take_stock(Workspace.objects.locked().get(pk=pk))
