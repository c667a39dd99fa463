"""/metrics for Prometheus: what waits, what died, what is silent. Guarded."""

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.module_loading import import_string
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from flexoraa.lib import work
from flexoraa.lib.addresses import is_loopback

Gauge = tuple[str, str, dict[str, str], float]  # name, help, labels, value


class Collector:
    """Asks, at each scrape, the functions that settings.METRICS names."""

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for name, text, labels, value in gauges():
            family = families.setdefault(
                name, GaugeMetricFamily(f"flexoraa_{name}", text, labels=sorted(labels))
            )
            family.add_metric([labels[key] for key in sorted(labels)], value)
        yield from families.values()


def gauges() -> Iterator[Gauge]:
    """The apps' and our own."""
    yield "workers", "Worker processes that listen.", {}, work.running()
    for name, path in settings.BACKLOGS.items():
        yield from backlog(name, import_string(path)())
    for path in settings.METRICS:
        found: Iterable[Gauge] = import_string(path)()
        yield from found


def backlog(name: str, found: dict[str, float]) -> Iterator[Gauge]:
    """A queue's depth and the age of its oldest, in seconds."""
    for key, value in found.items():
        yield f"backlog_{key}", "What waits for a worker.", {"queue": name}, value


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """With METRICS_TOKEN as bearer token; without such a setting, from this machine
    alone and past no proxy. Anybody else is told that there is nothing."""
    if not may_read(request):
        return HttpResponse("Not found\n", status=404, content_type="text/plain")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """Whether the asker is the monitoring."""
    token = settings.METRICS_TOKEN
    if not token:
        return is_loopback(request)
    return constant_time_compare(
        request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()
    )
