"""The webhook routes, one for each registered channel."""

from django.urls import path

from inbox.adapters import ADAPTERS
from inbox.webhooks import webhook

urlpatterns = [
    path(channel, webhook, {"channel": channel}, name=channel) for channel in ADAPTERS
]
app_name = "webhooks"
