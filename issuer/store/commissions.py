"""What programs asked for, found again by what it says."""

from __future__ import annotations

from sqlalchemy import Connection, select

from issuer.store import batches
from issuer.store.batches import Batch, BatchState, Credential, CredentialState
from issuer.store.tables import batches as batches_table
from issuer.store.tables import credentials, institutions, rows


def take_turn(connection: Connection, institution_id: int) -> None:
    """Wait until no other request of the institution looks for what there is; the turn ends with the transaction.

    SQLite's writers come one after another anyway.
    """
    wanted = select(institutions.c.id).where(institutions.c.id == institution_id)
    connection.execute(wanted.with_for_update(key_share=True))


def accepted(connection: Connection, institution_id: int, record_hash: bytes) -> Batch | None:
    """Return the newest batch in which a good row that says this waits for its number, None when there is none."""
    row = connection.execute(
        select(batches_table)
        .join(rows, rows.c.batch_id == batches_table.c.id)
        .where(
            batches_table.c.institution_id == institution_id,
            batches_table.c.state == BatchState.ACCEPTED,
            rows.c.record_hash == record_hash,
        )
        .order_by(batches_table.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else batches.read_batch(row)


def credential(connection: Connection, batch_id: int, record_hash: bytes) -> Credential | None:
    """Return the certificate of the batch that says this; None before it has its number, and when it failed."""
    row = connection.execute(
        select(credentials).where(
            credentials.c.batch_id == batch_id,
            credentials.c.record_hash == record_hash,
            credentials.c.state != CredentialState.FAILED,
        )
    ).one_or_none()
    return None if row is None else batches.read(row)
