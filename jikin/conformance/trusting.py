"""Whom to trust besides: a folder of entries and roots, read again when a file of it changes."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from jikin.errors import SettingsError
from jikin.verification.assembly import read_roots, read_trust
from jikin.verification.sources import Sources
from jikin.web import logs


class TrustFolder:
    """The entries and roots of *folder*; a file that is broken while the process runs changes nothing."""

    def __init__(self, folder: Path) -> None:
        """Read the folder; raises SettingsError."""
        self._folder = folder
        self._lock = threading.Lock()
        self._seen = self._state()
        self._known = (read_trust(folder), read_roots(folder))

    def newest(self, sources: Sources) -> Sources:
        """Return *sources* with whom to trust as the folder has it."""
        with self._lock:
            state = self._state()
            if state != self._seen:
                self._seen = state
                try:
                    self._known = (read_trust(self._folder), read_roots(self._folder))
                except SettingsError as error:
                    logs.logger().warning("trust not read", code=error.code)
            trust, roots = self._known
        return replace(sources, trust=trust, roots=roots)

    def _state(self) -> frozenset[tuple[str, int, int]]:
        try:
            return frozenset(
                (file.name, file.stat().st_mtime_ns, file.stat().st_size)
                for kind in ("*.json", "*.pem")
                for file in self._folder.glob(kind)
            )
        except OSError:
            return frozenset()
