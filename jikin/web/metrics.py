"""Counters for Prometheus: requests by route template, method and class of status; never a path, number or name."""

from __future__ import annotations

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of one application, in a registry of its own; a service adds its own to *registry*."""

    registry: CollectorRegistry = field(repr=False)
    requests: Counter = field(repr=False)
    seconds: Histogram = field(repr=False)
    csp_reports: Counter = field(repr=False)

    @classmethod
    def new(cls, service: str) -> Metrics:
        """Return the metrics of *service*, all at zero."""
        registry = CollectorRegistry()
        Gauge("jikin_service", "Which service this is", ["service"], registry=registry).labels(service).set(1)
        return cls(
            registry=registry,
            requests=Counter("jikin_requests", "Requests answered", ["route", "method", "status"], registry=registry),
            seconds=Histogram(
                "jikin_request_seconds", "Time to answer", ["route"], buckets=_SECONDS, registry=registry
            ),
            csp_reports=Counter(
                "jikin_csp_reports",
                "Reports of browsers that a page broke its policy",
                ["directive"],
                registry=registry,
            ),
        )

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request; *route* is the template, such as ``/n/{number}``."""
        known = method if method in _METHODS else "other"
        self.requests.labels(route, known, f"{status // 100}xx").inc()
        self.seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return everything in the text format of Prometheus."""
        return generate_latest(self.registry)
