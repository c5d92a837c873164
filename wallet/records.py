"""The records of an open vault: read against the manifest, changed all or none with it.

Every change happens in one database transaction that also writes the next manifest. So a crash leaves either the old
vault or the new one, and a record that was rolled back, removed or moved between vaults is noticed when it is read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection

from jikin.codec import strict_json
from jikin.errors import CodecError, WalletError
from jikin.values import JsonObject
from jikin.web.database import Database
from wallet import vault
from wallet.sessions import OpenVault
from wallet.store import vaults
from wallet.store.vaults import Head
from wallet.vault import Entry, Manifest, Place

_MAX_RECORD = 8 << 20
_MAX_DEPTH = 80  # a credential may be nested 64 deep, and lies a few levels down in its record


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it was read. *version* is what a change of it starts from."""

    id: str
    schema: str
    version: int
    value: JsonObject = field(repr=False)


def read(database: Database, open: OpenVault, schema: str) -> tuple[Record, ...]:
    """Return every record of *schema*, in the order of their ids; raises WalletError (``wallet.tampered``)."""
    with database.read() as connection:
        manifest = _manifest(open, vaults.head(connection, open.id))
        return _records(connection, open, {i: e for i, e in manifest.records.items() if e.schema == schema})


def find(database: Database, open: OpenVault, schema: str, id: str) -> Record | None:
    """Return one record, None where there is none of that id and schema; raises as ``read``."""
    with database.read() as connection:
        entry = _manifest(open, vaults.head(connection, open.id)).records.get(id)
        if entry is None or entry.schema != schema:
            return None
        return _records(connection, open, {id: entry})[0]


def counter(database: Database, open: OpenVault) -> int:
    """Return the counter of the vault's manifest."""
    with database.read() as connection:
        return _manifest(open, vaults.head(connection, open.id)).counter


def begin(connection: Connection, open: OpenVault, login_tag: bytes) -> None:
    """Add the vault itself, empty."""
    manifest = Manifest(1, {})
    head = Head(1, vault.seal_manifest(open.key, open.id, manifest))
    vaults.add_holder(connection, open.id, login_tag, head)


@contextmanager
def changing(database: Database, open: OpenVault) -> Iterator[Change]:
    """Give a change of the vault, durable when the block ends, all or none; nobody else changes it meanwhile."""
    with database.write() as connection, _change(connection, open) as change:
        yield change


def changed_in(connection: Connection, open: OpenVault, make: Callable[[Change], object]) -> None:
    """Make a change within a transaction that is open already."""
    with _change(connection, open) as change:
        make(change)


@contextmanager
def _change(connection: Connection, open: OpenVault) -> Iterator[Change]:
    change = Change(connection, open, _manifest(open, vaults.head(connection, open.id, for_change=True)))
    yield change
    change.finish()


class Change:
    """What is to become of a vault's records; made by ``changing``."""

    def __init__(self, connection: Connection, open: OpenVault, manifest: Manifest) -> None:
        """Start from *manifest*."""
        self.connection = connection
        self._open = open
        self._manifest = manifest
        self._entries = dict(manifest.records)

    @property
    def number(self) -> int:
        """Return the counter that the vault has after this change."""
        return self._manifest.counter + 1

    def add(self, schema: str, value: JsonObject, id: str | None = None) -> str:
        """Add a record and return its id."""
        name = id or new_id()
        if name in self._entries:
            raise WalletError("the vault has this record already", code="wallet.record.conflict")
        self._write(name, Entry(schema, 1), value)
        return name

    def replace(self, record: Record, value: JsonObject) -> None:
        """Replace what *record* holds.

        Raises WalletError (``wallet.record.conflict``) when somebody replaced or removed it since it was read.
        """
        if self._entries.get(record.id) != Entry(record.schema, record.version):
            raise WalletError(
                "this was changed meanwhile, in another window perhaps",
                code="wallet.record.conflict",
                hint="look at it again",
            )
        self._write(record.id, Entry(record.schema, record.version + 1), value)

    def remove(self, id: str) -> None:
        """Remove a record for good; removing none is no error."""
        if self._entries.pop(id, None) is not None:
            vaults.drop(self.connection, self._open.id, id)

    def read(self, schema: str) -> tuple[Record, ...]:
        """Return the records of *schema* as they are now, this change included."""
        return _records(self.connection, self._open, {i: e for i, e in self._entries.items() if e.schema == schema})

    def find(self, schema: str, id: str) -> Record | None:
        """Return one record as it is now, None for none."""
        entry = self._entries.get(id)
        if entry is None or entry.schema != schema:
            return None
        return _records(self.connection, self._open, {id: entry})[0]

    def ids(self, schema: str) -> tuple[str, ...]:
        """Return the ids of the records of *schema* as they are now, sorted."""
        return tuple(sorted(name for name, entry in self._entries.items() if entry.schema == schema))

    def finish(self) -> None:
        """Write the next manifest."""
        if self._entries == self._manifest.records:
            return
        following = Manifest(self._manifest.counter + 1, self._entries)
        sealed = vault.seal_manifest(self._open.key, self._open.id, following)
        vaults.set_head(self.connection, self._open.id, Head(following.counter, sealed))

    def _write(self, id: str, entry: Entry, value: JsonObject) -> None:
        place = Place(self._open.id, id, entry.version, entry.schema)
        sealed = vault.seal(self._open.key, place, to_bytes(value))
        vaults.put(self.connection, self._open.id, id, entry.version, sealed)
        self._entries[id] = entry


def new_id() -> str:
    """Return a fresh random id, 32 hexadecimal digits."""
    return os.urandom(16).hex()


def to_bytes(value: JsonObject) -> bytes:
    """Return *value* as it is sealed: compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def from_bytes(content: bytes) -> JsonObject:
    """Return what ``to_bytes`` wrote; an empty object for what is no JSON object."""
    try:
        value = strict_json.parse(content, max_bytes=_MAX_RECORD, max_depth=_MAX_DEPTH)
    except CodecError:
        return {}
    return value if isinstance(value, Mapping) else {}


def _manifest(open: OpenVault, head: Head) -> Manifest:
    return vault.unseal_manifest(open.key, open.id, head.counter, head.manifest)


def _records(connection: Connection, open: OpenVault, entries: Mapping[str, Entry]) -> tuple[Record, ...]:
    stored = vaults.sealed(connection, open.id, entries.keys())
    found = []
    for name, entry in sorted(entries.items()):
        if name not in stored:
            raise vault.tampered("a record is missing")
        version, sealed = stored[name]
        if version != entry.version:
            raise vault.tampered("a record is of another time than the rest")
        content = vault.unseal(open.key, Place(open.id, name, entry.version, entry.schema), sealed)
        found.append(Record(name, entry.schema, entry.version, _object(content)))
    return tuple(found)


def _object(content: bytes) -> JsonObject:
    value = from_bytes(content)
    if not value:
        raise vault.tampered("a record cannot be read")
    return value
