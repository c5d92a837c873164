"""What a log or a witness has said, in one SQLite file: written and flushed before it is said.

Whatever ends the process, the file knows at least as much as anybody outside. A number stands in it once, so that no
second hash can be vouched for; one process at a time has the folder.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jikin.anchoring.chain import Block, RegistryPins
from jikin.anchoring.checkpoints import OpenedCheckpoint, origin_of
from jikin.anchoring.checkpoints_log import BlockLog
from jikin.errors import CheckpointError, SettingsError
from jikin.values import Digest

_TABLES = """
CREATE TABLE IF NOT EXISTS about (one INTEGER PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL, genesis BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
    size INTEGER PRIMARY KEY, number INTEGER NOT NULL UNIQUE, hash BLOB NOT NULL, time INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS published (one INTEGER PRIMARY KEY CHECK (one = 1), opened BLOB NOT NULL);
"""


class State:
    """The entries of one log about the chain of *pins*, and the newest checkpoint that is shown to others."""

    def __init__(self, folder: Path, pins: RegistryPins) -> None:
        """Open the state in *folder*, which is made if need be.

        Raises SettingsError: ``witness.running`` when another process has it, ``witness.other-chain`` when it is about
        another registry or a chain with another first block, ``settings.value`` when it cannot be read.
        """
        self._pins = pins
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._held = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SettingsError(f"data is {folder}, which cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._held)
            raise SettingsError(
                f"another process works in {folder}; two could vouch for two histories", code="witness.running"
            ) from error
        try:
            self._database = sqlite3.connect(folder / "state.db", isolation_level=None, check_same_thread=False)
            self._prepare()
            self.log = BlockLog(pins, self._entries())
            self.published = self._published()
        except sqlite3.Error as error:
            self.close()
            raise SettingsError(f"the state in {folder} cannot be read: {error}", code="settings.value") from error
        except (SettingsError, CheckpointError):
            self.close()
            raise

    def close(self) -> None:
        """Let go of file and folder; closing twice is no error."""
        if self._held >= 0:
            if hasattr(self, "_database"):
                self._database.close()
            os.close(self._held)
            self._held = -1

    def append(self, block: Block) -> None:
        """Add *block* to the log, on the disk first; raises CheckpointError (``checkpoint.order``)."""
        self.log.check_next(block)
        with self._writing():
            self._database.execute(
                "INSERT INTO entries (size, number, hash, time) VALUES (?, ?, ?, ?)",
                (len(self.log) + 1, block.number, block.hash.raw, block.time),
            )
        self.log.append(block)

    def publish(self, opened: OpenedCheckpoint) -> None:
        """Keep *opened* as the newest that is shown to others."""
        with self._writing():
            self._database.execute("INSERT OR REPLACE INTO published (one, opened) VALUES (1, ?)", (opened.to_bytes(),))
        self.published = opened

    def _prepare(self) -> None:
        # FULL: a commit returns when the disk has it, also should the power fail.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(_TABLES)
        about = (origin_of(self._pins), self._pins.genesis.raw)
        self._database.execute("INSERT OR IGNORE INTO about (one, origin, genesis) VALUES (1, ?, ?)", about)
        found = self._database.execute("SELECT origin, genesis FROM about").fetchone()
        if found != about:
            raise SettingsError(
                f"the state is about {found[0]} from block 0 {Digest(found[1])}, the registry that is set up is "
                f"{about[0]} from {self._pins.genesis}",
                code="witness.other-chain",
                hint="choose another data folder; what was vouched for once stays so",
            )

    def _entries(self) -> Iterator[Block]:
        for number, hashed, time in self._database.execute("SELECT number, hash, time FROM entries ORDER BY size"):
            yield Block(number, Digest(hashed), time)

    def _published(self) -> OpenedCheckpoint | None:
        row = self._database.execute("SELECT opened FROM published").fetchone()
        return None if row is None else OpenedCheckpoint.parse(row[0])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
