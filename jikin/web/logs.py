"""Log records for operators: JSON lines on standard error. One line per request, with the route template only."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog

# Only these may stand in a record. A path, name or number that slips into a call is dropped, not written.
_ALLOWED = frozenset(
    {
        *("event", "level", "timestamp", "service", "request_id", "route", "method", "status", "seconds"),
        *("code", "error", "place", "directive", "count", "state", "step", "attempt", "port"),
    }
)


def configure(level: str, *, also: frozenset[str] = frozenset(), stream: TextIO | None = None) -> None:
    """Write records of *level* and above to *stream* (standard error) as JSON lines; *also* allows further members."""
    allowed = _ALLOWED | also

    def only_allowed(
        _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.ProcessorReturnValue:
        return {name: value for name, value in event.items() if name in allowed}

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.WriteLoggerFactory(file=stream if stream is not None else sys.stderr),
        cache_logger_on_first_use=False,
    )


def logger() -> structlog.typing.FilteringBoundLogger:
    """Return the logger."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return log


def error_place(error: BaseException) -> str:
    """Return where *error* was raised, ``module.py:line``: its message may hold what nobody should read in a log."""
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
