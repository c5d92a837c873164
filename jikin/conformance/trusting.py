"""Whom to trust besides: a folder of entries, read again when a file of it changes."""

from __future__ import annotations

import threading
from pathlib import Path

from jikin.errors import SettingsError
from jikin.verification.assembly import read_trust
from jikin.verification.trust import Trust
from jikin.web import logs


class TrustFolder:
    """The entries of *folder*; a file that is broken while the process runs changes nothing."""

    def __init__(self, folder: Path) -> None:
        """Read the folder; raises SettingsError."""
        self._folder = folder
        self._lock = threading.Lock()
        self._seen = self._state()
        self._trust = read_trust(folder)

    def newest(self) -> Trust:
        """Return the entries as the folder has them."""
        with self._lock:
            state = self._state()
            if state != self._seen:
                self._seen = state
                try:
                    self._trust = read_trust(self._folder)
                except SettingsError as error:
                    logs.logger().warning("trust not read", code=error.code)
            return self._trust

    def _state(self) -> frozenset[tuple[str, int, int]]:
        try:
            return frozenset(
                (file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in self._folder.glob("*.json")
            )
        except OSError:
            return frozenset()
