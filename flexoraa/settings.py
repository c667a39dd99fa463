"""Every setting, read from the environment; what is required has no default.

`.env.example` names each variable. DEBUG and SANDBOX give development defaults; with
both unset nothing secret has one.
"""

from pathlib import Path

import environ
from csp.constants import NONCE, SELF
from django.urls import reverse_lazy

from flexoraa import reporting
from flexoraa.lib import localpg, logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if env.bool("READ_DOT_ENV", default=True):
    env.read_env(BASE_DIR / ".env")

# What kind of place this is
DEBUG = env.bool("DEBUG", default=False)
SANDBOX = env.bool("SANDBOX", default=False)  # stand-ins for the platforms may run
SECRET_KEY = env.str("SECRET_KEY", default="development" if DEBUG else env.NOTSET)
# Older ones, which are still believed but no longer sign
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000")

# Encryption at rest (flexoraa.lib.crypto): the first key encrypts, all decrypt
FIELD_KEYS = env.list(
    "FIELD_KEYS",
    default=["ZGV2ZWxvcG1lbnQtb25seS1maWVsZC1rZXktMzJieXQ="] if DEBUG else env.NOTSET,
)

# Secrets within other values, which `rotate_field_keys` seals anew, too
SEALED_ELSEWHERE = ["teams.factors.reseal"]

# Meta: any of the app secrets may have signed a webhook (rotation, second app)
META_APP_SECRETS = env.list(
    "META_APP_SECRETS", default=["sandbox-app-secret"] if SANDBOX else []
)
META_VERIFY_TOKEN = env.str(
    "META_VERIFY_TOKEN", default="sandbox-verify-token" if SANDBOX else ""
)

# Razorpay: without keys the payment routes say so; any of the webhook secrets may have
# signed (rotation: events from before a change come with the old one for a day)
RAZORPAY_KEY_ID = env.str(
    "RAZORPAY_KEY_ID", default="rzp_test_FlexoraaDemo00" if SANDBOX else ""
)
RAZORPAY_KEY_SECRET = env.str(
    "RAZORPAY_KEY_SECRET", default="sandbox-key-secret" if SANDBOX else ""
)
RAZORPAY_WEBHOOK_SECRETS = env.list(
    "RAZORPAY_WEBHOOK_SECRETS", default=["sandbox-webhook-secret"] if SANDBOX else []
)
RAZORPAY_URL = env.str(
    "RAZORPAY_URL",
    default="http://127.0.0.1:8602" if SANDBOX else "https://api.razorpay.com",
)
RAZORPAY_CHECKOUT_URL = env.str(
    "RAZORPAY_CHECKOUT_URL",
    default=f"{RAZORPAY_URL}/v1/checkout.js"
    if SANDBOX
    else "https://checkout.razorpay.com/v1/checkout.js",
)
# The Graph API: where calls go, and the app that signs them (appsecret_proof)
GRAPH_URL = env.str("GRAPH_URL", default="https://graph.facebook.com")
INSTAGRAM_GRAPH_URL = env.str(
    "INSTAGRAM_GRAPH_URL", default="https://graph.instagram.com"
)
GRAPH_VERSION = env.str("GRAPH_VERSION", default="v25.0")
META_APP_ID = env.str("META_APP_ID", default="")
META_APP_SECRET = env.str("META_APP_SECRET", default="")

# Replies: how many calls run at once, and what becomes of one without an answer
SEND_SLOTS = env.int("SEND_SLOTS", default=32)
SEND_READ_SECONDS = env.float("SEND_READ_SECONDS", default=20)
SEND_UNKNOWN_SECONDS = env.float("SEND_UNKNOWN_SECONDS", default=300)
SEND_WITHIN_HOURS = env.float("SEND_WITHIN_HOURS", default=24)

# Billing: how long all works without paying, and with how much; days after a payment
# is missing until the workspace can only be read; who sends the invoices
TRIAL_DAYS = env.int("TRIAL_DAYS", default=14)
TRIAL_LIMITS = env.json("TRIAL_LIMITS", default={})
GRACE_DAYS = env.int("GRACE_DAYS", default=7)
INVOICE_PREFIX = env.str("INVOICE_PREFIX", default="FX")
CREDIT_NOTE_PREFIX = env.str("CREDIT_NOTE_PREFIX", default="CN")
SELLER = {
    "name": env.str("SELLER_NAME", default="Flexoraa Demo Pvt Ltd" if SANDBOX else ""),
    "address": env.str(
        "SELLER_ADDRESS",
        default="4 Residency Road, Bengaluru 560025" if SANDBOX else "",
    ),
    "state": env.str("SELLER_STATE", default="29" if SANDBOX else ""),
    "gstin": env.str("SELLER_GSTIN", default="29AAACF1234E1Z3" if SANDBOX else ""),
    "email": env.str("SELLER_EMAIL", default="billing@flexoraa.example"),
    "sac": env.str("SELLER_SAC", default="997331"),
    "gst_percent": env.int("GST_PERCENT", default=18),
}

