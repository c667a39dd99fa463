"""The events process: server-sent events under ASGI."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flexoraa.settings")
application = get_asgi_application()
