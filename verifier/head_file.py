"""The newest heads of status lists that were seen here, kept in a file: a terminal is not a process that stays."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path

from jikin.anchoring.chain import StatusHead
from jikin.codec import strict_json
from jikin.errors import CodecError, SettingsError, ValueRefusedError
from jikin.values import Digest, IssuerId, Json, ListId
from jikin.verification.seen_heads import MemoryHeads

_MAX_BYTES = 8 << 20
_MEMBERS = ("issuer", "list", "head", "epoch", "time", "block", "entries")


class HeadFile:
    """SeenHeads in a JSON file, written anew, whole or not at all, whenever a newer head is seen."""

    def __init__(self, file: Path) -> None:
        """Read *file*; raises SettingsError for one that cannot be read. Where there is none it is made later."""
        self._file = file
        self._lock = threading.Lock()
        self._memory = MemoryHeads()
        self._known: dict[tuple[IssuerId, ListId], StatusHead] = {}
        for issuer_id, list_id, head in _read(file):
            self._note(issuer_id, list_id, head)

    def newest(self, issuer_id: IssuerId, list_id: ListId) -> StatusHead | None:
        """Return the newest head that was seen of the list, None if none was."""
        return self._memory.newest(issuer_id, list_id)

    def note(self, issuer_id: IssuerId, list_id: ListId, head: StatusHead) -> None:
        """Remember *head* unless a newer one is known; that it cannot be written down is no reason not to answer."""
        with self._lock:
            if self._note(issuer_id, list_id, head):
                self._write()

    def _note(self, issuer_id: IssuerId, list_id: ListId, head: StatusHead) -> bool:
        known = self._memory.newest(issuer_id, list_id)
        self._memory.note(issuer_id, list_id, head)
        newest = self._memory.newest(issuer_id, list_id)
        if newest is None or newest == known:
            return False
        self._known[issuer_id, list_id] = newest
        return True

    def _write(self) -> None:
        rows = [
            {
                "issuer": issuer_id.hex(),
                "list": list_id.hex(),
                "head": head.head.hex(),
                "epoch": head.epoch,
                "time": head.time,
                "block": head.block,
                "entries": head.entries,
            }
            for (issuer_id, list_id), head in sorted(self._known.items())
        ]
        draft = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
            draft.replace(self._file)
        except OSError:
            draft.unlink(missing_ok=True)


def _read(file: Path) -> list[tuple[IssuerId, ListId, StatusHead]]:
    try:
        rows = strict_json.parse(file.read_bytes(), max_bytes=_MAX_BYTES)
    except FileNotFoundError:
        return []
    except (OSError, CodecError) as error:
        raise SettingsError(f"heads is {file}, which cannot be read: {error}", code="settings.value") from error
    if isinstance(rows, str) or not isinstance(rows, list | tuple):
        raise SettingsError(f"heads is {file}, which holds no list", code="settings.value")
    try:
        return [_row(row) for row in rows]
    except (ValueRefusedError, KeyError, TypeError, ValueError) as error:
        raise SettingsError(f"heads is {file}, and a line of it is no head: {error}", code="settings.value") from error


def _row(row: Json) -> tuple[IssuerId, ListId, StatusHead]:
    if not isinstance(row, Mapping) or set(row) != set(_MEMBERS):
        raise ValueError(f"a head has {', '.join(_MEMBERS)}")
    epoch, time, block, entries = (int(str(row[name])) for name in ("epoch", "time", "block", "entries"))
    head = StatusHead(Digest.from_hex(str(row["head"])), epoch, time, block, entries)
    return IssuerId.from_hex(str(row["issuer"])), ListId.from_hex(str(row["list"])), head
