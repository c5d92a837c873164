"""The certificates that a correction, or a change of many, is about, and how far each of them has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, select, update

from issuer.store import batches
from issuer.store.batches import Credential
from issuer.store.parts import in_parts
from issuer.store.tables import credentials, task_rows
from jikin.values import JsonObject


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One certificate of a task. *record* is what the corrected one will say, until that is issued; then None."""

    id: int
    task_id: int
    credential_id: int
    record: JsonObject | None = field(repr=False)
    salt: bytes = field(repr=False)
    replacement_id: int | None
    notified_at: int | None

    @property
    def corrects(self) -> bool:
        """Say whether the certificate is replaced by a corrected one."""
        return self.record is not None or self.replacement_id is not None


@dataclass(frozen=True, slots=True)
class NewTaskRow:
    """A row to be: *record* None where the certificate ends and nothing takes its place."""

    credential_id: int
    record: JsonObject | None = field(repr=False)
    salt: bytes = field(repr=False)


def add(connection: Connection, task_id: int, rows: Sequence[NewTaskRow]) -> None:
    """Store the rows of a task."""
    values = [
        {"task_id": task_id, "credential_id": row.credential_id, "record": row.record, "salt": row.salt} for row in rows
    ]
    for part in in_parts(values):
        connection.execute(insert(task_rows), list(part))


def of_task(connection: Connection, task_id: int) -> tuple[TaskRow, ...]:
    """Return the rows of a task in the order in which they were stored."""
    found = connection.execute(select(task_rows).where(task_rows.c.task_id == task_id).order_by(task_rows.c.id))
    return tuple(TaskRow(**row._mapping) for row in found)


def replaced(connection: Connection, row_id: int, replacement_id: int) -> None:
    """Note which certificate took a row's place; the record lies there now, and nowhere twice."""
    connection.execute(
        update(task_rows).where(task_rows.c.id == row_id).values(replacement_id=replacement_id, record=None)
    )


def replacements(connection: Connection, credential_ids: Iterable[int]) -> Mapping[int, Credential]:
    """Return the certificates that took the places of these originals, by the original's row id."""
    wanted, found = sorted(set(credential_ids)), {}
    for part in in_parts(wanted):
        given = connection.execute(
            select(task_rows.c.credential_id.label("original_id"), credentials)
            .join(credentials, credentials.c.id == task_rows.c.replacement_id)
            .where(task_rows.c.credential_id.in_(part))
        )
        found.update({row.original_id: batches.read(row) for row in given})
    return found


def notified(connection: Connection, row_id: int, at: int) -> None:
    """Note that the holder was told."""
    connection.execute(update(task_rows).where(task_rows.c.id == row_id).values(notified_at=at))


def forget(connection: Connection, task_id: int) -> None:
    """Drop the corrected records of a task that will not be published: nothing needs them any more."""
    connection.execute(
        update(task_rows)
        .where(task_rows.c.task_id == task_id, task_rows.c.replacement_id.is_(None))
        .values(record=None)
    )
