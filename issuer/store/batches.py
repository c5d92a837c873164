"""Batches, the rows they came from, and their credentials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, Row, func, insert, select, update

from issuer import row_faults
from issuer.store.parts import in_parts
from issuer.store.tables import batches, credentials, rows
from jikin.credentials.columns import RecordFault
from jikin.values import Digest, JsonObject

NOTHING_SIGNED = "office.nothing-signed"  # a batch that ends so has nothing to go on with


class Origin(StrEnum):
    """Where the rows of a batch came from."""

    LIST = "list"  # a result list
    OFFER = "offer"  # one row that another program wants a certificate for
    APPLICATION = "application"  # one machine, certified by decision
    CORRECTION = "correction"  # no rows: certificates that take the place of corrected ones
    COPIES = "copies"  # no rows: copies of certificates, each bound to its holder's key


class BatchState(StrEnum):
    """How far a batch has come; every step leads from one state to the next and may be run again."""

    ACCEPTED = "accepted"  # rows are stored
    RESERVED = "reserved"  # every credential has its number and its entry in the status list
    SIGNED = "signed"
    PLANTED = "planted"  # salts, leaves, tree and root are stored
    ANCHORED = "anchored"  # with the confirmations asked for
    VERIFIED = "verified"  # every credential was verified against what the chain says
    RELEASED = "released"


class CredentialState(StrEnum):
    """What has become of one credential."""

    RESERVED = "reserved"
    SIGNED = "signed"
    FAILED = "failed"  # could not be signed: its row counts as bad, number and entry stay taken
    RELEASED = "released"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as stored; *count* good rows, *bad* rows refused, *repeated* rows that an earlier batch has issued.

    *tree_id* is the batch under which its tree is stored, perhaps another one that was planted with it.
    """

    id: int
    institution_id: int
    type: str
    suite: str
    origin: Origin
    idempotency_key: str
    source_digest: bytes
    state: BatchState
    count: int
    bad: int
    repeated: int
    attempt: int
    root: Digest | None
    tree_size: int | None
    tree_id: int | None
    verified_to: int
    anchored_block: int | None
    anchored_at: int | None
    settled_at: int | None
    error_code: str | None
    error: str | None
    created_at: int
    released_at: int | None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of the source file: its line, state (good, bad, repeated), record when good, faults when bad."""

    line: int
    state: str
    record: JsonObject | None = field(repr=False)
    record_hash: bytes | None = field(repr=False)
    faults: tuple[RecordFault, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential as stored; *document* are the bytes of the signed JSON, *place* its leaf's index.

    A copy has *copy_of*, the row id of its original, and *holder*, the DID it is bound to.
    Its record is the original's.
    """

    id: int
    institution_id: int
    batch_id: int
    line: int
    type: str
    number: str = field(repr=False)
    record: JsonObject | None = field(repr=False)
    document: bytes | None = field(repr=False)
    digest: Digest | None = field(repr=False)
    place: int | None
    status_list_id: int
    status_index: int
    state: CredentialState
    valid_from: int
    valid_until: int | None
    copy_of: int | None = None
    holder: str | None = field(default=None, repr=False)
    format: str = "ldp_vc"


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed certificate as it is stored and handed out, and its anchor digest."""

    document: bytes = field(repr=False)
    digest: Digest


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What is reserved for one row before anything is signed."""

    line: int
    number: str = field(repr=False)
    record: JsonObject = field(repr=False)
    record_hash: bytes = field(repr=False)
    status_index: int
    valid_from: int
    valid_until: int | None


def _digest(raw: bytes | None) -> Digest | None:
    return None if raw is None else Digest(raw)


def read_batch(row: Row[tuple[object, ...]]) -> Batch:
    """Return the batch in a row of the table."""
    values = dict(row._mapping)
    values["state"], values["origin"], values["root"] = BatchState(row.state), Origin(row.origin), _digest(row.root)
    return Batch(**values)


