"""Lists that two persons release: tasks and their approvals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Row, insert, select, update

from issuer.approving import Approval, Assertion
from issuer.issue_approval import IssueTask
from issuer.store.batches import BatchState
from issuer.store.embargo_tables import issue_approvals, issue_tasks
from issuer.store.tables import batches
from jikin.errors import OfficeError
from jikin.values import JsonObject

PREFIX = "I"  # what tells its number from that of a status change


class TaskState(StrEnum):
    """How far a task has come. Approvals are checked again whatever this says."""

    DRAFT = "draft"  # nobody has signed it yet
    OPEN = "open"  # requested
    APPROVED = "approved"
    USED = "used"  # what it released is being issued, or was
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task with what is known of its fate; *drafted_by* has to sign first, None: whichever officer may issue."""

    task: IssueTask
    state: TaskState
    drafted_by: int | None

    @property
    def name(self) -> str:
        """Return what it is called: "I7"."""
        return f"{PREFIX}{self.task.id}"


def _stored(row: Row[tuple[object, ...]]) -> StoredTask:
    task = IssueTask(
        row.id,
        row.institution_id,
        row.uid,
        row.batch_id,
        row.embargo_id,
        row.manifest,
        row.created_at,
        row.expires,
        row.used_at,
    )
    return StoredTask(task, TaskState(row.state), row.drafted_by)


def add(
    connection: Connection,
    *,
    institution_id: int,
    uid: bytes,
    manifest: JsonObject,
    batch_id: int | None = None,
    embargo_id: int | None = None,
    records: bytes | None = None,
    drafted_by: int | None = None,
    at: int,
    expires: int,
) -> StoredTask:
    """Return the task, stored; it waits for its first signature."""
    values = {
        "institution_id": institution_id,
        "uid": uid,
        "batch_id": batch_id,
        "embargo_id": embargo_id,
        "manifest": manifest,
        "records": records,
        "state": TaskState.DRAFT,
        "drafted_by": drafted_by,
        "created_at": at,
        "expires": expires,
    }
    return _stored(connection.execute(insert(issue_tasks).values(values).returning(issue_tasks)).one())


def find(connection: Connection, task_id: int) -> StoredTask | None:
    """Return the task with that row id, None when there is none."""
    row = connection.execute(select(issue_tasks).where(issue_tasks.c.id == task_id)).one_or_none()
    return None if row is None else _stored(row)


def live(connection: Connection, *, batch_id: int | None = None, embargo_id: int | None = None) -> StoredTask | None:
    """Return the task of a batch, or of an embargo, that was not refused; None when there is none."""
    column, wanted = (
        (issue_tasks.c.batch_id, batch_id) if batch_id is not None else (issue_tasks.c.embargo_id, embargo_id)
    )
    row = connection.execute(
        select(issue_tasks).where(column == wanted, issue_tasks.c.state != TaskState.REFUSED)
    ).one_or_none()
    return None if row is None else _stored(row)


def every(connection: Connection, institution_id: int, *, only_waiting: bool = False) -> tuple[StoredTask, ...]:
    """Return the tasks of an institution, oldest first; *only_waiting*: those that wait for a signature."""
    wanted = select(issue_tasks).where(issue_tasks.c.institution_id == institution_id)
    if only_waiting:
        wanted = wanted.where(issue_tasks.c.state.in_((TaskState.DRAFT, TaskState.OPEN)))
    return tuple(_stored(row) for row in connection.execute(wanted.order_by(issue_tasks.c.id)))


def unsigned_batches(connection: Connection) -> set[int]:
    """Return which batches wait for signatures: no worker need look at them."""
    found = connection.execute(
        select(issue_tasks.c.batch_id).where(
            issue_tasks.c.batch_id.is_not(None), issue_tasks.c.state.in_((TaskState.DRAFT, TaskState.OPEN))
        )
    )
    return {int(row.batch_id) for row in found}


def records_of(connection: Connection, task_id: int) -> bytes | None:
    """Return the hashes of the records of a task (``issue_approval.Records``), None when they are not kept any more."""
    found: bytes | None = connection.execute(
        select(issue_tasks.c.records).where(issue_tasks.c.id == task_id)
    ).scalar_one_or_none()
    return found


def set_state(connection: Connection, task_id: int, state: TaskState) -> None:
    """Note the task's fate."""
    connection.execute(update(issue_tasks).where(issue_tasks.c.id == task_id).values(state=state))


def use(connection: Connection, task_id: int, at: int) -> bool:
    """Use the task up; say whether it was this call that did."""
    changed = connection.execute(
        update(issue_tasks)
        .where(issue_tasks.c.id == task_id, issue_tasks.c.used_at.is_(None))
        .values(state=TaskState.USED, used_at=at)
        .returning(issue_tasks.c.id)
    )
    return changed.first() is not None


def forget_records(connection: Connection) -> None:
    """Forget the hashes of records whose certificates are all released: nothing is signed from them any more."""
    done = select(batches.c.id).where(batches.c.state == BatchState.RELEASED)
    connection.execute(
        update(issue_tasks)
        .where(issue_tasks.c.records.is_not(None), issue_tasks.c.batch_id.in_(done))
        .values(records=None)
    )


def add_approval(connection: Connection, approval: Approval) -> None:
    """Store an approval; raises OfficeError when this officer has approved the task before."""
    if approval.officer_id in {one.officer_id for one in approvals_of(connection, approval.task_id)}:
        raise OfficeError(
            "this officer has signed the task before; right would be another officer", code="approval.same-officer"
        )
    given = approval.assertion
    connection.execute(
        insert(issue_approvals).values(
            task_id=approval.task_id,
            officer_id=approval.officer_id,
            part=approval.part,
            kind=approval.kind,
            expires=approval.expires,
            signature=approval.signature,
            at=approval.at,
            passkey_id=None if given is None else given.passkey_id,
            authenticator_data=None if given is None else given.authenticator_data,
            client_data=None if given is None else given.client_data,
        )
    )


def approvals_of(connection: Connection, task_id: int) -> Sequence[Approval]:
    """Return the approvals of a task, oldest first."""
    found = connection.execute(
        select(issue_approvals).where(issue_approvals.c.task_id == task_id).order_by(issue_approvals.c.id)
    )
    return tuple(_approval(row) for row in found)


def _approval(row: Row[tuple[object, ...]]) -> Approval:
    assertion = None
    if row.passkey_id is not None:
        assertion = Assertion(row.passkey_id, row.authenticator_data, row.client_data)
    return Approval(
        row.task_id, row.officer_id, row.part, row.kind, row.expires, row.signature, row.at, assertion=assertion
    )
