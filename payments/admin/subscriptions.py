"""Subscriptions with their timeline, a workspace's billing page, the revenue page."""

from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from unfold.decorators import display

from payments import offering, overview, reconciling, subscribing
from payments.admin.base import STATES, page, rupees
from payments.gst import STATES as STATES_OF_INDIA
from payments.models import Invoice, Plan, Subscription
from teams.back_office import ReadOnly, ago, reach_of
from teams.models import Workspace
from teams.roles import Action

RAZORPAY = "https://*.razorpay.com"  # its checkout opens frames of its own
MOST_INVOICES = 24


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnly):
    """Looked at, and asked about at Razorpay; changed on the billing page."""

    asks = {"view": Action.READ_BILLING, "sync": Action.MANAGE_BILLING}
    list_display = (
        "workspace",
        "plan_label",
        "state",
        "price",
        "paid_count",
        "next_charge",
        "looked",
    )
    list_filter = ("status", "place", "workspace")
    list_select_related = ("workspace", "plan")
    search_fields = ("razorpay_id__exact", "workspace__name")
    search_help_text = "A Razorpay id, or a workspace's name"
    actions = ("sync_all",)
    hint = "Nobody has subscribed yet."

    @display(description="Plan")
    def plan_label(self, row: Subscription) -> str:
        return str(row.plan)

    @display(description="State", label=STATES)
    def state(self, row: Subscription) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description="Price")
    def price(self, row: Subscription) -> str:
        return rupees(row.price_paise, row.plan.currency)

    @display(description="Next charge")
    def next_charge(self, row: Subscription) -> str:
        if row.cancel_at_period_end and row.current_end:
            return f"ends {row.current_end:%d %b %Y}"
        return f"{row.charge_at:%d %b %Y}" if row.charge_at else "–"

    @display(description="Compared")
    def looked(self, row: Subscription) -> str:
        return ago(row.synced_at) if row.synced_at else "never"

    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        mine = [
            path("revenue/", view(self.revenue), name="payments_revenue"),
            path("billing/", view(self.my_billing), name="payments_my_billing"),
            path("billing/<slug:slug>/", view(self.billing), name="payments_billing"),
            path("<int:pk>/sync/", view(self.sync), name="payments_sync"),
        ]
        return mine + super().get_urls()

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        """The facts, then everything that happened, the latest first."""
        row = self.get_object(request, object_id)
        if row is None:
            return super().change_view(request, object_id, **kwargs)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return page(
            self,
            request,
            "subscription",
            f"{row.plan} of {row.workspace}",
            row=row,
            price=rupees(row.price_paise, row.plan.currency),
            timeline=row.timeline.select_related("actor").order_by("-id")[:200],
            payments=row.payments.select_related("invoice").order_by("-id")[:60],
            may_sync=self.may(request, "sync", row),
        )

    def sync(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask Razorpay now."""
        row = self.get_or_404(request, pk, "sync")
        if request.method == "POST" and row.razorpay_id:
            if reconciling.look(row, "admin"):
                messages.success(request, "This is what Razorpay says now.")
            else:
                said = "Razorpay cannot be reached: the worker asks again soon."
                messages.warning(request, said)
        return HttpResponseRedirect(
            reverse("admin:payments_subscription_change", args=[pk])
        )

    @admin.action(description="Sync with Razorpay", permissions=["sync"])
    def sync_all(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Have the worker ask about those ticked."""
        count = 0
        for row in queryset.exclude(razorpay_id=""):
            row.ask_again("admin", reconciling.clock.now())
            count += 1
        messages.success(request, f"{count} are being asked about.")

    def has_sync_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "sync", obj)

    def my_billing(self, request: HttpRequest) -> HttpResponse:
        """The billing page of the one workspace of the asker, or a choice."""
        places = self.places(request, "view")
        rows = Workspace.objects.order_by("name")
        rows = rows if places is None else rows.filter(pk__in=places)
        found = list(rows[:100])
        if len(found) == 1:
            url = reverse("admin:payments_billing", args=[found[0].slug])
            return HttpResponseRedirect(url)
        return page(self, request, "choose", "Billing", workspaces=found)

    def billing(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Plan cards, the use of each limit, invoices, checkout. What its buttons do
        goes through the API, as it would from anywhere else."""
        workspace = Workspace.objects.filter(slug=slug).first()
        reach = reach_of(request)
        if workspace is None or not reach.covers(workspace, Action.READ_BILLING):
            raise Http404
        invoices = Invoice.objects.for_workspace(workspace).order_by("-id")
        member = workspace.memberships.filter(user=request.user).first()
        answer = page(
            self,
            request,
            "billing",
            f"Billing of {workspace}",
            workspace=workspace,
            found=offering.overview(workspace, request.user),
            plans=Plan.objects.on_sale(),
            invoices=invoices.select_related("payment")[:MOST_INVOICES],
            details=subscribing.billing_details(workspace),
            states=STATES_OF_INDIA,
            may_manage=bool(member and member.may(Action.MANAGE_BILLING)),
            is_set_up=bool(settings.RAZORPAY_KEY_ID),
        )
        return _with_checkout(answer)

    def revenue(self, request: HttpRequest) -> HttpResponse:
        """For platform staff: monthly recurring revenue and what it is made of."""
        if not reach_of(request).is_everywhere:
            raise PermissionDenied
        found = overview.revenue()
        rows = (
            Subscription.objects.current()
            .exclude(status__in=["creating", "created"])
            .select_related("workspace", "plan")
            .order_by("workspace__name")[:500]
        )
        return page(
            self,
            request,
            "revenue",
            "Revenue",
            found=found,
            figures=[
                ("Monthly revenue", found.mrr, "active and pending, without tax"),
                ("At risk", found.at_risk, "halted: not in the figure before"),
                ("Ending", found.ending, "cancelled at their period's end"),
                ("On trial", found.on_trial, "authorised, first charge to come"),
            ],
            rows=rows,
        )


def _with_checkout(answer: HttpResponse) -> HttpResponse:
    """The page may load and talk to checkout, wherever the settings say it is."""
    script = urlsplit(settings.RAZORPAY_CHECKOUT_URL)
    home = f"{script.scheme}://{script.netloc}"
    answer._csp_update = {
        "script-src": [SELF, NONCE, UNSAFE_EVAL, home, RAZORPAY],
        "style-src": [SELF, UNSAFE_INLINE],
        "connect-src": [SELF, home, RAZORPAY],
        "frame-src": [SELF, home, RAZORPAY],
        "img-src": [SELF, "data:", RAZORPAY],
    }
    # banks open windows that have to find the page again
    answer["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    return answer