# Who counts how much of each limit a workspace uses
USAGE = {
    "seats": "teams.usage.seats",
    "channels": "inbox.usage.channels",
    "leads": "leads.usage.leads",
    "messages": "inbox.usage.messages",
}

# What the worker does, by name: wiring knows apps only as strings
WORK = {
    "queues": [
        "inbox_webhooks",
        "inbox_outbox",
        "payments_webhooks",
        "teams_mail",
        "teams_departures",
    ],
    "drains": [
        "inbox.ingest.drain",
        "payments.receiving.drain",
        "teams.departures.drain",
    ],
    # each with a thread of its own: what waits for other people's servers, or counts,
    # or edits many leads
    "apart": [
        "analytics.rollups.drain",
        "inbox.delivery.drain",
        "inbox.gestures.drain",
        "inbox.templates.drain",
        "payments.reconciling.drain",
        "payments.refunding.drain",
        "payments.ordering.drain",
        "teams.mailing.drain",
        "inbox.media.drain",
        "leads.bulk.drain",
        "leads.importing.drain",
        "inbox.leading.drain",
    ],
    "finishers": ["inbox.delivery.finish"],
    "chores": [
        "inbox.ingest.housekeep",
        "inbox.reconciling.housekeep",
        "inbox.media.sweep",
        "inbox.snoozing.wake",
        "inbox.assignment.give_out",
        "teams.housekeeping.housekeep",
        "teams.crossings.inspect",
        "flexoraa.lib.stream.prune",
        "payments.keeping.housekeep",
    ],
}

# Celery as the runner of that work on many machines; without a broker run_worker does
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="")
CELERY_QUEUE = env.str("CELERY_QUEUE", default="flexoraa")

METRICS = ["inbox.gauges.gauges", "teams.crossings.gauges"]
BACKLOGS = {
    "webhooks": "inbox.ingest.backlog",
    "replies": "inbox.outbox.backlog",
    "media": "inbox.media.backlog",
    "payment_webhooks": "payments.receiving.backlog",
}

# The live stream (flexoraa.asgi): a proxy sends /events/ to its process. Without one,
# the web process sends browsers to this port of the same host.
EVENTS_PORT = env.int("EVENTS_PORT", default=0)

# Conversations: a resolved one is opened again by a message within these days
REOPEN_WITHIN_DAYS = env.int("REOPEN_WITHIN_DAYS", default=7)

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

# People
AUTH_USER_MODEL = "teams.User"
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
LOGOUT_REDIRECT_URL = LOGIN_URL
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
SIGN_UP_OPEN = env.bool("SIGN_UP_OPEN", default=True)  # else by invitation alone
# Whoever opens the back office must have a second factor
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", default=not SANDBOX)
INVITATIONS_A_DAY = env.int("INVITATIONS_A_DAY", default=200)  # for each workspace
INVITATION_PAGE = reverse_lazy("invitation")
# Where links in mails lead: pages of ours, or of an application in front of us
FRONTEND_URL = env.str("FRONTEND_URL", default="").rstrip("/")

# Sign-in by django-allauth (teams/accounts.py has what differs from its defaults)
ACCOUNT_ADAPTER = "teams.accounts.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "teams.accounts.SignupForm"
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 2
ACCOUNT_CHANGE_EMAIL = True
# wrong passwords are counted by teams/attempts.py; this is for floods of any requests
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip"}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if DEBUG else "https"
HEADLESS_CLIENTS = ("browser",)
HEADLESS_FRONTEND_URLS = {
    name: f"{FRONTEND_URL}/account/{path}"
    for name, path in {
        "account_confirm_email": "verify-email/{key}",
        "account_reset_password": "password/reset",
        "account_reset_password_from_key": "password/reset/{key}",
        "account_signup": "signup",
    }.items()
    if FRONTEND_URL
}
MFA_ADAPTER = "teams.accounts.MfaAdapter"
MFA_TOTP_ISSUER = "Flexoraa"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Mail: any provider that anymail knows, else what EMAIL_URL says (smtp+tls://…,
# filemail:///folder, consolemail://)
ANYMAIL = {
    name.removeprefix("ANYMAIL_"): value
    for name, value in env.ENVIRON.items()
    if name.startswith("ANYMAIL_")
}
MAIL_PROVIDER = env.str("MAIL_PROVIDER", default="")
vars().update(
    env.email_url(
        "EMAIL_URL",
        default=f"filemail:///{BASE_DIR}/.local/mail" if SANDBOX else "consolemail://",
    )
)
if MAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{MAIL_PROVIDER}.EmailBackend"
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="Flexoraa <flexoraa@localhost>")

