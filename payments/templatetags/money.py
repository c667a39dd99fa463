"""Amounts and states as pages show them."""

from django import template

from payments import paper

register = template.Library()
STATES = {
    "open": "Nothing to pay",
    "active": "Active",
    "trial": "Trial",
    "grace": "Payment due",
    "read_only": "Read only",
}


@register.filter
def rupees(paise: int, currency: str = "INR") -> str:
    """₹1,499 for 149900; paise only where there are some."""
    return paper.money(paise, currency).removesuffix(".00")


@register.filter
def state_words(state: str) -> str:
    """How a workspace stands, in words."""
    return STATES.get(state, state)
