"""What is paid at the stand-in for Razorpay: customers, orders, payments, refunds."""

from typing import Any

from flexoraa.sandbox import razorpay_shapes as shapes
from flexoraa.sandbox.razorpay_shapes import ApiError, Entity
from flexoraa.sandbox.razorpay_shelf import Shelf

DAY = 86_400
REFUNDABLE = 183 * DAY


class Till(Shelf):
    """Payments go through or are declined; the caller says which."""

    def create_customer(self, given: Entity) -> Entity:
        for known in self.customers.values():
            if all(known[k] == given.get(k) for k in ("email", "contact")):
                if given.get("fail_existing") == "0":
                    return known
                raise ApiError("Customer already exists for the merchant")
        id = self.new_id("cust")
        names = ("name", "email", "contact", "gstin")
        made = {"id": id, "entity": "customer"} | {k: given.get(k) for k in names}
        self.customers[id] = made | {"notes": [], "created_at": self.now}
        return self.customers[id]

    def create_order(self, given: Entity) -> Entity:
        if not isinstance(given.get("amount"), int) or given["amount"] < 100:
            raise ApiError("Order amount less than minimum amount allowed")
        if len(given.get("receipt") or "") > 40:
            raise ApiError("The receipt may not be greater than 40 characters.")
        made = shapes.order(self.new_id("order"), self.now, given)
        self.orders[made["id"]] = made
        return made

    def pay_order(
        self, id: str, *, succeed: bool, method: str, capture: bool
    ) -> Entity:
        """Somebody pays in checkout."""
        order = self.found("orders", id)
        if order["status"] == "paid":
            raise ApiError("This order has already been paid")
        order["attempts"] += 1
        order["status"] = "attempted"
        paid = self._pay(order["amount"], succeed, method, order_id=id, capture=capture)
        if paid["status"] == "captured":
            self._paid_order(order, paid)
        return paid

    def capture(self, id: str, amount: Any, currency: Any) -> Entity:
        payment = self.found("payments", id)
        if payment["status"] != "authorized":
            raise ApiError("This payment has already been captured")
        if (amount, currency) != (payment["amount"], payment["currency"]):
            raise ApiError("Capture amount must be equal to the amount authorized")
        self._captured(payment)
        if payment["order_id"] in self.orders:
            self._paid_order(self.orders[payment["order_id"]], payment)
        return payment

    def refund(self, id: str, given: Entity, key: str) -> Entity:
        if key and key in self.keys:
            return self.refunds[self.keys[key]]
        payment = self.found("payments", id)
        if self.now - payment["created_at"] > REFUNDABLE:
            raise ApiError("The payment is older than 6 months: it cannot be refunded")
        left = payment["amount"] - payment["amount_refunded"]
        amount = given.get("amount", left)
        if payment["status"] not in ("captured", "refunded") or not 0 < amount <= left:
            raise ApiError(
                "The total refund amount is greater than the refund payment amount"
            )
        made = shapes.refund(
            self.new_id("rfnd"), self.now, payment, amount, given.get("notes")
        )
        self.refunds[made["id"]] = made
        if key:
            self.keys[key] = made["id"]
        payment["amount_refunded"] += amount
        is_full = payment["amount_refunded"] == payment["amount"]
        payment["refund_status"] = "full" if is_full else "partial"
        if is_full:
            payment["status"] = "refunded"
        self.tell("refund.created", refund=made, payment=payment)
        self.tell("refund.processed", refund=made, payment=payment)
        return made

    def _attempt(
        self, amount: int, succeed: bool, method: str, **fields: Any
    ) -> Entity:
        """A payment of a subscription: captured by itself, or failed."""
        made = shapes.payment(
            self.new_id("pay"), self.now, amount=amount, method=method, **fields
        )
        if not made["order_id"]:
            made["order_id"] = self.new_id("order")
        self.payments[made["id"]] = made
        made["status"] = "captured" if succeed else "failed"
        made |= _how_it_went(amount, succeed)
        return made

    def _pay(
        self, amount: int, succeed: bool, method: str, *, order_id: str, capture: bool
    ) -> Entity:
        """A payment of an order."""
        made = shapes.payment(
            self.new_id("pay"),
            self.now,
            amount=amount,
            method=method,
            order_id=order_id,
        )
        self.payments[made["id"]] = made
        if not succeed:
            made["status"] = "failed"
            made |= _how_it_went(amount, succeed)
            self.tell("payment.failed", payment=made)
            return made
        made["status"] = "authorized"
        self.tell("payment.authorized", payment=made)
        if capture:
            self._captured(made)
        return made

    def _captured(self, payment: Entity) -> None:
        payment["status"] = "captured"
        payment |= _how_it_went(payment["amount"], True)
        self.tell("payment.captured", payment=payment)

    def _paid_order(self, order: Entity, payment: Entity) -> None:
        order |= {"status": "paid", "amount_paid": order["amount"], "amount_due": 0}
        self.tell("order.paid", payment=payment, order=order)


def _how_it_went(amount: int, succeed: bool) -> Entity:
    if succeed:
        return {"captured": True, "fee": amount * 236 // 10_000, "tax": amount // 278}
    return {
        "captured": False,
        "error_code": "BAD_REQUEST_ERROR",
        "error_description": "Your payment was declined by the bank.",
        "error_source": "bank",
        "error_step": "payment_authorization",
        "error_reason": "payment_failed",
    }
