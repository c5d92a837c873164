"""Where the watcher stands, in one SQLite file: the blocks it has read, what happened in them, what it has told.

Rows are keyed by the block's hash, so that a block that a reorganisation removed takes along what was read in it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from jikin.anchoring.chain import Block, RegistryPins
from jikin.errors import SettingsError
from jikin.values import Digest, IssuerId, Json
from jikin.witness.acts import Happened

_KEPT_BLOCKS = 500
_TABLES = """
CREATE TABLE IF NOT EXISTS about (one INTEGER PRIMARY KEY CHECK (one = 1), pins TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS blocks (number INTEGER PRIMARY KEY, hash BLOB NOT NULL, time INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS acts (
    hash BLOB NOT NULL, position INTEGER NOT NULL, number INTEGER NOT NULL, tx BLOB NOT NULL, event TEXT NOT NULL,
    issuer BLOB, members TEXT NOT NULL, known INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (hash, position)
);
CREATE INDEX IF NOT EXISTS acts_by_event ON acts (event, issuer);
CREATE INDEX IF NOT EXISTS acts_by_number ON acts (number);
CREATE TABLE IF NOT EXISTS alerts (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, said TEXT NOT NULL, told INTEGER NOT NULL DEFAULT 0
);
"""


class Places:
    """What the watcher remembers about the registry of *pins*."""

    def __init__(self, file: Path, pins: RegistryPins) -> None:
        """Open *file*, which is made if need be; raises SettingsError, also for one about another registry."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._database = sqlite3.connect(file, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(_TABLES)
            about = f"{pins.chain} {pins.registry} {pins.genesis}"
            self._database.execute("INSERT OR IGNORE INTO about (one, pins) VALUES (1, ?)", (about,))
            (found,) = self._database.execute("SELECT pins FROM about").fetchone()
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(f"{file.name} cannot be used: {error}", code="settings.value") from error
        if found != about:
            self.close()
            raise SettingsError(
                f"{file.name} is about {found}, and {about} is watched",
                code="watch.other-chain",
                hint="choose another data folder",
            )

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Make everything inside happen together or not at all, on the disk when it ends."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    # --------------------------------------------------------------------------------------------------------- blocks

    def blocks(self) -> tuple[Block, ...]:
        """Return the newest blocks that were read, the newest first."""
        rows = self._database.execute("SELECT number, hash, time FROM blocks ORDER BY number DESC")
        return tuple(Block(number, Digest(hashed), time) for number, hashed, time in rows)

    def add(self, block: Block, happened: Iterable[Happened]) -> None:
        """Remember *block* as the last that was read, and what happened since the one before."""
        self._database.execute(
            "INSERT INTO blocks (number, hash, time) VALUES (?, ?, ?)", (block.number, block.hash.raw, block.time)
        )
        self._database.execute("DELETE FROM blocks WHERE number <= ?", (block.number - _KEPT_BLOCKS,))
        self._database.executemany(
            "INSERT INTO acts (hash, position, number, tx, event, issuer, members) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    each.hash.raw,
                    each.position,
                    each.number,
                    each.transaction.raw,
                    each.event,
                    None if each.issuer is None else each.issuer.raw,
                    json.dumps(dict(each.members), ensure_ascii=False),
                )
                for each in happened
            ],
        )

    def forget_after(self, number: int) -> tuple[Happened, ...]:
        """Forget the blocks above *number* and return what had happened in them."""
        gone = tuple(self._acts("number > ?", (number,)))
        self._database.execute("DELETE FROM acts WHERE number > ?", (number,))
        self._database.execute("DELETE FROM blocks WHERE number > ?", (number,))
        return gone

    # ----------------------------------------------------------------------------------------------------------- acts

    def unjudged(self) -> tuple[Happened, ...]:
        """Return what happened and has not been found in the owner's list, oldest first."""
        return tuple(self._acts("known = 0", ()))

    def acts(self, event: str) -> tuple[Happened, ...]:
        """Return everything that happened of one kind, oldest first."""
        return tuple(self._acts("event = ?", (event,)))

    def judged(self, happened: Happened) -> None:
        """Remember that *happened* stands in the owner's list."""
        self._database.execute(
            "UPDATE acts SET known = 1 WHERE hash = ? AND position = ?", (happened.hash.raw, happened.position)
        )

    def _acts(self, condition: str, values: Sequence[object]) -> Iterator[Happened]:
        columns = "number, hash, position, tx, event, issuer, members"
        rows = self._database.execute(
            f"SELECT {columns} FROM acts WHERE {condition} ORDER BY number, position",  # noqa: S608  # our own words
            values,
        )
        for number, hashed, position, transaction, event, issuer, members in rows:
            yield Happened(
                number,
                Digest(hashed),
                position,
                Digest(transaction),
                event,
                None if issuer is None else IssuerId(issuer),
                json.loads(members),
            )

    # --------------------------------------------------------------------------------------------------------- alerts

    def alert(self, name: str, said: Mapping[str, Json]) -> None:
        """Remember an alert that is to be told, once for each *name*."""
        text = json.dumps(dict(said), ensure_ascii=False)
        self._database.execute("INSERT OR IGNORE INTO alerts (name, said) VALUES (?, ?)", (name, text))

    def withdraw(self, name: str, said: Mapping[str, Json]) -> None:
        """Take back the alert of this *name*, if there was one: *said* is told too, and *name* may be alerted anew."""
        found = self._database.execute("SELECT id FROM alerts WHERE name = ?", (name,)).fetchone()
        if found is not None:
            self._database.execute("UPDATE alerts SET name = ? WHERE id = ?", (f"withdrawn {found[0]}", found[0]))
            self.alert(f"undone {found[0]}", said)

    def untold(self) -> tuple[tuple[int, str], ...]:
        """Return number and JSON text of the alerts that have not been told, oldest first."""
        return tuple(self._database.execute("SELECT id, said FROM alerts WHERE told = 0 ORDER BY id"))

    def told(self, number: int) -> None:
        """Remember that the alert of this number has been told."""
        self._database.execute("UPDATE alerts SET told = 1 WHERE id = ?", (number,))
