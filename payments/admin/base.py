"""What the pages of payments share: colours of states, money in a cell, a page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from payments.paper import money

STATES = {
    "creating": "info",
    "created": "info",
    "authenticated": "info",
    "active": "success",
    "pending": "warning",
    "halted": "danger",
    "paused": "warning",
    "cancelled": "default",
    "completed": "default",
    "expired": "default",
    "failed": "danger",
    "authorized": "info",
    "captured": "success",
    "refunded": "default",
    "processed": "success",
}


def rupees(paise: int, currency: str = "INR") -> str:
    """A cell with an amount."""
    return money(paise, currency)


def page(
    model_admin: Any, request: HttpRequest, template: str, title: str, **context: Any
) -> HttpResponse:
    """A page of our own in the back office."""
    return TemplateResponse(
        request,
        f"admin/payments/{template}.html",
        {
            **model_admin.admin_site.each_context(request),
            "title": title,
            "opts": model_admin.opts,
            **context,
        },
    )
