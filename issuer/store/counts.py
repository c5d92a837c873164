"""What is counted for the auditor: certificates under each root, entries and numbers given out. Nothing personal."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select

from issuer.store.batches import BatchState, CredentialState
from issuer.store.tables import batches, credentials, epochs, notes, status_lists, tasks
from issuer.store.tasks import Epoch, read_epoch
from jikin.status.notes import SealedNote
from jikin.values import Digest

_ANCHORED = (BatchState.ANCHORED, BatchState.VERIFIED, BatchState.RELEASED)


def _is_leaf() -> ColumnElement[bool]:
    """Hold for credentials that stand in an anchored tree."""
    return and_(credentials.c.state != CredentialState.FAILED, batches.c.state.in_(_ANCHORED))


def leaves_by_root(connection: Connection, institution_id: int) -> dict[Digest, tuple[int, bool]]:
    """Return for each anchored root how many of its leaves are certificates, and whether they were released."""
    found = connection.execute(
        select(batches.c.root, batches.c.state, func.count())
        .join(credentials, credentials.c.batch_id == batches.c.id)
        .where(batches.c.institution_id == institution_id, _is_leaf())
        .group_by(batches.c.id)
        .order_by(batches.c.id)
    )
    counted: dict[Digest, tuple[int, bool]] = {}
    for raw, state, count in found:
        if raw is not None:  # small batches that waited together share one root
            before, released = counted.get(Digest(raw), (0, True))
            counted[Digest(raw)] = (before + count, released and state == BatchState.RELEASED)
    return counted


def unused_entries(connection: Connection, status_list_id: int) -> int:
    """Return how many credentials with an entry of the list have no leaf: could not be signed, or not anchored yet.

    Counted by themselves, so that an entry reserved for nothing, or a row that is gone, shows as a difference.
    """
    return int(
        connection.execute(
            select(func.count())
            .select_from(credentials)
            .join(batches, batches.c.id == credentials.c.batch_id)
            .where(credentials.c.status_list_id == status_list_id, not_(_is_leaf()))
        ).scalar_one()
    )


def numbers(connection: Connection, institution_id: int) -> tuple[int, int, int]:
    """Return how many numbers were given out, how many copies share one, and how many number records are published."""
    original, copy = credentials.c.copy_of.is_(None), credentials.c.copy_of.is_not(None)
    published = and_(
        original,
        batches.c.state == BatchState.RELEASED,
        credentials.c.state != CredentialState.FAILED,
        credentials.c.document.is_not(None),
    )
    row = connection.execute(
        select(
            func.count().filter(original),
            func.count().filter(copy),
            func.count().filter(published),
        )
        .select_from(credentials)
        .join(batches, batches.c.id == credentials.c.batch_id)
        .where(credentials.c.institution_id == institution_id)
    ).one()
    return int(row[0]), int(row[1]), int(row[2])


def epochs_with_notes(connection: Connection, institution_id: int) -> list[tuple[Epoch, tuple[SealedNote, ...]]]:
    """Return every epoch of the institution's lists that was or will be published, with the notes it brought."""
    own = select(status_lists.c.id).where(status_lists.c.institution_id == institution_id)
    found = connection.execute(
        select(epochs)
        .where(epochs.c.status_list_id.in_(own), epochs.c.state != "lost")
        .order_by(epochs.c.status_list_id, epochs.c.epoch)
    ).all()
    brought: dict[int, list[SealedNote]] = {row.id: [] for row in found}
    stored = select(notes).where(notes.c.status_list_id.in_(own)).order_by(notes.c.epoch_id, notes.c.entry)
    for row in connection.execute(stored):
        brought.setdefault(row.epoch_id, []).append(
            SealedNote(row.entry, row.epoch, Digest(row.key_hash), row.ciphertext)
        )
    return [(read_epoch(row), tuple(brought[row.id])) for row in found]


def changes_since(connection: Connection, officer_id: int, since: int) -> int:
    """Return how many changes of status the officer has requested from *since* (Unix second) on and nobody refused.

    A draft of the officer counts: it fixes what would be published.
    """
    from issuer.store.tables import approvals
    from issuer.store.tasks import TaskState

    asked = select(approvals.c.task_id).where(approvals.c.officer_id == officer_id, approvals.c.part == "request")
    found = connection.execute(
        select(func.coalesce(func.sum(func.length(tasks.c.changes)), 0)).where(
            or_(tasks.c.id.in_(asked), tasks.c.drafted_by == officer_id),
            tasks.c.created_at >= since,
            tasks.c.state != TaskState.REFUSED,
        )
    )
    return int(found.scalar_one()) // 3
