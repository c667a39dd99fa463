"""Routes outside a workspace."""

from django.urls import path

from teams.api import audit, invited, support, team, viewsets

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
    path("invitations/<str:token>", invited.PreviewView.as_view(), name="invitation"),
    path(
        "invitations/<str:token>/accept",
        invited.AcceptView.as_view(),
        name="accept_invitation",
    ),
    *(
        path(f"workspaces/<slug:workspace>/admin/{route}", view)
        for route, view in {
            "invite": team.InvitationViewSet.as_view({"post": "invite"}),
            "invitations": team.InvitationViewSet.as_view({"get": "list"}),
            "invitations/<uuid:id>/resend": team.InvitationViewSet.as_view(
                {"post": "resend"}
            ),
            "invitations/<uuid:id>/revoke": team.InvitationViewSet.as_view(
                {"post": "revoke"}
            ),
            "users": team.MemberViewSet.as_view({"get": "list"}),
            "users/<uuid:user>": team.MemberViewSet.as_view({"delete": "destroy"}),
            "users/<uuid:user>/role": team.MemberViewSet.as_view({"patch": "role"}),
            "users/<uuid:user>/transfer-ownership": team.MemberViewSet.as_view(
                {"post": "transfer"}
            ),
            "leave": team.MemberViewSet.as_view({"post": "leave"}),
            "api-keys": team.ApiKeyViewSet.as_view({"get": "list", "post": "create"}),
            "api-keys/<uuid:id>": team.ApiKeyViewSet.as_view({"delete": "destroy"}),
            "support-visits": support.SupportVisitViewSet.as_view({"get": "list"}),
            "support-visits/<uuid:id>/end": support.SupportVisitViewSet.as_view(
                {"post": "end"}
            ),
            "audit": audit.AuditViewSet.as_view({"get": "list"}),
            "audit.csv": audit.AuditViewSet.as_view({"get": "export"}),
        }.items()
    ),
]
