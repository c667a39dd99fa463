"""Logs without contents, and crash reports without anybody's data."""

from flexoraa import reporting
from flexoraa.lib import logs
from flexoraa.settings.place import DEBUG, env

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