def read(row: Row[tuple[object, ...]]) -> Credential:
    """Return the credential in a row of the table."""
    return Credential(
        id=row.id,
        institution_id=row.institution_id,
        batch_id=row.batch_id,
        line=row.line,
        type=row.type,
        number=row.number,
        record=row.record,
        document=row.document,
        digest=_digest(row.digest),
        place=row.place,
        status_list_id=row.status_list_id,
        status_index=row.status_index,
        state=CredentialState(row.state),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        copy_of=row.copy_of,
        holder=row.holder,
        format=row.format,
    )


# ------------------------------------------------------------------------------------------------ batches and rows


def find(connection: Connection, institution_id: int, idempotency_key: str) -> Batch | None:
    """Return the batch with that idempotency key, None if there is none."""
    row = connection.execute(
        select(batches).where(batches.c.institution_id == institution_id, batches.c.idempotency_key == idempotency_key)
    ).one_or_none()
    return None if row is None else read_batch(row)


def by_id(connection: Connection, batch_id: int, *, lock: bool = False) -> Batch:
    """Return the batch with that row id; *lock* keeps others from moving it until the transaction ends."""
    wanted = select(batches).where(batches.c.id == batch_id)
    return read_batch(connection.execute(wanted.with_for_update() if lock else wanted).one())


def stands_at(connection: Connection, batch_id: int, state: BatchState) -> bool:
    """Say whether the batch is in *state*, and keep it there for others until the transaction ends.

    Two workers may be at the same step: one that was taken for dead and wakes up again. What it did then comes to
    nothing here.
    """
    return by_id(connection, batch_id, lock=True).state is state


def every(connection: Connection, institution_id: int) -> tuple[Batch, ...]:
    """Return all batches of an institution, oldest first."""
    found = connection.execute(select(batches).where(batches.c.institution_id == institution_id).order_by(batches.c.id))
    return tuple(read_batch(row) for row in found)


def add(
    connection: Connection,
    *,
    institution_id: int,
    type: str,
    suite: str,
    idempotency_key: str,
    source_digest: bytes,
    source: Sequence[SourceRow],
    at: int,
    origin: Origin = Origin.LIST,
) -> Batch:
    """Return a new batch with all its rows."""
    tally = {state: sum(row.state == state for row in source) for state in ("good", "bad", "repeated")}
    batch_id = connection.execute(
        insert(batches)
        .values(
            institution_id=institution_id,
            type=type,
            suite=suite,
            origin=origin,
            idempotency_key=idempotency_key,
            source_digest=source_digest,
            state=BatchState.ACCEPTED,
            count=tally["good"],
            bad=tally["bad"],
            repeated=tally["repeated"],
            attempt=0,
            verified_to=0,
            created_at=at,
        )
        .returning(batches.c.id)
    ).scalar_one()
    values = [
        {
            "batch_id": batch_id,
            "line": row.line,
            "state": row.state,
            "record": row.record,
            "record_hash": row.record_hash,
            "faults": [row_faults.to_json(fault) for fault in row.faults],
        }
        for row in source
    ]
    for part in in_parts(values):
        connection.execute(insert(rows), list(part))
    return by_id(connection, batch_id)


def advance(connection: Connection, batch_id: int, state: BatchState, **values: object) -> None:
    """Move the batch to *state* and keep *values* with it."""
    connection.execute(update(batches).where(batches.c.id == batch_id).values(state=state, **values))


def note_error(connection: Connection, batch_id: int, code: str | None, message: str | None) -> None:
    """Keep why the batch stands still, or that it moves again (None); the message holds nothing personal."""
    connection.execute(update(batches).where(batches.c.id == batch_id).values(error_code=code, error=message))


def next_attempt(connection: Connection, batch_id: int, last: int) -> int:
    """Return the number of the run of the batch's job that follows *last*; the same for everybody who asks for it."""
    connection.execute(
        update(batches).where(batches.c.id == batch_id, batches.c.attempt == last).values(attempt=last + 1)
    )
    return int(connection.execute(select(batches.c.attempt).where(batches.c.id == batch_id)).scalar_one())


