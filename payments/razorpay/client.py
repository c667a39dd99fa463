"""Calls to Razorpay through its own SDK, without the SDK's traps.

Our session raises before the SDK reads an error: it would drop the HTTP status, print
to stdout, and stumble over error pages. Nothing is ever sent twice by itself.
"""

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import certifi
import razorpay
import requests
from django.conf import settings

from payments.razorpay import entities, errors
from payments.razorpay.signatures import is_id

TIMEOUTS = (3.05, 10.0)  # seconds to connect, and between bytes; the SDK has none
PAGE = 100  # the most that a list answers at a time
_local = threading.local()


class Wire(requests.Session):
    """Time-outs on every request; whatever is no JSON success is an error of ours."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs |= {"timeout": TIMEOUTS, "allow_redirects": False}
        try:
            response = super().request(*args, **kwargs)
        except requests.RequestException as error:
            raise errors.of_exception(error) from error
        if problem := errors.of_response(response):
            raise problem
        return response


class Razorpay:
    """One account's API. Not for several threads at a time: see `connect`.

    Every method raises RazorpayError. Amounts are paise, times are aware.
    """

    def __init__(self, key_id: str, key_secret: str, url: str) -> None:
        if not (key_id and key_secret):
            raise errors.NotConfigured(
                "Payments are not set up: RAZORPAY_KEY_ID and RAZORPAY_KEY_SECRET "
                "are missing."
            )
        self.key_id = key_id
        self._sdk = razorpay.Client(
            session=Wire(), auth=(key_id, key_secret), base_url=url.rstrip("/")
        )
        self._sdk.cert_path = certifi.where()  # the SDK's own bundle is of 2015

    def create_plan(
        self, *, name: str, amount_paise: int, currency: str, period: str, ours: str
    ) -> entities.Plan:
        """A plan; `ours` is our id, kept in its notes. `period`: monthly, yearly."""
        item = {"name": name, "amount": amount_paise, "currency": currency}
        plan = {"period": period, "interval": 1, "item": item}
        return entities.Plan.of(
            self._sdk.plan.create(plan | {"notes": {"flx_plan": ours}})
        )

    def plans(self) -> Iterator[entities.Plan]:
        """All plans, the newest first."""
        return map(entities.Plan.of, self._all(self._sdk.plan, {}))

    def create_customer(
        self, *, name: str, email: str, contact: str, gstin: str
    ) -> entities.Customer:
        """The customer with this e-mail and contact; the same one when asked again."""
        given = {"name": name, "email": email, "contact": contact, "gstin": gstin}
        filled = {key: value for key, value in given.items() if value}
        return entities.Customer.of(
            self._sdk.customer.create(filled | {"fail_existing": "0"})
        )

    def create_subscription(
        self,
        *,
        plan_id: str,
        total_count: int,
        quantity: int,
        expire_by: datetime,
        start_at: datetime | None,
        ours: str,
    ) -> entities.Subscription:
        """A subscription that waits for its mandate until `expire_by`; `ours` is our
        id, in its notes, by which it is known again when the answer is lost."""
        wanted: dict[str, Any] = {
            "plan_id": plan_id,
            "total_count": total_count,
            "quantity": quantity,
            "expire_by": int(expire_by.timestamp()),
            "customer_notify": True,
            "notes": {entities.OURS: ours},
        }
        if start_at:
            wanted["start_at"] = int(start_at.timestamp())
        return entities.Subscription.of(self._sdk.subscription.create(wanted))

    def subscription(self, id: str) -> entities.Subscription:
        """What Razorpay says of it now."""
        found = self._sdk.subscription.fetch(_checked("sub", id))
        return entities.Subscription.of(found)

    def subscriptions(
        self, *, since: datetime, until: datetime, plan_id: str = ""
    ) -> Iterator[entities.Subscription]:
        """Those made in between, both ends included, the newest first."""
        span = {"from": int(since.timestamp()), "to": int(until.timestamp())}
        wanted = span | ({"plan_id": plan_id} if plan_id else {})
        return map(entities.Subscription.of, self._all(self._sdk.subscription, wanted))

    def cancel_subscription(self, id: str, *, at_cycle_end: bool) -> None:
        """Ask for it; the answer's state is not to be relied on, so look after it."""
        wanted = {"cancel_at_cycle_end": at_cycle_end}
        self._sdk.subscription.cancel(_checked("sub", id), wanted)

    def edit_subscription(self, id: str, *, plan_id: str, quantity: int) -> None:
        """Another plan from the end of the cycle. Refused for UPI, e-mandates and
        most domestic cards (razorpay.com, "Update a subscription")."""
        self._sdk.subscription.edit(
            _checked("sub", id),
            {
                "plan_id": plan_id,
                "quantity": quantity,
                "schedule_change_at": "cycle_end",
                "customer_notify": True,
            },
        )

    def pause_subscription(self, id: str) -> None:
        """Active ones only: pausing an authenticated one would cancel it."""
        self._sdk.subscription.pause(_checked("sub", id), {"pause_at": "now"})

    def resume_subscription(self, id: str) -> None:
        """Go on with a paused one; one that the payer paused only they can resume."""
        self._sdk.subscription.resume(_checked("sub", id), {"resume_at": "now"})

    def invoices_of(self, subscription_id: str) -> Iterator[entities.Invoice]:
        """The records of its cycles."""
        wanted = {"subscription_id": _checked("sub", subscription_id)}
        return map(entities.Invoice.of, self._all(self._sdk.invoice, wanted))

    def invoice(self, id: str) -> entities.Invoice:
        """The record of a cycle, which names its subscription."""
        return entities.Invoice.of(self._sdk.invoice.fetch(_checked("inv", id)))

    def create_order(
        self,
        *,
        amount_paise: int,
        currency: str,
        receipt: str,
    ) -> entities.Order:
        """An order; `receipt` is ours and unique, up to 40 characters."""
        wanted = {"amount": amount_paise, "currency": currency, "receipt": receipt}
        return entities.Order.of(self._sdk.order.create(wanted))

    def orders_with(self, receipt: str) -> list[entities.Order]:
        """The orders with this receipt of ours."""
        return [
            entities.Order.of(item)
            for item in self._all(self._sdk.order, {"receipt": receipt})
        ]

    def order(self, id: str) -> entities.Order:
        """What Razorpay says of it now."""
        return entities.Order.of(self._sdk.order.fetch(_checked("order", id)))

    def payments_of(self, order_id: str) -> list[entities.Payment]:
        """All attempts to pay an order."""
        found = self._sdk.order.payments(_checked("order", order_id))
        return [entities.Payment.of(item) for item in found.get("items") or ()]

    def payment(self, id: str) -> entities.Payment:
        """What Razorpay says of it now."""
        return entities.Payment.of(self._sdk.payment.fetch(_checked("pay", id)))

    def capture(self, id: str, *, amount_paise: int, currency: str) -> None:
        """Take an authorized payment, all of it; a second time is refused."""
        self._sdk.payment.capture(
            _checked("pay", id), amount_paise, {"currency": currency}
        )

    def refund(
        self, payment_id: str, *, amount_paise: int, key: str, ours: str
    ) -> entities.Refund:
        """Send back a part or all. `key` makes repeating safe: the only call that
        Razorpay has this for (razorpay.com, "Normal refunds: idempotency")."""
        made = self._sdk.payment.refund(
            _checked("pay", payment_id),
            {"amount": amount_paise, "notes": {"flx_refund": ours}},
            headers={"X-Refund-Idempotency": key},
        )
        return entities.Refund.of(made)

    def refunds_of(self, payment_id: str) -> list[entities.Refund]:
        """All refunds of a payment."""
        found = self._sdk.payment.fetch_multiple_refund(
            _checked("pay", payment_id), {"count": PAGE}
        )
        return [entities.Refund.of(item) for item in found.get("items") or ()]

    def _all(self, resource: Any, wanted: Mapping[str, Any]) -> Iterator[Any]:
        """Every item of a list, page by page; `count` in an answer is no total."""
        skip = 0
        while True:
            items = resource.all({**wanted, "count": PAGE, "skip": skip}).get("items")
            yield from items or ()
            if not items or len(items) < PAGE:
                return
            skip += PAGE


def connect() -> Razorpay:
    """This thread's client for the settings; raises NotConfigured."""
    wanted = (
        settings.RAZORPAY_KEY_ID,
        settings.RAZORPAY_KEY_SECRET,
        settings.RAZORPAY_URL,
    )
    if getattr(_local, "wanted", None) != wanted:
        _local.client, _local.wanted = Razorpay(*wanted), wanted
    return _local.client


def _checked(prefix: str, id: str) -> str:
    """The SDK pastes ids into the path as they are, "" and "../" too."""
    if not is_id(prefix, id):
        raise errors.Refused(f"{id!r} is no id of Razorpay's.", status=400)
    return id
