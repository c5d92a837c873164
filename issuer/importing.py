"""From a file of results to rows that can be issued: read, checked, compared with what was issued before.

A preview says of every row what would happen to it. Nothing is written; ``accept`` stores the batch. Repeating the same
file, or the same idempotency key, finds the batch that there is. A row that says the same as a certificate in force is
not issued again, whatever file it comes in, so a corrected list can simply be sent once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from issuer import csv_file, row_faults
from issuer.csv_file import Limits, Row, Table
from issuer.store import audit, batches
from issuer.store.batches import Batch, SourceRow
from issuer.store.database import Database
from issuer.store.institutions import Institution
from jikin.codec import jcs
from jikin.credentials.columns import RecordFault
from jikin.credentials.profile import Profile
from jikin.credentials.types import CredentialType
from jikin.errors import OfficeError
from jikin.values import sha256

_MAX_KEY = 200


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen to each row of a file: good, bad (with faults) or repeated (issued before).

    *ignored* are the head cells that this credential type does not use.
    """

    type: str
    rows: tuple[SourceRow, ...] = field(repr=False)
    ignored: tuple[str, ...]
    encoding: str
    delimiter: str
    source_digest: bytes

    def count(self, state: str) -> int:
        """Return how many rows are in *state*: good, bad or repeated."""
        return sum(row.state == state for row in self.rows)

    @property
    def bad(self) -> tuple[SourceRow, ...]:
        """Return the rows that are refused."""
        return tuple(row for row in self.rows if row.state == "bad")


def record_hash(type_id: str, record: dict[str, str]) -> bytes:
    """Return SHA-256 of type and record: two rows with the same hash say the same."""
    return sha256(type_id.encode("utf-8") + b"\n" + jcs.canonicalize(record))


def preview(
    data: bytes,
    kind: CredentialType,
    limits: Limits,
    *,
    today: date,
    issued: Callable[[Iterable[bytes]], set[bytes]],
) -> Preview:
    """Return what would happen to each row of the CSV file *data*.

    *issued* says which record hashes belong to certificates in force. Raises OfficeError ``csv.…`` for a file that
    cannot be read at all.
    """
    table = csv_file.read(data, limits, kind.match_header)
    seen = _Seen(tuple(key for key, column in kind.columns.items() if column.rules.get("x-unique") is True))
    rows = tuple(_looked_at(row, table, kind, today, seen) for row in table.rows)
    marked = _marked(rows, issued(seen.records))
    digest = hashlib.sha256(data).digest()
    return Preview(kind.id, marked, table.header.ignored, table.encoding, table.delimiter, digest)


@dataclass(frozen=True, slots=True)
class _Seen:
    """In which line a record, or the value of a column that may not repeat, stood first."""

    unique: tuple[str, ...]
    records: dict[bytes, int] = field(default_factory=dict, repr=False)
    values: dict[tuple[str, str], int] = field(default_factory=dict, repr=False)

    def fault(self, record: dict[str, str], hashed: bytes, kind: CredentialType) -> RecordFault | None:
        """Return how *record* repeats an earlier row, None if it does not."""
        if hashed in self.records:
            return row_faults.same_row(self.records[hashed])
        for key in self.unique:
            line = self.values.get((key, record[key]))
            if line is not None and record[key]:
                return row_faults.same_value(kind.columns[key], record[key], line)
        return None

    def keep(self, record: dict[str, str], hashed: bytes, line: int) -> None:
        """Remember a good row."""
        self.records[hashed] = line
        self.values.update({(key, record[key]): line for key in self.unique})


def _looked_at(row: Row, table: Table, kind: CredentialType, today: date, seen: _Seen) -> SourceRow:
    if row.fault is not None:
        return SourceRow(row.number, "bad", None, None, (row.fault,))
    record = kind.record(table.header, row.cells)
    hashed = record_hash(kind.id, record)
    faults = kind.check_record(record, today=today)
    repeats = None if faults else seen.fault(record, hashed, kind)
    if repeats is not None:
        faults = (repeats,)
    if faults:
        return SourceRow(row.number, "bad", None, None, faults)
    seen.keep(record, hashed, row.number)
    return SourceRow(row.number, "good", record, hashed)


def default_key(type_id: str, data: bytes) -> str:
    """Return the idempotency key of a file that comes without one: SHA-256 of type and content, in hexadecimal."""
    return hashlib.sha256(type_id.encode("utf-8") + b"\n" + data).hexdigest()


def may_issue(institution: Institution, kind: CredentialType) -> None:
    """Refuse with OfficeError a type that the institution's profile does not name."""
    types = Profile.parse(institution.profile).types
    if kind.id not in types:
        raise OfficeError(
            f"{institution.domain} is not accredited to issue {kind.id}; its profile names {', '.join(types)}",
            code="office.type-not-allowed",
        )


def existing(database: Database, institution: Institution, key: str, kind: CredentialType, data: bytes) -> Batch | None:
    """Return the batch that this idempotency key has made, None if there is none.

    Raises OfficeError ``office.key-reused`` when the key was used for another file or type.
    """
    if not 0 < len(key) <= _MAX_KEY:
        raise OfficeError(f"an idempotency key has 1 to {_MAX_KEY} characters, found {len(key)}", code="office.key")
    with database.read() as connection:
        batch = batches.find(connection, institution.id, key)
    if batch is None:
        return None
    if (batch.type, batch.source_digest) != (kind.id, hashlib.sha256(data).digest()):
        raise OfficeError(
            f"the idempotency key was used for another file (batch {batch.id}, {batch.type}); "
            "right would be the same file, or another key",
            code="office.key-reused",
            hint="rows that were issued before are recognised and left out, also under another key",
        )
    return batch


def accept(database: Database, institution: Institution, looked: Preview, *, key: str, suite: str, now: int) -> Batch:
    """Return the stored batch of a preview; from here on it is issued, whatever happens to this process.

    Raises OfficeError ``office.no-good-rows`` when there is nothing to issue.
    """
    with database.write() as connection:
        raced = batches.find(connection, institution.id, key)
        if raced is not None:
            return raced
        hashes = [row.record_hash for row in looked.rows if row.record_hash is not None]
        rows = _marked(looked.rows, batches.issued_hashes(connection, institution.id, hashes))
        if not any(row.state == "good" for row in rows):
            raise OfficeError("no row of this file can be issued", code="office.no-good-rows")
        batch = batches.add(
            connection,
            institution_id=institution.id,
            type=looked.type,
            suite=suite,
            idempotency_key=key,
            source_digest=looked.source_digest,
            source=rows,
            at=now,
        )
        audit.record(
            connection,
            at=now,
            act="batch accepted",
            subject=f"batches/{batch.id}",
            institution_id=institution.id,
            good=batch.count,
            bad=batch.bad,
            repeated=batch.repeated,
        )
    return batch


def _marked(rows: Iterable[SourceRow], before: set[bytes]) -> tuple[SourceRow, ...]:
    """Return *rows* with those that were issued before marked as repeated."""
    return tuple(
        SourceRow(row.line, "repeated", None, None)
        if row.record_hash is not None and row.record_hash in before
        else row
        for row in rows
    )
