"""Counters for Prometheus. With several workers each keeps its counters in a file, and any of them shows the sum."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from goldlane.serving.endpoints import Endpoint

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0)


class Metrics:
    """Requests by endpoint and status, seconds and records by endpoint. A path that is no endpoint counts under the empty name."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        requests = Counter("goldlane_requests", "Requests answered, by status.", ["endpoint", "status"], registry=self._registry)
        seconds = Histogram(
            "goldlane_request_seconds", "From a request's head to its answer.", ["endpoint"], registry=self._registry, buckets=_BUCKETS
        )
        records = Counter("goldlane_records", "Entities looked up.", ["endpoint"], registry=self._registry)
        self._labelled = (requests, seconds, records)
        self._requests: dict[tuple[str, int], Counter] = {}
        self._seconds: dict[str, tuple[Histogram, Counter]] = {}

    def observe(self, endpoint: str, status: int, seconds: float, records: int = 0) -> None:
        """Count one request."""
        try:
            self._requests[endpoint, status].inc()
            taken, asked = self._seconds[endpoint]
        except KeyError:
            self._label(endpoint, status)
            self._requests[endpoint, status].inc()
            taken, asked = self._seconds[endpoint]
        taken.observe(seconds)
        if records:
            asked.inc(records)

    def page(self, endpoints: Iterable[Endpoint]) -> bytes:
        """Everything in Prometheus's text format, with the time at which each table was published last."""
        registry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the package leaves it so
        published = CollectorRegistry()
        published.register(_Published(endpoints))
        return generate_latest(registry) + generate_latest(published)

    def _label(self, endpoint: str, status: int) -> None:
        requests, seconds, records = self._labelled
        self._requests[endpoint, status] = requests.labels(endpoint, str(status))
        self._seconds[endpoint] = (seconds.labels(endpoint), records.labels(endpoint))


class _Published(Collector):
    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._endpoints = endpoints

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """See ``Collector``."""
        family = GaugeMetricFamily("goldlane_published_timestamp_seconds", "When the table was published last.", labels=["table"])
        for endpoint in self._endpoints:
            for publication in () if endpoint.is_set else endpoint.publications:
                if publication.published_at is not None:
                    family.add_metric([publication.table.name], publication.published_at.timestamp())
        yield family
