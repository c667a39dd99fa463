"""Routes below `api/workspaces/{w}/analytics`."""

from django.urls import path

from analytics.api import viewsets

REPORTS = {
    "roi": viewsets.RoiView,
    "conversion": viewsets.ConversionView,
    "team": viewsets.TeamView,
    "inbox": viewsets.InboxView,
}
METHODS = {
    "": "list",
    ".csv": "file",
    "/rows": "rows",
    "/rows.csv": "rows_file",
}

urlpatterns = [
    *(
        path(f"analytics/{name}{ending}", view.as_view({"get": method}))
        for name, view in REPORTS.items()
        for ending, method in METHODS.items()
    ),
    path(
        "analytics/settings",
        viewsets.ReportSettingsView.as_view({"get": "list", "patch": "partial_update"}),
    ),
    path(
        "analytics/holidays",
        viewsets.HolidayViewSet.as_view({"get": "list", "post": "create"}),
    ),
    path(
        "analytics/holidays/<uuid:id>",
        viewsets.HolidayViewSet.as_view({"delete": "destroy"}),
    ),
]
