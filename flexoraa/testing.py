"""The environment of the tests, set before the settings are read (see pytest.ini)."""

import os

os.environ["READ_DOT_ENV"] = "false"
for name, value in {
    "DEBUG": "true",
    "SANDBOX": "true",
    "SECRET_KEY": "for-tests-only",
    "META_APP_SECRETS": "new-app-secret,old-app-secret",
    "META_VERIFY_TOKEN": "verify-me",
    "MAIL_PROVIDER": "postmark",
    "ANYMAIL_POSTMARK_SERVER_TOKEN": "for-tests-only",
    "ANYMAIL_WEBHOOK_SECRET": "reports:for-tests-only",
    "STEP_UP_MINUTES": "0",  # tests of it turn it on
    "LOG_LEVEL": "WARNING",
}.items():
    os.environ[name] = value
