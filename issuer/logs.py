"""Log records for operators: JSON lines on standard error, with row ids and codes and nothing personal."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog

# Only these may stand in a record. A record, a name or a number that slips into a call is dropped, not written.
_ALLOWED = frozenset(
    {
        *("event", "level", "timestamp", "batch_id", "task_id", "epoch_id", "institution_id", "officer_id"),
        *("step", "count", "seconds", "code", "attempt", "state", "block"),
        # The line of a request: the template of its route, never the path.
        *("service", "request_id", "route", "method", "status", "error", "place", "directive"),
    }
)


def configure(level: str, stream: TextIO | None = None) -> None:
    """Write records of *level* and above to *stream* (standard error) as JSON lines."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.WriteLoggerFactory(file=stream if stream is not None else sys.stderr),
        cache_logger_on_first_use=False,
    )


def _only_allowed(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.ProcessorReturnValue:
    return {name: value for name, value in event.items() if name in _ALLOWED}


def logger() -> structlog.typing.FilteringBoundLogger:
    """Return the logger."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return log
