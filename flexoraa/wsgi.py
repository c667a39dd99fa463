"""The web process: API, admin, webhooks."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flexoraa.settings")
application = get_wsgi_application()
# what is loaded stays: a large report must not make Python look through all of it
gc.collect()
gc.freeze()
