"""Razorpay's books: its plans, its subscriptions with their states, and their time.

States and refusals as documented ("Subscription states", "Payment retries") and as
observed where the documentation is silent: a cancel at the end of the cycle shows in
no field; for a pending, halted or paused subscription it is accepted and does nothing.
"""

from flexoraa.sandbox import razorpay_shapes as shapes
from flexoraa.sandbox.razorpay_shapes import ApiError, Entity
from flexoraa.sandbox.razorpay_till import DAY, Till

MOST_CYCLES = {"monthly": 1200, "yearly": 100}
LIVE = ("created", "authenticated", "active", "pending", "halted", "paused")


class Book(Till):
    """Subscriptions on top of what is paid. Callers hold `lock`."""

    # Plans

    def create_plan(self, given: Entity) -> Entity:
        item = given.get("item") or {}
        if given.get("period") not in MOST_CYCLES or given.get("interval") != 1:
            raise ApiError("The selected period is invalid.")
        if not isinstance(item.get("amount"), int) or item["amount"] < 100:
            raise ApiError("The amount must be atleast INR 1.00")
        made = shapes.plan(self.new_id("plan"), self.now, given)
        self.plans[made["id"]] = made
        return made

    # Subscriptions: what the API does

    def create_subscription(self, given: Entity) -> Entity:
        plan = self.found("plans", str(given.get("plan_id")))
        most = MOST_CYCLES[plan["period"]]
        if not 0 < int(given.get("total_count") or 0) <= most:
            raise ApiError(f"Exceeds the maximum total_count ({most}) allowed")
        given = dict(given)
        for name in {"expire_by", "start_at"} & given.keys():
            given[name] = self.meant(given[name])
            if given[name] <= self.now:
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

    def _price(self, sub: Entity) -> int:
        return self.plans[sub["plan_id"]]["item"]["amount"] * sub["quantity"]

    def _period(self, sub: Entity) -> str:
        return self.plans[sub["plan_id"]]["period"]
