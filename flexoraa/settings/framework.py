"""Django itself: apps, middleware, templates, the database, files, language."""

from pathlib import Path

from flexoraa.lib import localpg
from flexoraa.settings.place import BASE_DIR, DEBUG, env

# Encryption at rest (flexoraa.lib.crypto): the first key encrypts, all decrypt
FIELD_KEYS = env.list(
    "FIELD_KEYS",
    default=["ZGV2ZWxvcG1lbnQtb25seS1maWVsZC1rZXktMzJieXQ="] if DEBUG else env.NOTSET,
)

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "flexoraa.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "csp",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "flexoraa.apps.FlexoraaConfig",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "anymail",
    "teams",
    "leads",
    "inbox",
    "payments",
    "analytics",
]

MIDDLEWARE = [
    "flexoraa.edge.Headers",
    "flexoraa.middleware.WebhooksFirst",
    "flexoraa.middleware.RequestIds",
    "flexoraa.edge.RequestLog",
    "flexoraa.edge.CrossOrigin",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "flexoraa.edge.Policies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "flexoraa.middleware.Acting",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "flexoraa.middleware.CleanBodies",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
WEBHOOK_PREFIX = "/webhooks/"
ADMIN_PREFIX = "/admin/"
DOCS_PATH = "/api/docs"

ROOT_URLCONF = "flexoraa.urls"
WSGI_APPLICATION = "flexoraa.wsgi.application"
ASGI_APPLICATION = "flexoraa.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "flexoraa" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# PostgreSQL only; without DATABASE_URL a private one under .local/
DATABASE_URL = env.str("DATABASE_URL", default="")
DATABASES = {
    "default": env.db_url_config(DATABASE_URL or localpg.url(BASE_DIR))
    | {
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": True,
    }
}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"].setdefault("application_name", "flexoraa")
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What all processes share for a while, such as counts of requests
CACHES = {"default": env.cache_url("CACHE_URL", default="dbcache://flexoraa_cache")}

# Language, time, files
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / ".local" / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a missing one
WHITENOISE_USE_FINDERS = DEBUG
# Customers' files; never below a folder that a web server serves
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(BASE_DIR / ".local" / "media")))
MEDIA_MAX_MB = env.int("MEDIA_MAX_MB", default=100)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
