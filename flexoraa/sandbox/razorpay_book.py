"""Razorpay's books: its objects, their states, and a clock that can be moved.

States and refusals as documented ("Subscription states", "Payment retries") and as
observed where the documentation is silent: a cancel at the end of the cycle shows in
no field; for a pending, halted or paused subscription it is accepted and does nothing.
"""

import json
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flexoraa.sandbox import razorpay_shapes as shapes
from flexoraa.sandbox.razorpay_shapes import ApiError, Entity

DAY = 86_400
REFUNDABLE = 183 * DAY
KINDS = "plans customers subscriptions orders payments invoices refunds".split()
MOST_CYCLES = {"monthly": 1200, "yearly": 100}
LIVE = ("created", "authenticated", "active", "pending", "halted", "paused")
Tell = Callable[..., None]


class Book:
    """All objects by id, in memory and, with a path, in a file. Callers hold `lock`.

    `tell(event, **entities)` is called for each webhook event.
    """

    def __init__(self, tell: Tell, url: str = "", path: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.url = url
        self.tell = tell
        self.clock: int | None = None  # seconds since 1970; None goes with the real one
        self._offset = 0
        self._path = path
        self._mark = secrets.token_hex(3)
        self._count = 0
        self.clear()
        if path and path.exists():
            self._load(json.loads(path.read_text()))

    def clear(self) -> None:
        """Forget everything but the time."""
        for kind in KINDS:
            setattr(self, kind, {})
        self.hidden: dict[str, Entity] = {}  # what no field of a subscription shows
        self.keys: dict[str, str] = {}  # refunds by their idempotency key

    plans: dict[str, Entity]
    customers: dict[str, Entity]
    subscriptions: dict[str, Entity]
    orders: dict[str, Entity]
    payments: dict[str, Entity]
    invoices: dict[str, Entity]
    refunds: dict[str, Entity]

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return self.clock if self.clock is not None else int(time.time()) + self._offset

    def new_id(self, prefix: str) -> str:
        """The prefix and 14 letters and digits, as Razorpay's."""
        self._count += 1
        return f"{prefix}_{self._mark}{self._count:08d}"

    def found(self, kind: str, id: str) -> Entity:
        """Raises as the API does, which says 400 and not 404."""
        try:
            return getattr(self, kind)[id]
        except KeyError:
            raise ApiError("The id provided does not exist") from None

    # Plans, customers, orders, refunds

    def create_plan(self, given: Entity) -> Entity:
        item = given.get("item") or {}
        if given.get("period") not in MOST_CYCLES or given.get("interval") != 1:
            raise ApiError("The selected period is invalid.")
        if not isinstance(item.get("amount"), int) or item["amount"] < 100:
            raise ApiError("The amount must be atleast INR 1.00")
        made = shapes.plan(self.new_id("plan"), self.now, given)
        self.plans[made["id"]] = made
        return made

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

    # Subscriptions: what the API does

    def create_subscription(self, given: Entity) -> Entity:
        plan = self.found("plans", str(given.get("plan_id")))
        most = MOST_CYCLES[plan["period"]]
        if not 0 < int(given.get("total_count") or 0) <= most:
            raise ApiError(f"Exceeds the maximum total_count ({most}) allowed")
        for name in ("expire_by", "start_at"):
            if name in given and given[name] <= self.now:
                raise ApiError(f"{name} cannot be lesser than the current time")
        made = shapes.subscription(self.new_id("sub"), self.now, given, self.url)
        self.subscriptions[made["id"]] = made
        self.hidden[made["id"]] = {"failing": 0, "cancel": False, "next_plan": None}
        return made

    def cancel(self, id: str, *, at_cycle_end: bool) -> Entity:
        sub = self.found("subscriptions", id)
        if sub["status"] not in LIVE:
            raise ApiError("Subscription is not cancellable in its current status.")
        if not at_cycle_end:
            self._end(sub, "cancelled")
        elif sub["status"] in ("created", "authenticated"):
            raise ApiError(
                "Subscription cannot be cancelled since no billing cycle is going on"
            )
        elif sub["status"] == "active":
            if sub["remaining_count"] == 0:
                raise ApiError("Subscription cannot be cancelled in its last cycle")
            self.hidden[id]["cancel"] = True
        return sub

    def edit(self, id: str, given: Entity) -> Entity:
        sub = self.found("subscriptions", id)
        if sub["status"] not in ("authenticated", "active"):
            raise ApiError("Subscription can be updated in authenticated or active")
        if sub["payment_method"] != "card" or not self.hidden[id].get("international"):
            raise ApiError("Subscription cannot be updated for this payment method.")
        self.found("plans", given["plan_id"])
        self.hidden[id]["next_plan"] = given["plan_id"]
        sub["has_scheduled_changes"] = True
        sub["change_scheduled_at"] = sub["current_end"] or sub["start_at"]
        self.tell("subscription.updated", subscription=sub)
        return sub

    def pause(self, id: str) -> Entity:
        sub = self.found("subscriptions", id)
        if sub["status"] == "authenticated":
            self._end(sub, "cancelled")
        elif sub["status"] != "active":
            raise ApiError("Subscription cannot be paused in its current status.")
        else:
            sub["status"] = "paused"
            self.tell("subscription.paused", subscription=sub)
        return sub

    def resume(self, id: str) -> Entity:
        sub = self.found("subscriptions", id)
        if sub["status"] != "paused":
            raise ApiError("Subscription cannot be resumed in its current status.")
        sub["status"] = "active"
        self.tell("subscription.resumed", subscription=sub)
        self.settle()
        return sub

    # Subscriptions: what the payer and the time do

    def authorise(
        self, id: str, *, succeed: bool, method: str, international: bool = False
    ) -> Entity:
        """The payer gives the mandate in checkout, or fails to; the payment."""
        self.settle()
        sub = self.found("subscriptions", id)
        if sub["status"] != "created":
            raise ApiError("Subscription is not in a state to be authorised.")
        sub["auth_attempts"] += 1
        if not succeed:  # no event: a first authorisation that fails is told to nobody
            return self._attempt(self._price(sub), False, method)
        sub["payment_method"] = method
        self.hidden[id]["international"] = international
        customer = self.create_customer({"email": id, "fail_existing": "0"})
        sub["customer_id"] = customer["id"]
        if sub["start_at"] and sub["start_at"] > self.now:
            token = self._attempt(shapes.TOKEN_PAISE, True, method)
            token |= {"amount_refunded": token["amount"], "status": "refunded"}
            token["refund_status"] = "full"
            sub["status"], sub["charge_at"] = "authenticated", sub["start_at"]
            self.tell("subscription.authenticated", subscription=sub)
            return token
        sub["start_at"] = self.now
        sub["end_at"] = shapes.later(self.now, self._period(sub), sub["total_count"])
        sub["status"] = "authenticated"
        self.tell("subscription.authenticated", subscription=sub)
        sub["status"] = "active"
        self.tell("subscription.activated", subscription=sub)
        return self._begin_cycle(sub)

    def change_card(self, id: str) -> Entity | None:
        """The payer gives another card: a pending or halted one is charged at once."""
        sub = self.found("subscriptions", id)
        self.hidden[id]["failing"] = 0
        if sub["status"] not in ("pending", "halted"):
            return None
        return self._charge(sub, self._unpaid(sub))

    def advance(self, seconds: int) -> None:
        """Move the clock, stopping wherever something falls due on the way."""
        until = self.now + seconds
        while (due := self._next()) is not None and due[0] <= until:
            self._set(max(due[0], self.now))
            self._fall_due(due[1])
        self._set(until)

    def settle(self) -> None:
        """Let happen what is due by now."""
        self.advance(0)

    def save(self) -> None:
        """Into the file, if there is one."""
        if self._path:
            state = {kind: getattr(self, kind) for kind in KINDS}
            state |= {"hidden": self.hidden, "keys": self.keys, "offset": self._offset}
            draft = self._path.with_suffix(".tmp")
            draft.write_text(json.dumps(state))
            draft.replace(self._path)

    def _load(self, state: Entity) -> None:
        self._offset = state.pop("offset")
        for name, value in state.items():
            setattr(self, name, value)

    def _set(self, now: int) -> None:
        if self.clock is not None:
            self.clock = now
        else:
            self._offset = now - int(time.time())

    def _next(self) -> tuple[int, Entity] | None:
        """What falls due first, and when."""
        due = [
            (at, sub)
            for sub in self.subscriptions.values()
            if (at := self._due_at(sub)) is not None
        ]
        return min(due, key=lambda item: (item[0], item[1]["id"]), default=None)

    def _due_at(self, sub: Entity) -> int | None:
        if sub["status"] == "created":
            ends = [sub[name] for name in ("expire_by", "start_at") if sub[name]]
            return min(ends) if ends else None
        if sub["status"] in ("authenticated", "active", "pending"):
            return sub["charge_at"]
        return sub["current_end"] if sub["status"] == "halted" else None

    def _fall_due(self, sub: Entity) -> None:
        if sub["status"] == "created":  # told by no webhook
            sub["status"], sub["ended_at"] = "expired", self.now
        elif sub["status"] == "pending":
            self._charge(sub, self._unpaid(sub))
        elif self.hidden[sub["id"]]["cancel"]:
            self._end(sub, "cancelled")
        elif sub["status"] != "authenticated" and sub["remaining_count"] <= 0:
            self._end(sub, "completed")
        else:
            if sub["status"] == "authenticated":
                count = sub["total_count"]
                sub["end_at"] = shapes.later(self.now, self._period(sub), count)
                sub["status"] = "active"
                self.tell("subscription.activated", subscription=sub)
            self._begin_cycle(sub)

    def _begin_cycle(self, sub: Entity) -> Entity:
        """An invoice for the next period, and, unless halted, the charge."""
        hidden = self.hidden[sub["id"]]
        if hidden["next_plan"]:
            sub["plan_id"], hidden["next_plan"] = hidden["next_plan"], None
            sub["has_scheduled_changes"], sub["change_scheduled_at"] = False, None
        cycle = sub["total_count"] - sub["remaining_count"]
        start, period = sub["start_at"], self._period(sub)
        sub["current_start"] = shapes.later(start, period, cycle)
        sub["current_end"] = shapes.later(start, period, cycle + 1)
        sub["remaining_count"] -= 1
        made = shapes.invoice(
            self.new_id("inv"),
            self.now,
            subscription_id=sub["id"],
            customer_id=sub["customer_id"],
            amount=self._price(sub),
            billing_start=sub["current_start"],
            billing_end=sub["current_end"],
        )
        self.invoices[made["id"]] = made
        if sub["status"] == "halted":
            return made
        sub["auth_attempts"] = 0
        return self._charge(sub, made)

    def _charge(self, sub: Entity, invoice: Entity) -> Entity:
        """Try to be paid for an invoice; the payment."""
        hidden = self.hidden[sub["id"]]
        succeed = hidden["failing"] == 0
        hidden["failing"] = max(0, hidden["failing"] - 1)
        method = sub["payment_method"]
        payment = self._attempt(
            invoice["amount"], succeed, method, invoice_id=invoice["id"]
        )
        if not succeed:
            self._retry_later(sub, payment)
            return payment
        invoice |= {
            "status": "paid",
            "payment_id": payment["id"],
            "order_id": payment["order_id"],
            "paid_at": self.now,
            "amount_paid": invoice["amount"],
            "amount_due": 0,
        }
        sub["paid_count"] += 1
        sub["status"], sub["charge_at"] = "active", sub["current_end"]
        sub["auth_attempts"] = 0
        self.tell("payment.captured", payment=payment)
        self.tell("invoice.paid", payment=payment, invoice=invoice)
        # a quirk of the real one: in this body alone, captured is a string
        told = payment | {"captured": "1"}
        self.tell("subscription.charged", subscription=sub, payment=told)
        return payment

    def _retry_later(self, sub: Entity, payment: Entity) -> None:
        sub["auth_attempts"] += 1
        self.tell("payment.failed", payment=payment)
        if sub["auth_attempts"] >= 4 or sub["status"] == "halted":
            sub["status"], sub["charge_at"] = "halted", None
            self.tell("subscription.halted", subscription=sub)
        else:
            sub["status"], sub["charge_at"] = "pending", self.now + DAY
            self.tell("subscription.pending", subscription=sub)

    def _unpaid(self, sub: Entity) -> Entity:
        """The latest invoice, which is the one that is tried again."""
        mine = [i for i in self.invoices.values() if i["subscription_id"] == sub["id"]]
        return mine[-1]

    def _end(self, sub: Entity, status: str) -> None:
        sub |= {"status": status, "ended_at": self.now, "charge_at": None}
        self.tell(f"subscription.{status}", subscription=sub)

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

    def _price(self, sub: Entity) -> int:
        return self.plans[sub["plan_id"]]["item"]["amount"] * sub["quantity"]

    def _period(self, sub: Entity) -> str:
        return self.plans[sub["plan_id"]]["period"]


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
