"""The web process: API, admin, webhooks."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flexoraa.settings")
application = get_wsgi_application()
