"""Routes of the dashboards, below /admin/reports/."""

from django.urls import path

from analytics.admin import billing, pages
from analytics.admin.pages import guarded

app_name = "reports"
ONE = "<slug:workspace>/<slug:report>"
urlpatterns = [
    path("", guarded(pages.home), name="home"),
    path("billing", guarded(billing.page), name="billing"),
    path("billing.csv", guarded(billing.file), name="billing_file"),
    path("billing/rows", guarded(billing.rows), name="billing_rows"),
    path(ONE, guarded(pages.page), name="page"),
    path(f"{ONE}.csv", guarded(pages.file), name="file"),
    path(f"{ONE}/rows", guarded(pages.rows), name="rows"),
    path(f"{ONE}/rows.csv", guarded(pages.rows_file, again=True), name="rows_file"),
]