# What all processes share for a while, such as counts of requests
CACHES = {"default": env.cache_url("CACHE_URL", default="dbcache://flexoraa_cache")}

# The edge; TLS is ended by a proxy that sets X-Forwarded-Proto, or not at all (DEBUG)
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
# how many proxies of ours are in front; what they write is believed, with 0 nothing is
TRUSTED_PROXY_HOPS = env.int("TRUSTED_PROXY_HOPS", default=0)
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_HOPS else None
)
CORS_ORIGINS = env.list("CORS_ORIGINS", default=[])  # none: no other origin may ask
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # none: from this machine alone
SECURE_HSTS_SECONDS = 0 if DEBUG else env.int("SECURE_HSTS_SECONDS", default=31536000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    # what the admin needs beyond this it gets alone (flexoraa.edge.Policies)
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF, *([f"*:{EVENTS_PORT}"] if EVENTS_PORT else [])],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
        "base-uri": [SELF],
        "form-action": [SELF],
    }
}

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

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "flexoraa.lib.api.SessionAuthentication",
        "teams.api.authentication.KeyAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["flexoraa.lib.api.CleanJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "flexoraa.lib.cursors.CursorPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "flexoraa.lib.schema.Schema",
    "EXCEPTION_HANDLER": "flexoraa.lib.errors.handle",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_FORMATTER_CLASS": "flexoraa.lib.errors.ProblemFormatter",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Flexoraa",
    "DESCRIPTION": "The API of the unified inbox.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api(/workspaces/\{workspace\}(?=/))?",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ChannelStatus": "inbox.models.ChannelAccount.Status",
        "ConversationStatus": "inbox.models.Conversation.Status",
        "MessageStatus": "inbox.models.messages.STATUSES",
        "MessageKind": "inbox.models.messages.kinds",
        "ReplyKind": "inbox.api.replies.KINDS",
        "ChannelEnum": "inbox.adapters.choices",
        "CampaignChannel": "leads.models.Campaign.Channel",
        "CampaignStatus": "leads.models.Campaign.Status",
        "StageKind": "leads.models.Stage.Kind",
        "SpendKind": "leads.models.SpendEntry.Kind",
        "CustomFieldKind": "leads.models.CustomField.Kind",
        "OperationKind": "leads.models.BulkOperation.Kind",
        "OperationState": "leads.models.BulkOperation.State",
        "ChangeState": "leads.models.BulkChange.State",
        "ImportState": "leads.models.ImportJob.State",
        "AssignmentStrategy": "leads.assignment.Strategy",
        "StrategyEnum": "inbox.models.assignment.Strategy",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
}

UNFOLD = {
    "SITE_TITLE": "Flexoraa",
    "SITE_HEADER": "Flexoraa",
    "SITE_SUBHEADER": "Back office",
    "SITE_SYMBOL": "forum",
    "SHOW_BACK_BUTTON": True,
    "SIDEBAR": {"show_search": True, "navigation": "flexoraa.navigation.sidebar"},
}

# Open work of members, by kind: modules that count it and hand it on when they go
# (teams/departures.py)
OPEN_WORK = {"conversations": "inbox.handover", "leads": "leads.handover"}

# What apps add to the back office, by name
DASHBOARD = [
    "inbox.overview.cards",
    "payments.overview.cards",
    "teams.crossings.card",
]  # of the whole installation, for platform staff
TEAM_DASHBOARD = [
    "inbox.overview.team_cards",
    "payments.overview.team_cards",
]  # called with ids of workspaces
# what a member sees, for the back office's "view as": called with (membership, role)
SEEN = ["leads.seen.seen", "inbox.seen.seen"]
SIDEBAR_BADGES = {
    "inbox_webhookdelivery": "inbox.overview.stuck_badge",
    "payments_webhookdelivery": "payments.overview.stuck_badge",
}

# Logs: ids, not contents (flexoraa.lib.logs); json, or text for a terminal
LOG_FORMAT = env.str("LOG_FORMAT", default="text" if DEBUG else "json")
logs.configure()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "flexoraa.lib.logs.Lines"},
        "text": {"()": "flexoraa.lib.logs.ReadableLines"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},  # refused requests are no news
        "flexoraa.requests": {"level": "WARNING" if DEBUG else "NOTSET"},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}

# Crash reports without anybody's data (flexoraa.reporting); none without a DSN
reporting.start(
    env.str("SENTRY_DSN", default=""),
    environment=env.str("SENTRY_ENVIRONMENT", default="production"),
)
