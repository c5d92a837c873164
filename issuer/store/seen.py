"""What the console lists: certificates, tasks and acts by page, and how much waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from issuer.store import batches, tasks
from issuer.store.applications import ApplicationState
from issuer.store.audit import Act
from issuer.store.batches import Credential, CredentialState
from issuer.store.holder_tables import applications
from issuer.store.tables import audit as audit_table
from issuer.store.tables import credentials
from issuer.store.tables import epochs as epochs_table
from issuer.store.tables import tasks as tasks_table
from issuer.store.tasks import StoredTask, TaskState

HANDED_OUT = (CredentialState.RELEASED, CredentialState.SUSPENDED, CredentialState.REVOKED, CredentialState.REPLACED)


@dataclass(frozen=True, slots=True)
class Numbered:
    """An entry of the log of acts with its row id."""

    id: int
    act: Act


def certificates(
    connection: Connection, institution_id: int, *, before: int | None, limit: int
) -> tuple[Credential, ...]:
    """Return the newest certificates of an institution with row ids below *before*; copies are left out."""
    wanted = select(credentials).where(
        credentials.c.institution_id == institution_id,
        credentials.c.copy_of.is_(None),
        credentials.c.state.in_(HANDED_OUT),
    )
    if before is not None:
        wanted = wanted.where(credentials.c.id < before)
    found = connection.execute(wanted.order_by(credentials.c.id.desc()).limit(limit))
    return tuple(batches.read(row) for row in found)


def count_certificates(connection: Connection, institution_id: int) -> int:
    """Return how many certificates an institution has handed out, copies not counted."""
    wanted = select(func.count()).where(
        credentials.c.institution_id == institution_id,
        credentials.c.copy_of.is_(None),
        credentials.c.state.in_(HANDED_OUT),
    )
    return int(connection.execute(wanted).scalar_one())


def made_since(connection: Connection, institution_id: int, at: int) -> int:
    """Return how many certificates and copies an institution has begun after *at* (Unix second)."""
    wanted = select(func.count()).where(credentials.c.institution_id == institution_id, credentials.c.created_at > at)
    return int(connection.execute(wanted).scalar_one())


def undecided(connection: Connection, institution_id: int) -> int:
    """Return how many applications to an institution are not decided yet."""
    wanted = select(func.count()).where(
        applications.c.institution_id == institution_id,
        applications.c.state.not_in((ApplicationState.CERTIFIED, ApplicationState.REFUSED)),
    )
    return int(connection.execute(wanted).scalar_one())


def newest_tasks(connection: Connection, institution_id: int, limit: int) -> tuple[StoredTask, ...]:
    """Return the newest tasks of an institution, newest first."""
    wanted = (
        select(tasks_table.c.id)
        .where(tasks_table.c.institution_id == institution_id)
        .order_by(tasks_table.c.id.desc())
        .limit(limit)
    )
    return tuple(tasks.by_id(connection, id_) for id_ in connection.execute(wanted).scalars().all())


def tasks_on(connection: Connection, status_list_id: int, entry: int) -> tuple[StoredTask, ...]:
    """Return the tasks that change an entry of a list, newest first."""
    wanted = (
        select(tasks_table.c.id).where(tasks_table.c.status_list_id == status_list_id).order_by(tasks_table.c.id.desc())
    )
    found = (tasks.by_id(connection, id_) for id_ in connection.execute(wanted).scalars().all())
    return tuple(one for one in found if any(note.get("index") == entry for note in one.task.notes))


def published_at(connection: Connection, task_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return by task block and time (Unix second) of the epoch it became."""
    found = connection.execute(
        select(epochs_table.c.task_id, epochs_table.c.block, epochs_table.c.time).where(
            epochs_table.c.task_id.in_(task_ids), epochs_table.c.state == "published"
        )
    )
    return {row.task_id: (row.block, row.time) for row in found}


def waiting(connection: Connection, institution_id: int, now: int) -> tuple[StoredTask, ...]:
    """Return the tasks that wait for a signature or for being published, oldest first."""
    found: list[StoredTask] = []
    for state in (TaskState.DRAFT, TaskState.OPEN, TaskState.APPROVED):
        found += tasks.in_state(connection, state, institution_id)
    return tuple(sorted((one for one in found if _still(one, now)), key=lambda one: one.task.id))


def _still(stored: StoredTask, now: int) -> bool:
    return stored.state is TaskState.APPROVED or stored.ends > now


def acts(connection: Connection, institution_id: int, *, before: int | None, limit: int) -> tuple[Numbered, ...]:
    """Return the newest acts of an institution with row ids below *before*, newest first."""
    wanted = select(audit_table).where(audit_table.c.institution_id == institution_id)
    if before is not None:
        wanted = wanted.where(audit_table.c.id < before)
    return tuple(
        Numbered(row.id, Act(row.at, row.institution_id, row.officer_id, row.act, row.subject, row.detail))
        for row in connection.execute(wanted.order_by(audit_table.c.id.desc()).limit(limit))
    )
