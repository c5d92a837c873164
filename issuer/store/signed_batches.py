"""What signing keys have signed, and how far it is: for whoever ends a key or follows one with another."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from issuer.store.batches import Batch, BatchState, Credential, CredentialState, advance, read, read_batch
from issuer.store.tables import batches, credentials


def signed_and_waiting(connection: Connection, institution_id: int, up_to: int | None = None) -> tuple[Batch, ...]:
    """Return the batches that have, or may have, signatures and are not anchored yet, up to row *up_to*, oldest first.

    One that is reserved counts: somebody may be signing it at this moment.
    """
    waiting = (BatchState.RESERVED, BatchState.SIGNED, BatchState.PLANTED)
    wanted = select(batches).where(batches.c.institution_id == institution_id, batches.c.state.in_(waiting))
    if up_to is not None:
        wanted = wanted.where(batches.c.id <= up_to)
    return tuple(read_batch(row) for row in connection.execute(wanted.order_by(batches.c.id)))


def last_anchored(connection: Connection, institution_id: int, up_to: int) -> int:
    """Return when the youngest anchor of the batches up to row *up_to* was made, 0 without any."""
    newest = select(func.max(batches.c.anchored_at)).where(
        batches.c.institution_id == institution_id, batches.c.id <= up_to
    )
    return int(connection.execute(newest).scalar_one() or 0)


def unsign(connection: Connection, batch_id: int) -> int:
    """Take the signatures of a batch back, which has no tree yet, so that it is signed anew; return how many."""
    taken = connection.execute(
        update(credentials)
        .where(credentials.c.batch_id == batch_id, credentials.c.state == CredentialState.SIGNED)
        .values(document=None, digest=None, state=CredentialState.RESERVED)
    )
    advance(connection, batch_id, BatchState.RESERVED)
    return int(taken.rowcount)


def count_anchored_since(connection: Connection, institution_id: int, since: int) -> int:
    """Return how many certificates, copies among them, lie in batches that were anchored at or after *since*."""
    return int(
        connection.execute(
            select(func.count())
            .select_from(credentials.join(batches, batches.c.id == credentials.c.batch_id))
            .where(
                batches.c.institution_id == institution_id,
                batches.c.anchored_at >= since,
                credentials.c.state != CredentialState.FAILED,
            )
        ).scalar_one()
    )


def with_record(connection: Connection, institution_id: int, *, after: int, limit: int) -> tuple[Credential, ...]:
    """Return the released certificates after row *after* whose number tells something: originals, not copies."""
    told = (CredentialState.RELEASED, CredentialState.REVOKED, CredentialState.SUSPENDED, CredentialState.REPLACED)
    wanted = (
        select(credentials)
        .where(
            credentials.c.institution_id == institution_id,
            credentials.c.id > after,
            credentials.c.copy_of.is_(None),
            credentials.c.state.in_(told),
        )
        .order_by(credentials.c.id)
        .limit(limit)
    )
    return tuple(read(row) for row in connection.execute(wanted))
