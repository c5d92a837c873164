"""Look-ups that come in a burst share what was learned; whoever is trusted may change while the service runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from jikin.errors import SettingsError
from jikin.verification.assembly import read_roots, read_trust
from jikin.verification.sources import Session, Sources
from jikin.verification.trust import Roots, Trust
from jikin.web import logs

_MAX_FREE = 64
_KINDS = ("*.json", "*.pem")


class TrustFolder:
    """The entries and roots of a trust folder, read again when a file of it changes."""

    def __init__(self, folder: Path, trust: Trust, roots: Roots = ()) -> None:
        """Begin with *trust* and *roots*, which were read from *folder*."""
        self._folder = folder
        self._seen = self._state()
        self._known = (trust, roots)
        self._lock = threading.Lock()

    def newest(self) -> tuple[Trust, Roots]:
        """Return entries and roots as the folder has them; while it cannot be read, those that were read last."""
        state = self._state()
        with self._lock:
            if state != self._seen:
                try:
                    self._known = (read_trust(self._folder), read_roots(self._folder))
                except SettingsError as error:
                    logs.logger().warning("trust not read", code=error.code)
                else:
                    self._seen = state
            return self._known

    def _state(self) -> tuple[tuple[str, int, int], ...]:
        try:
            files = [(file, file.stat()) for kind in _KINDS for file in sorted(self._folder.glob(kind))]
        except OSError:
            return ()
        return tuple((file.name, stat.st_mtime_ns, stat.st_size) for file, stat in files)


class Sessions:
    """Sessions that are lent to one thread at a time and used again while they are young.

    A session looks at the registry as of one block and remembers every answer. Within *seconds* of its start it serves
    whoever comes next, so that a burst of look-ups costs a handful of calls; after that a new one is begun, so that
    nobody is told what was true longer ago than that.
    """

    def __init__(
        self, sources: Sources, *, seconds: float, monotonic: Callable[[], float], trust: TrustFolder | None = None
    ) -> None:
        """Keep whom to ask; nobody is asked yet."""
        self._sources = sources
        self._seconds = seconds
        self._monotonic = monotonic
        self._trust = trust
        self._free: list[tuple[float, Session]] = []
        self._lock = threading.Lock()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Lend a session."""
        since, session = self._young() or (self._monotonic(), self._sources_now().at_newest())
        yield session
        # A session whose user failed is not lent again: what it holds may be half a thought.
        with self._lock:
            if len(self._free) < _MAX_FREE:
                self._free.append((since, session))

    def _young(self) -> tuple[float, Session] | None:
        now = self._monotonic()
        with self._lock:
            self._free = [(since, session) for since, session in self._free if now - since < self._seconds]
            return self._free.pop() if self._free else None

    def _sources_now(self) -> Sources:
        if self._trust is None:
            return self._sources
        trust, roots = self._trust.newest()
        return replace(self._sources, trust=trust, roots=roots)
