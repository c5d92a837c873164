"""Long lists in parts: PostgreSQL takes 65,535 values in a statement, SQLite as few as 32,766."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

_PART = 1000


def in_parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield *values* in their order, a thousand at a time."""
    for start in range(0, len(values), _PART):
        yield values[start : start + _PART]