def source_rows(connection: Connection, batch_id: int, state: str) -> tuple[SourceRow, ...]:
    """Return the rows of *state* in the order of the file."""
    found = connection.execute(
        select(rows).where(rows.c.batch_id == batch_id, rows.c.state == state).order_by(rows.c.line)
    )
    return tuple(
        SourceRow(
            row.line, row.state, row.record, row.record_hash, tuple(row_faults.from_json(fault) for fault in row.faults)
        )
        for row in found
    )


def issued_hashes(connection: Connection, institution_id: int, hashes: Iterable[bytes]) -> set[bytes]:
    """Return which record hashes stand in a certificate that was not ended, or in rows waiting to become one."""
    wanted = set(hashes)
    found: set[bytes] = set()
    ended = (CredentialState.REVOKED, CredentialState.REPLACED)
    for part in in_parts(sorted(wanted)):
        given = connection.execute(
            select(credentials.c.record_hash).where(
                credentials.c.institution_id == institution_id,
                credentials.c.record_hash.in_(part),
                credentials.c.state.not_in(ended),
            )
        )
        found.update(row.record_hash for row in given)
        waiting = connection.execute(
            select(rows.c.record_hash)
            .join(batches, batches.c.id == rows.c.batch_id)
            .where(batches.c.institution_id == institution_id, rows.c.record_hash.in_(part))
        )
        found.update(row.record_hash for row in waiting)
    return found


# ------------------------------------------------------------------------------------------------------ credentials


def taken_numbers(connection: Connection, numbers: Sequence[str]) -> set[str]:
    """Return which of *numbers* were given out before."""
    taken: set[str] = set()
    for part in in_parts(numbers):
        found = connection.execute(select(credentials.c.number).where(credentials.c.number.in_(part)))
        taken.update(row.number for row in found)
    return taken


def reserve(
    connection: Connection, batch: Batch, status_list_id: int, reserved: Sequence[NewCredential], at: int
) -> None:
    """Store the credentials to be, and take the records out of the rows: personal data lies in one place only."""
    for part in in_parts(reserved):
        connection.execute(
            insert(credentials),
            [
                {
                    "institution_id": batch.institution_id,
                    "batch_id": batch.id,
                    "line": new.line,
                    "type": batch.type,
                    "number": new.number,
                    "record": new.record,
                    "record_hash": new.record_hash,
                    "status_list_id": status_list_id,
                    "status_index": new.status_index,
                    "state": CredentialState.RESERVED,
                    "valid_from": new.valid_from,
                    "valid_until": new.valid_until,
                    "created_at": at,
                }
                for new in part
            ],
        )
    connection.execute(update(rows).where(rows.c.batch_id == batch.id).values(record=None, record_hash=None))


def credentials_of(
    connection: Connection,
    batch_id: int,
    *,
    after: int = 0,
    limit: int | None = None,
    state: CredentialState | None = None,
) -> tuple[Credential, ...]:
    """Return credentials of a batch by row id, those after row *after*, at most *limit*, in *state* if one is given."""
    wanted = select(credentials).where(credentials.c.batch_id == batch_id, credentials.c.id > after)
    if state is not None:
        wanted = wanted.where(credentials.c.state == state)
    wanted = wanted.order_by(credentials.c.id)
    return tuple(read(row) for row in connection.execute(wanted if limit is None else wanted.limit(limit)))


def by_number(connection: Connection, number: str) -> Credential | None:
    """Return the credential with that number (20 symbols), never a copy; None if it was never given out."""
    row = connection.execute(
        select(credentials).where(credentials.c.number == number, credentials.c.copy_of.is_(None))
    ).one_or_none()
    return None if row is None else read(row)


def by_numbers(connection: Connection, numbers: Sequence[str]) -> dict[str, Credential]:
    """Return the credentials with these numbers, by number and never a copy; what was never given out is missing."""
    found: dict[str, Credential] = {}
    for part in in_parts(numbers):
        rows_found = connection.execute(
            select(credentials).where(credentials.c.number.in_(part), credentials.c.copy_of.is_(None))
        )
        found.update({row.number: read(row) for row in rows_found})
    return found


