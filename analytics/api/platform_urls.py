"""Routes of analytics outside of any workspace, for platform staff."""

from django.urls import path

from analytics.api import billing

urlpatterns = [
    path("analytics/billing", billing.BillingView.as_view()),
    path("analytics/billing.csv", billing.BillingFileView.as_view()),
    path("analytics/billing/rows", billing.BillingRowsView.as_view()),
]
