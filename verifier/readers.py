"""Confined readers of strangers' files, a few at a time, so that one stubborn file does not keep everybody waiting."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager

from jikin.badges.confined import Confinement

_READERS = 3


class Readers:
    """A few confinements; each is lent to one upload at a time."""

    def __init__(self, count: int = _READERS) -> None:
        """Start none yet: each starts its process with its first file."""
        self._all = tuple(Confinement() for _ in range(count))
        self._free: queue.SimpleQueue[Confinement] = queue.SimpleQueue()
        for confinement in self._all:
            self._free.put(confinement)

    @contextmanager
    def reader(self) -> Iterator[Confinement]:
        """Lend a confinement, waiting for one if all are lent."""
        confinement = self._free.get()
        try:
            yield confinement
        finally:
            self._free.put(confinement)

    def close(self) -> None:
        """End every process."""
        for confinement in self._all:
            confinement.close()