def by_row(connection: Connection, credential_id: int, *, lock: bool = False) -> Credential:
    """Return the credential with that row id; *lock* keeps others from changing it until the transaction ends."""
    wanted = select(credentials).where(credentials.c.id == credential_id)
    return read(connection.execute(wanted.with_for_update() if lock else wanted).one())


def find_row(connection: Connection, credential_id: int) -> Credential | None:
    """Return the credential with that row id, None when there is none."""
    row = connection.execute(select(credentials).where(credentials.c.id == credential_id)).one_or_none()
    return None if row is None else read(row)


def by_entries(connection: Connection, status_list_id: int, entries: Sequence[int]) -> tuple[Credential, ...]:
    """Return the credentials at these entries of a status list."""
    here = select(credentials).where(credentials.c.status_list_id == status_list_id)
    found = [
        read(row)
        for part in in_parts(entries)
        for row in connection.execute(here.where(credentials.c.status_index.in_(part)))
    ]
    return tuple(sorted(found, key=lambda one: one.id))


def store_signed(connection: Connection, signed: Mapping[int, Signed]) -> None:
    """Store document and digest of each credential id."""
    for credential_id, one in signed.items():
        connection.execute(
            update(credentials)
            .where(credentials.c.id == credential_id)
            .values(document=one.document, digest=one.digest.raw, state=CredentialState.SIGNED)
        )


def fail(connection: Connection, failed: Credential, fault: RecordFault) -> None:
    """Turn a credential that cannot be signed into a bad row; the rest of the batch goes on."""
    connection.execute(
        update(credentials)
        .where(credentials.c.id == failed.id)
        .values(state=CredentialState.FAILED, record=None, record_hash=None)
    )
    connection.execute(
        update(rows)
        .where(rows.c.batch_id == failed.batch_id, rows.c.line == failed.line)
        .values(state="bad", faults=[row_faults.to_json(fault)])
    )
    connection.execute(
        update(batches).where(batches.c.id == failed.batch_id).values(count=batches.c.count - 1, bad=batches.c.bad + 1)
    )


def set_state(connection: Connection, credential_ids: Sequence[int], state: CredentialState) -> None:
    """Give every one of these credentials the same state."""
    for part in in_parts(credential_ids):
        connection.execute(update(credentials).where(credentials.c.id.in_(part)).values(state=state))


def release(connection: Connection, batch_id: int) -> None:
    """Mark every signed credential of the batch as released."""
    connection.execute(
        update(credentials)
        .where(credentials.c.batch_id == batch_id, credentials.c.state == CredentialState.SIGNED)
        .values(state=CredentialState.RELEASED)
    )


def count_in(connection: Connection, batch_id: int, state: CredentialState) -> int:
    """Return how many credentials of the batch are in *state*."""
    return int(
        connection.execute(
            select(func.count())
            .select_from(credentials)
            .where(credentials.c.batch_id == batch_id, credentials.c.state == state)
        ).scalar_one()
    )


def ids_in(connection: Connection, batch_id: int, state: CredentialState) -> set[int]:
    """Return the row ids of the batch's credentials that are in *state*."""
    found = connection.execute(
        select(credentials.c.id).where(credentials.c.batch_id == batch_id, credentials.c.state == state)
    )
    return {row.id for row in found}


def count_up_to(connection: Connection, batch_id: int, credential_id: int) -> int:
    """Return how many signed or released credentials of the batch have a row id up to *credential_id*."""
    return int(
        connection.execute(
            select(func.count())
            .select_from(credentials)
            .where(
                credentials.c.batch_id == batch_id,
                credentials.c.id <= credential_id,
                credentials.c.state != CredentialState.FAILED,
            )
        ).scalar_one()
    )


# --------------------------------------------------------------------------------------------------- salts and trees
