"""The billing report over HTTP, for platform staff: months, and what moved in each."""

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics import billing
from analytics.metrics import Number
from analytics.reports.base import DEFINITION
from flexoraa.lib.spreadsheets import download
from teams.api.permissions import IsPlatformStaff
from teams.models import Workspace

USUAL = 12  # months
PERIOD = [
    OpenApiParameter("from", str, description="First month, as 2026-04."),
    OpenApiParameter("months", int, description="How many, up to 60; 12 of late."),
]


class RateSerializer(serializers.Serializer):
    """A share, or null and why there is none."""

    value = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class MovedSerializer(serializers.Serializer):
    """What changes of one kind came to; paise a month."""

    amount_paise = serializers.IntegerField()
    count = serializers.IntegerField()
    rows = serializers.CharField()


class MonthSerializer(serializers.Serializer):
    """One month. `mrr_start_paise` and all that `moved` sum to `mrr_end_paise`."""

    month = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    mrr_start_paise = serializers.IntegerField()
    mrr_end_paise = serializers.IntegerField()
    moved = serializers.DictField(child=MovedSerializer())
    workspaces_start = serializers.IntegerField()
    workspaces_lost = serializers.IntegerField()
    at_risk = serializers.IntegerField()
    logo_churn = RateSerializer()
    gross_churn = RateSerializer()
    net_churn = RateSerializer()


class BillingSerializer(serializers.Serializer):
    """Months of recurring revenue without tax."""

    definition = serializers.CharField()
    as_of = serializers.DateTimeField()
    timezone = serializers.CharField()
    currency = serializers.CharField()
    other_currencies = serializers.IntegerField()
    months = MonthSerializer(many=True)


class MovementSerializer(serializers.Serializer):
    """One change of a workspace; paise a month."""

    workspace = serializers.CharField()
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(billing.MOVEMENTS)
    amount_paise = serializers.IntegerField()
    mrr_paise = serializers.IntegerField()


class BillingView(APIView):
    """Recurring revenue by month, how it moved, and who left."""

    permission_classes = (IsPlatformStaff,)

    @extend_schema(
        operation_id="analytics_billing", parameters=PERIOD, responses=BillingSerializer
    )
    def get(self, request: Any) -> Response:
        now = timezone.now()
        first, count = period_of(request, now)
        found = billing.report(first, count, now)
        base = request.build_absolute_uri(f"{request.path}/rows")
        answer = {
            "definition": DEFINITION,
            "as_of": now.astimezone(UTC),
            "timezone": billing.ZONE.key,
            "currency": billing.CURRENCY,
            "other_currencies": billing.excluded(),
            "months": [month_as_json(month, base) for month in found],
        }
        return Response(BillingSerializer(answer).data)


class BillingFileView(APIView):
    """The same as CSV; amounts in rupees."""

    permission_classes = (IsPlatformStaff,)

    @extend_schema(
        operation_id="analytics_billing_file",
        parameters=PERIOD,
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Any) -> StreamingHttpResponse:
        now = timezone.now()
        found = billing.report(*period_of(request, now), now)
        return download(billing.table(found), "billing.csv")


class BillingRowsView(APIView):
    """What one number of a month counted."""

    permission_classes = (IsPlatformStaff,)

    @extend_schema(
        operation_id="analytics_billing_rows",
        parameters=[
            OpenApiParameter("month", str, required=True, description="As 2026-04."),
            OpenApiParameter("kind", str, required=True, enum=billing.MOVEMENTS),
        ],
        responses=MovementSerializer(many=True),
    )
    def get(self, request: Any) -> Response:
        (month,) = billing.months(month_of(request, "month", None), 1)
        kind = request.query_params.get("kind", "")
        if kind not in billing.MOVEMENTS:
            raise exceptions.ValidationError({"kind": [", ".join(billing.MOVEMENTS)]})
        moves = billing.listed(month.start, month.end, kind)
        names = dict(Workspace.objects.values_list("pk", "slug"))
        rows = [
            {
                "workspace": names[move.workspace],
                "at": move.at,
                "kind": move.kind,
                "amount_paise": move.paise,
                "mrr_paise": move.after,
            }
            for move in moves
        ]
        return Response(MovementSerializer(rows, many=True).data)


def month_as_json(month: billing.Month, base: str) -> dict[str, Any]:
    """`base` is where the rows are."""
    name = f"{month.start:%Y-%m}"

    def moved(kind: str) -> dict[str, Any]:
        return {
            "amount_paise": month.moved[kind],
            "count": month.counts[kind],
            "rows": f"{base}?{urlencode({'month': name, 'kind': kind})}",
        }

    return {
        "month": name,
        "start": month.start.astimezone(UTC),
        "end": month.end.astimezone(UTC),
        "mrr_start_paise": month.mrr_start,
        "mrr_end_paise": month.mrr_end,
        "moved": {kind: moved(kind) for kind in billing.MOVEMENTS},
        "workspaces_start": month.logos_start,
        "workspaces_lost": month.logos_lost,
        "at_risk": month.at_risk,
        "logo_churn": rate(month.logo_churn),
        "gross_churn": rate(month.gross_churn),
        "net_churn": rate(month.net_churn),
    }


def rate(number: Number) -> dict[str, Any]:
    """A share with four places, or the reason for none."""
    return {"value": number.shown(), "reason": number.reason}


def period_of(request: Any, now: datetime) -> tuple[date, int]:
    """The first month and how many; the last year when nothing is asked."""
    given = request.query_params.get("months", str(USUAL))
    if not (given.isascii() and given.isdigit() and len(given) < 4):
        raise exceptions.ValidationError({"months": ["A number from 1 to 60."]})
    count = int(given)
    if not 1 <= count <= billing.MOST_MONTHS:
        raise exceptions.ValidationError({"months": ["A number from 1 to 60."]})
    usual = billing.months_ago(now, count - 1)
    return month_of(request, "from", usual), count


def month_of(request: Any, name: str, usual: date | None) -> date:
    """The first day of the month that a parameter names."""
    given = request.query_params.get(name, "")
    if not given and usual:
        return usual
    month = billing.month_named(given)
    if month is None:
        raise exceptions.ValidationError({name: ["A month such as 2026-04."]})
    return month.start.date()
