"""The console's addresses: the page, and the fragments that its scripts ask for."""

from typing import Any
from uuid import UUID

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from inbox import adapters
from inbox.admin.console import desk, listing, reading
from inbox.models import Label

ROOT = "admin/inbox/console"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The inbox of the only workspace, of the last one, or of the first by name."""
    found = list(desk.workspaces(request)[:200])
    last = request.session.get("console_workspace")
    chosen = next((row for row in found if row.slug == last), None) or next(
        iter(found), None
    )
    if chosen is None:
        context = admin.site.each_context(request) | {"title": "Inbox"}
        return render(request, f"{ROOT}/nowhere.html", context)
    return redirect("console:page", chosen.slug)


@require_safe
def page(request: HttpRequest, workspace: str) -> HttpResponse:
    """The whole page, with the list in it."""
    seat = desk.seat(request, workspace)
    if request.session.get("console_workspace") != workspace:
        request.session["console_workspace"] = workspace
    wish = listing.Wish.read(request.GET)
    context = {
        "seat": seat,
        "wish": wish,
        "page": listing.page_of(seat, wish),
        "counts": listing.counts(seat),
        "workspaces": desk.workspaces(request)[:200],
        "channels": adapters.choices(),
        "statuses": listing.STATUSES,
        "all_labels": Label.objects.filter(workspace=seat.workspace).order_by("name"),
        "colleagues": seat.colleagues(),
    }
    return render(request, f"{ROOT}/page.html", context)


@require_safe
def rows(request: HttpRequest, workspace: str) -> HttpResponse:
    """A page of the list; with `ids`, those of these that belong in it."""
    seat = desk.seat(request, workspace)
    wish = listing.Wish.read(request.GET)
    if "ids" in request.GET:
        named = listing.rows_named(seat, wish, request.GET["ids"].split(","))
        found = listing.Page(named, "")
    else:
        found = listing.page_of(seat, wish, request.GET.get("before", ""))
    context = {"seat": seat, "wish": wish, "page": found}
    if "counts" in request.GET:
        context["counts"] = listing.counts(seat)
    return render(request, f"{ROOT}/rows.html", context)


@require_safe
def thread(request: HttpRequest, workspace: str, conversation: UUID) -> HttpResponse:
    """The middle and the right: one conversation and its person."""
    seat = desk.seat(request, workspace)
    found = reading.find(seat, conversation)
    return render(request, f"{ROOT}/thread.html", reading.thread(seat, found))


@require_safe
def head(request: HttpRequest, workspace: str, conversation: UUID) -> HttpResponse:
    """What is around the messages: it changes while they stay."""
    seat = desk.seat(request, workspace)
    found = reading.find(seat, conversation)
    return render(request, f"{ROOT}/head.html", reading.around(seat, found))


@require_safe
def templates(request: HttpRequest, workspace: str, conversation: UUID) -> HttpResponse:
    """The sheet on which a template is chosen and filled in."""
    seat = desk.seat(request, workspace)
    found = reading.find(seat, conversation)
    context = {"templates": reading.templates(found), "conversation": found}
    return render(request, f"{ROOT}/templates.html", context)


@require_safe
def messages(request: HttpRequest, workspace: str, conversation: UUID) -> HttpResponse:
    """Older messages (`before`), these (`ids`), or what is new (`after`, a time)."""
    seat = desk.seat(request, workspace)
    found = reading.find(seat, conversation)
    contact = found.contact
    context: dict[str, Any] = {
        "seat": seat,
        "conversation": found,
        "person": contact.merged_into or contact,
    }
    if "before" in request.GET:
        page = reading.older(found, request.GET["before"])
        context |= {"days": page.days, "older": page.older}
        return render(request, f"{ROOT}/older.html", context)
    moment = parse_datetime(request.GET.get("after", "").replace(" ", "+"))
    if moment and not is_naive(moment):
        context["bubbles"] = reading.after(found, moment)
    else:
        context["bubbles"] = reading.changed(
            found, request.GET.get("ids", "").split(",")
        )
    return render(request, f"{ROOT}/bubbles.html", context)


def guarded(view: Any) -> Any:
    """For who may enter the back office; never kept by a cache, and under the strict
    policy of the rest of the site: no eval, no inline styles (see flexoraa.edge)."""
    strict = csp_update({"style-src": [SELF]})
    return admin.site.admin_view(never_cache(strict(view)))
