"""Requests that wait for the office's own work: a few at a time, each for a bounded time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_MOST = 16
# A thread that waits is one that answers nobody else.
_PLACES = threading.BoundedSemaphore(_MOST)


@contextmanager
def patience(seconds: float) -> Iterator[float]:
    """Give how long a request may wait: *seconds*, or 0 while too many others wait already."""
    if not _PLACES.acquire(blocking=False):
        yield 0.0
        return
    try:
        yield seconds
    finally:
        _PLACES.release()
