"""Addresses of the back office, and what its pages asked the database."""

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse


def page(model: str, pk: int | None = None) -> str:
    """The list of a model, or the page of one row."""
    if pk is None:
        return reverse(f"admin:{model}_changelist")
    return reverse(f"admin:{model}_change", args=[pk])


def asked(staff: Client, url: str, **query: Any) -> list[str]:
    """The statements behind a page."""
    with CaptureQueriesContext(connection) as captured:
        assert staff.get(url, query).status_code == 200
    return [query["sql"] for query in captured]
