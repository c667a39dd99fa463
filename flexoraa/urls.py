"""Every route: webhooks, API, back office, health."""

from collections.abc import Iterator

from anymail import urls as anymail
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from flexoraa import health, metrics
from flexoraa.live import elsewhere
from teams.api.viewsets import Nowhere


def mail_reports() -> Iterator[URLPattern]:
    """The provider's reports on what became of a mail, believed from who knows the
    secret; no inbound mail, and nothing of the providers that do not send ours."""
    if not (settings.MAIL_PROVIDER and settings.ANYMAIL.get("WEBHOOK_SECRET")):
        return
    for pattern in anymail.urlpatterns:
        if str(pattern.pattern).startswith(f"{settings.MAIL_PROVIDER}/tracking"):
            yield pattern


MAIL_REPORTS = [path("webhooks/mail/", include(list(mail_reports())))]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="home")),
    path("webhooks/", include("inbox.urls")),
    path("webhooks/", include("payments.urls")),
    *MAIL_REPORTS,
    path("api/", include("teams.api.urls")),
    path("api/workspaces/<slug:workspace>/", include("inbox.api.urls")),
    path("api/workspaces/<slug:workspace>/", include("payments.api.urls")),
    path("api/workspaces/<slug:workspace>/", include("leads.api.urls")),
    path("api/workspaces/<slug:workspace>/", include("analytics.api.urls")),
    path("api/", include("analytics.api.platform_urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"
    ),
    re_path(r"^api/", Nowhere.as_view()),
    re_path(r"^events/", elsewhere),
    re_path(r"^_allauth/.*/phone", Nowhere.as_view()),  # nobody signs in by phone
    path("_allauth/", include("allauth.headless.urls")),
    path("account/", include("teams.urls")),
    path("account/", include("allauth.account.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("account/sessions/", include("allauth.usersessions.urls")),
    path(
        "login", RedirectView.as_view(pattern_name="account_login", query_string=True)
    ),
    path("admin/inbox/console/", include("inbox.admin.console.urls")),
    path("admin/reports/", include("analytics.admin.urls")),
    path("admin/", admin.site.urls),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
