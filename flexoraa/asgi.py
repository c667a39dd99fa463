"""The events process: server-sent events under ASGI, and nothing else."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flexoraa.settings")
django.setup(set_prefix=False)

from flexoraa.edge import EventHeaders  # noqa: E402 (the apps must be ready)
from teams.streams import Streams  # noqa: E402

application = EventHeaders(Streams())
