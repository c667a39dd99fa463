"""Routes outside a workspace."""

from django.urls import path

from teams.api import viewsets

app_name = "teams"
urlpatterns = [
    path("me", viewsets.MeView.as_view(), name="me"),
    path(
        "workspaces",
        viewsets.MyWorkspacesViewSet.as_view({"get": "list", "post": "create"}),
        name="workspaces",
    ),
    path(
        "workspaces/<slug:workspace>",
        viewsets.WorkspaceViewSet.as_view({"patch": "partial_update"}),
        name="workspace",
    ),
]
