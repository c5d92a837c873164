"""Copies of certificates, each bound to a holder's key: asked for, collected into batches, handed out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from issuer.store import batches
from issuer.store.batches import Batch, BatchState, Credential, CredentialState, Origin
from issuer.store.holder_tables import copies
from issuer.store.parts import in_parts
from issuer.store.tables import batches as batches_table
from issuer.store.tables import credentials
from jikin.values import JsonObject, sha256


@dataclass(frozen=True, slots=True)
class NewCopy:
    """A copy with everything that is reserved for it: its entry in a status list."""

    original: Credential
    holder: str = field(repr=False)
    status_list_id: int
    status_index: int
    format: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A copy that was asked for with an offer: *credential_id* is the copy once it is reserved.

    *error_code* says why there will be none.
    """

    id: int
    offer_id: int
    institution_id: int
    credential_id: int | None
    holder: str = field(repr=False)
    error_code: str | None


def _wanted(row: Row[tuple[object, ...]]) -> Wanted:
    return Wanted(row.id, row.offer_id, row.institution_id, row.credential_id, row.holder, row.error_code)


def of_offer(connection: Connection, offer_id: int) -> tuple[Wanted, ...]:
    """Return every copy that was asked for with an offer, oldest first."""
    found = connection.execute(select(copies).where(copies.c.offer_id == offer_id).order_by(copies.c.id))
    return tuple(_wanted(row) for row in found)


def by_ids(connection: Connection, ids: Sequence[int]) -> tuple[Wanted, ...]:
    """Return the copies with these row ids, in that order."""
    found = {row.id: _wanted(row) for row in connection.execute(select(copies).where(copies.c.id.in_(ids)))}
    return tuple(found[id_] for id_ in ids)


def want(connection: Connection, *, offer_id: int, institution_id: int, holder: str, at: int) -> None:
    """Note that *holder* asks for a copy; asking twice with one offer is asking once."""
    try:
        with connection.begin_nested():
            connection.execute(
                insert(copies).values(offer_id=offer_id, institution_id=institution_id, holder=holder, created_at=at)
            )
    except IntegrityError:
        return  # asked before, perhaps a moment ago by another request of the same wallet


def waiting(connection: Connection, limit: int) -> tuple[Wanted, ...]:
    """Return the oldest copies that are in no batch yet."""
    found = connection.execute(
        select(copies)
        .where(copies.c.credential_id.is_(None), copies.c.error_code.is_(None))
        .order_by(copies.c.id)
        .limit(limit)
        .with_for_update()
    )
    return tuple(_wanted(row) for row in found)


def reserved(connection: Connection, id: int, credential_id: int) -> None:
    """Note which credential the copy became."""
    connection.execute(update(copies).where(copies.c.id == id).values(credential_id=credential_id))


def refused(connection: Connection, ids: Iterable[int], code: str) -> None:
    """Note why there will be no copy."""
    connection.execute(update(copies).where(copies.c.id.in_(tuple(ids))).values(error_code=code))


def copies_of(connection: Connection, credential_ids: Sequence[int]) -> tuple[Credential, ...]:
    """Return every copy of these originals that has its entry, whatever its state, by row id."""
    made = select(credentials).where(credentials.c.state != CredentialState.FAILED)
    found = [
        batches.read(row)
        for part in in_parts(credential_ids)
        for row in connection.execute(made.where(credentials.c.copy_of.in_(part)))
    ]
    return tuple(sorted(found, key=lambda one: one.id))


def originals_of(connection: Connection, batch_id: int) -> tuple[int, ...]:
    """Return for every copy of a certificate of this batch the row id of its original."""
    original = credentials.alias()
    found = connection.execute(
        select(credentials.c.copy_of)
        .join(original, original.c.id == credentials.c.copy_of)
        .where(original.c.batch_id == batch_id, credentials.c.state != CredentialState.FAILED)
    )
    return tuple(row.copy_of for row in found)


def records_of(connection: Connection, credential_ids: Sequence[int]) -> dict[int, JsonObject]:
    """Return the records of these credentials that were not erased, by row id."""
    found: dict[int, JsonObject] = {}
    for part in in_parts(credential_ids):
        wanted = select(credentials.c.id, credentials.c.record).where(credentials.c.id.in_(part))
        found.update({row.id: row.record for row in connection.execute(wanted) if row.record is not None})
    return found


def add_copies(
    connection: Connection,
    *,
    suite: str,
    key: str,
    made: Sequence[NewCopy],
    at: int,
) -> Batch:
    """Return a new batch of copies, reserved.

    All originals are of one institution and one type, all copies in one format. A copy keeps no record: its original's
    is read when it is signed.
    """
    first = made[0].original
    batch = batches.add(
        connection,
        institution_id=first.institution_id,
        type=first.type,
        suite=suite,
        idempotency_key=key,
        source_digest=sha256(key.encode("utf-8")),
        source=(),
        at=at,
        origin=Origin.COPIES,
    )
    connection.execute(
        insert(credentials),
        [
            {
                "institution_id": new.original.institution_id,
                "batch_id": batch.id,
                "line": line,
                "type": new.original.type,
                "number": new.original.number,
                "copy_of": new.original.id,
                "holder": new.holder,
                "format": new.format,
                "status_list_id": new.status_list_id,
                "status_index": new.status_index,
                "state": CredentialState.RESERVED,
                "valid_from": new.original.valid_from,
                "valid_until": new.original.valid_until,
                "created_at": at,
            }
            for line, new in enumerate(made, start=1)
        ],
    )
    batches.advance(connection, batch.id, BatchState.RESERVED, count=len(made))
    return batches.by_id(connection, batch.id)


def for_holder(connection: Connection, original_id: int, holder: str, format: str) -> Credential | None:
    """Return the holder's copy of an original in a format, None when there is none."""
    row = connection.execute(
        select(credentials).where(
            credentials.c.copy_of == original_id,
            credentials.c.holder == holder,
            credentials.c.format == format,
            credentials.c.state != CredentialState.FAILED,
        )
    ).one_or_none()
    return None if row is None else batches.read(row)


def unfinished(connection: Connection, origins: Sequence[Origin]) -> tuple[Batch, ...]:
    """Return the batches of these origins that are not released yet and can still be, oldest first."""
    found = connection.execute(
        select(batches_table)
        .where(
            batches_table.c.origin.in_(origins),
            batches_table.c.state != BatchState.RELEASED,
            func.coalesce(batches_table.c.error_code, "") != batches.NOTHING_SIGNED,
        )
        .order_by(batches_table.c.id)
    )
    return tuple(batches.read_batch(row) for row in found)


def in_force(connection: Connection, institution_id: int, record_hash: bytes) -> Credential | None:
    """Return the newest original that says this and was not ended, None when there is none."""
    ended = (CredentialState.REVOKED, CredentialState.REPLACED, CredentialState.FAILED)
    row = connection.execute(
        select(credentials)
        .where(
            credentials.c.institution_id == institution_id,
            credentials.c.record_hash == record_hash,
            credentials.c.copy_of.is_(None),
            credentials.c.state.not_in(ended),
        )
        .order_by(credentials.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else batches.read(row)
