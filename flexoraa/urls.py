"""Every route: webhooks, API, back office, health."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from flexoraa import health, metrics
from flexoraa.live import elsewhere
from teams.api.viewsets import Nowhere

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("webhooks/", include("inbox.urls")),
    path("webhooks/", include("payments.urls")),
    path("api/", include("teams.api.urls")),
    path("api/workspaces/<slug:workspace>/", include("inbox.api.urls")),
    path("api/workspaces/<slug:workspace>/", include("payments.api.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"
    ),
    re_path(r"^api/", Nowhere.as_view()),
    re_path(r"^events/", elsewhere),
    path("login", auth.LoginView.as_view(), name="login"),
    path("logout", auth.LogoutView.as_view(), name="logout"),
    path("admin/inbox/console/", include("inbox.admin.console.urls")),
    path("admin/", admin.site.urls),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
