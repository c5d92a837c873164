"""Batches and epochs on their way to where no reorganisation reaches them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from issuer.store.batches import Batch, BatchState, read_batch
from issuer.store.tables import batches, epochs, status_lists, tasks
from issuer.store.tasks import TaskState
from jikin.values import Digest, ListId


@dataclass(frozen=True, slots=True)
class Published:
    """An epoch that was noted as published in *block* at *time*, and that may still move."""

    epoch_id: int
    task_id: int
    institution_id: int
    list_id: ListId
    epoch: int
    status_root: Digest
    block: int | None
    time: int | None


def unsettled_epochs(connection: Connection) -> tuple[Published, ...]:
    """Return the published epochs that a reorganisation may still take away, oldest first."""
    found = connection.execute(
        select(epochs, status_lists.c.list_id, status_lists.c.institution_id)
        .join(status_lists, status_lists.c.id == epochs.c.status_list_id)
        .where(epochs.c.state == "published", epochs.c.settled_at.is_(None))
        .order_by(epochs.c.status_list_id, epochs.c.epoch)
    )
    return tuple(
        Published(
            row.id,
            row.task_id,
            row.institution_id,
            ListId(row.list_id),
            row.epoch,
            Digest(row.status_root),
            row.block,
            row.time,
        )
        for row in found
    )


def settle_epochs(connection: Connection, epoch_ids: Sequence[int], at: int) -> None:
    """Note that these epochs lie so deep that they are not looked at again."""
    connection.execute(
        update(epochs).where(epochs.c.id.in_(epoch_ids), epochs.c.state == "published").values(settled_at=at)
    )


def unpublish(connection: Connection, one: Published) -> bool:
    """Have the epoch, as it is stored, published again; False when somebody else saw to it already."""
    moved = connection.execute(
        update(epochs)
        .where(epochs.c.id == one.epoch_id, epochs.c.state == "published")
        .values(state="prepared", block=None, time=None)
        .returning(epochs.c.id)
    )
    if moved.one_or_none() is None:
        return False
    connection.execute(update(tasks).where(tasks.c.id == one.task_id).values(state=TaskState.APPROVED))
    return True


def unsettled_batches(connection: Connection) -> tuple[Batch, ...]:
    """Return the released batches whose anchor a reorganisation may still take away, the newest anchor last."""
    found = connection.execute(
        select(batches)
        .where(batches.c.state == BatchState.RELEASED, batches.c.settled_at.is_(None))
        .order_by(batches.c.anchored_block, batches.c.id)
    )
    return tuple(read_batch(row) for row in found)


def settle_batches(connection: Connection, batch_ids: Sequence[int], at: int) -> None:
    """Note that the anchors of these batches lie so deep that they are not looked at again."""
    connection.execute(
        update(batches).where(batches.c.id.in_(batch_ids), batches.c.state == BatchState.RELEASED).values(settled_at=at)
    )


def unsettle(connection: Connection, since: int) -> int:
    """Have whatever was anchored or published since then (Unix second) looked at again; return how much that is."""
    anchored = connection.execute(
        update(batches)
        .where(
            batches.c.state == BatchState.RELEASED, batches.c.settled_at.is_not(None), batches.c.anchored_at >= since
        )
        .values(settled_at=None)
    )
    published = connection.execute(
        update(epochs)
        .where(epochs.c.state == "published", epochs.c.settled_at.is_not(None), epochs.c.time >= since)
        .values(settled_at=None)
    )
    return int(anchored.rowcount) + int(published.rowcount)
