"""The demo's money: plans, and a subscription with three months of invoices.

Apps are named as strings. The stand-in's clock is put back, somebody pays, and the
clock is moved to the present: each month on the way is charged as it would have been.
"""

import time
from typing import Any

import requests
from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

MONTHS = 3
DAYS = 92
PATIENCE = 40.0  # seconds for the worker to settle what is charged
PLANS = (
    ("Starter", 99_900, "For a first number and a small team", 5, 3, 2_000, 2_000),
    ("Growth", 249_900, "For teams that sell all day", 10, 5, 25_000, 20_000),
    ("Scale", 799_900, "For several brands and call centres", 50, 20, None, None),
)
DETAILS = {
    "legal_name": "Saffron & Slate Handicrafts Private Limited",
    "email": "accounts@saffronslate.example",
    "phone": "+919800000000",
    "address": "12 Hill Road, Bandra West, Mumbai 400050",
    "gstin": "27AAPFU0939F1ZV",
    "state": "27",
}


def make_money(url: str) -> int:
    """Make what is missing, with the stand-in at `url`; how many invoices there are.
    A second run changes nothing."""
    settings.RAZORPAY_URL = url
    plans = _plans()
    workspace = apps.get_model("teams.Workspace").objects.get(slug="demo")
    customers = apps.get_model("payments.Customer").objects
    customers.get_or_create(workspace=workspace, defaults=DETAILS)
    invoices = apps.get_model("payments.Invoice").objects.filter(workspace=workspace)
    subscriptions = apps.get_model("payments.Subscription").objects
    if not subscriptions.filter(workspace=workspace).exists():
        _live_three_months(url, workspace, plans[1])
        until = time.monotonic() + PATIENCE
        while invoices.count() < MONTHS and time.monotonic() < until:
            time.sleep(0.2)
    return invoices.count()


def _plans() -> list[Any]:
    plans, publish = apps.get_model("payments.Plan"), "payments.planning.publish"
    found = []
    for place, (name, paise, said, *limits) in enumerate(PLANS):
        names = ("seats", "channels", "leads", "messages")
        plan, _ = plans.objects.get_or_create(
            name=name,
            defaults={
                "price_paise": paise,
                "description": said,
                "period": "monthly",
                "position": place,
                **dict(zip(names, limits, strict=True)),
            },
        )
        found.append(import_string(publish)(plan))
    return found


def _live_three_months(url: str, workspace: Any, plan: Any) -> None:
    def post(path: str, **body: Any) -> None:
        requests.post(f"{url}/{path}", json=body, timeout=20).raise_for_status()

    owner = workspace.members.get(email="owner@flexoraa.example")
    row = import_string("payments.subscribing.subscribe")(workspace, plan, actor=owner)
    post("_sandbox/clock", days=-DAYS)
    post("_checkout", subscription_id=row.razorpay_id, method="upi")
    post("_sandbox/clock", days=DAYS)
