"""What a payer needs to go through checkout, and how a workspace stands: for doors."""

from typing import Any

from django.conf import settings

from payments import access, usage
from payments.models import Customer, Order, Subscription
from teams.models import User, Workspace


def checkout(row: Subscription | Order, payer: User) -> dict[str, Any] | None:
    """The options of `new Razorpay(…)`; None while there is nothing to pay for.

    An amount is passed for orders only: a subscription's is its plan's (razorpay.com,
    "Integrate with standard checkout")."""
    if not row.razorpay_id or row.status not in ("created", "attempted"):
        return None
    customer = Customer.objects.for_workspace(row.workspace_id).first()
    prefill = {"name": payer.name, "email": payer.email}
    if customer:
        prefill = {"name": customer.legal_name, "email": customer.email}
        prefill |= {"contact": customer.phone} if customer.phone else {}
    common = {
        "script": settings.RAZORPAY_CHECKOUT_URL,
        "key": settings.RAZORPAY_KEY_ID,
        "name": settings.SELLER["name"] or "Flexoraa",
        "prefill": prefill,
    }
    if isinstance(row, Order):
        return common | {
            "order_id": row.razorpay_id,
            "amount": row.amount_paise,
            "currency": row.currency,
            "description": row.purpose,
        }
    return common | {"subscription_id": row.razorpay_id, "description": str(row.plan)}


def overview(workspace: Workspace, payer: User) -> dict[str, Any]:
    """State, limits and their use, the subscription and its successor."""
    found = access.standing(workspace)
    mine = Subscription.objects.for_workspace(workspace).select_related(
        "plan", "next_plan"
    )
    current = mine.current().first()
    successor = mine.live().filter(place=Subscription.Place.SUCCESSOR).first()
    used = usage.used(workspace)
    payable = next((r for r in (successor, current) if r and checkout(r, payer)), None)
    return {
        "state": found.state.value,
        "until": found.until,
        "at_risk": found.reason,
        "plan": found.plan,
        "limits": {
            name: {"limit": limit, "used": used.get(name, 0)}
            for name, limit in found.limits.items()
        },
        "subscription": current,
        "successor": successor,
        "checkout": checkout(payable, payer) if payable else None,
    }
