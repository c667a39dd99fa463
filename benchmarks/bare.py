"""The door's floor: a Django view that checks an HMAC and inserts the raw body."""

import hashlib
import hmac
import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flexoraa.settings")
settings.MIDDLEWARE, settings.INSTALLED_APPS = [], []
settings.AUTH_USER_MODEL = "auth.User"
settings.ROOT_URLCONF = "benchmarks.bare"

from django.core.wsgi import get_wsgi_application  # noqa: E402 (settings first)
from django.db import connection  # noqa: E402 (settings first)
from django.http import HttpResponse  # noqa: E402 (settings first)
from django.urls import path  # noqa: E402 (settings first)


def webhook(request):
    """Nothing that could be left out."""
    body = request.body
    key = settings.META_APP_SECRETS[0].encode()
    expected = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers["X-Hub-Signature-256"]):
        return HttpResponse(status=401)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bare (body) VALUES (%s)", [body])
    return HttpResponse("EVENT_RECEIVED")


urlpatterns = [path("webhooks/whatsapp", webhook)]
application = get_wsgi_application()
