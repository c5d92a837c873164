"""Status changes that need approval: tasks, their approvals, the epochs and notes they become."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, not_, or_, select, update

from issuer.approving import Approval, Assertion, Task
from issuer.store import task_rows
from issuer.store.tables import approvals, epochs, notes, status_lists, tasks
from issuer.store.task_rows import NewTaskRow
from jikin.anchoring.changes import scan
from jikin.errors import OfficeError
from jikin.status.approvals import ACT_STATUS
from jikin.status.notes import SealedNote
from jikin.values import Digest, Json, ListId

# What was written down is signed within this time: nothing else is decided about its certificates meanwhile.
DRAFT_SECONDS = 900


class TaskState(StrEnum):
    """How far a task has come. Approvals are checked again whatever this says."""

    DRAFT = "draft"  # written down; the officer who asks, or takes up what a program asked for, has not signed it yet
    OPEN = "open"  # requested
    APPROVED = "approved"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task with what is known of its fate."""

    task: Task
    status_list_id: int
    state: TaskState
    attempt: int
    error_code: str | None
    error: str | None
    drafted_by: int | None = None
    batch_id: int | None = None  # issues what takes the place of corrected certificates

    @property
    def by_program(self) -> bool:
        """Say whether a program asked, and an officer has still to take it up: its signature is the request."""
        return self.state is TaskState.DRAFT and self.drafted_by is None

    @property
    def ends(self) -> int:
        """Return until when it waits (Unix second): what an officer wrote down is signed soon."""
        if self.state is TaskState.DRAFT and not self.by_program:
            return min(self.task.expires, self.task.created_at + DRAFT_SECONDS)
        return self.task.expires


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch about to be published, or published: everything that its status root stands for.

    Without *task_id* it is a heartbeat, which changes nothing.
    """

    id: int
    status_list_id: int
    task_id: int | None
    epoch: int
    previous_head: Digest
    status_root: Digest
    array_root: Digest
    notes_root: Digest
    state: str
    block: int | None
    time: int | None


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task as requested; *by_program*: nobody has signed it, and whichever officer may request signs first.

    *rows* are the certificates whose holders are told, or that are corrected.
    """

    institution_id: int
    uid: bytes
    status_list_id: int
    changes: bytes
    notes: Sequence[Mapping[str, Json]] = field(repr=False)
    break_glass: bool
    created_at: int
    expires: int
    drafted_by: int | None = None
    by_program: bool = False
    rows: Sequence[NewTaskRow] = field(default=(), repr=False)


def add(connection: Connection, new: NewTask) -> StoredTask:
    """Return the task, stored; as a draft when somebody has to sign it first."""
    result = connection.execute(
        insert(tasks)
        .values(
            institution_id=new.institution_id,
            uid=new.uid,
            act=ACT_STATUS,
            status_list_id=new.status_list_id,
            changes=new.changes,
            notes=[dict(note) for note in new.notes],
            state=TaskState.DRAFT if new.by_program or new.drafted_by is not None else TaskState.OPEN,
            break_glass=new.break_glass,
            drafted_by=new.drafted_by,
            created_at=new.created_at,
            expires=new.expires,
            attempt=0,
        )
        .returning(tasks.c.id)
    )
    task_id = result.scalar_one()
    task_rows.add(connection, task_id, new.rows)
    return by_id(connection, task_id)


def _task(row: Row[tuple[object, ...]]) -> StoredTask:
    task = Task(
        row.id,
        row.institution_id,
        row.uid,
        ListId(row.list_id),
        row.changes,
        row.notes,
        row.break_glass,
        row.created_at,
        row.expires,
    )
    return StoredTask(
        task,
        row.status_list_id,
        TaskState(row.state),
        row.attempt,
        row.error_code,
        row.error,
        row.drafted_by,
        row.batch_id,
    )


_WITH_LIST = select(tasks, status_lists.c.list_id).join(status_lists, status_lists.c.id == tasks.c.status_list_id)


def by_id(connection: Connection, task_id: int) -> StoredTask:
    """Return the task with that row id; raises OfficeError."""
    row = connection.execute(_WITH_LIST.where(tasks.c.id == task_id)).one_or_none()
    if row is None:
        raise OfficeError(f"there is no task {task_id}", code="office.task", hint="`jikin tasks` lists what waits")
    return _task(row)


def find(connection: Connection, task_id: int) -> StoredTask | None:
    """Return the task with that row id, None when there is none."""
    row = connection.execute(_WITH_LIST.where(tasks.c.id == task_id)).one_or_none()
    return None if row is None else _task(row)


def every(connection: Connection, institution_id: int) -> tuple[StoredTask, ...]:
    """Return all tasks of an institution, oldest first."""
    found = connection.execute(_WITH_LIST.where(tasks.c.institution_id == institution_id).order_by(tasks.c.id))
    return tuple(_task(row) for row in found)


def in_state(connection: Connection, state: TaskState, institution_id: int | None = None) -> tuple[StoredTask, ...]:
    """Return the tasks in *state*, of one institution or of all, oldest first."""
    wanted = _WITH_LIST.where(tasks.c.state == state)
    if institution_id is not None:
        wanted = wanted.where(tasks.c.institution_id == institution_id)
    return tuple(_task(row) for row in connection.execute(wanted.order_by(tasks.c.id)))


def named_in_open(connection: Connection, status_list_id: int, entries: Collection[int], now: int) -> set[int]:
    """Return which of these list entries a request, signed or just written down, is about to change."""
    found = connection.execute(
        select(tasks.c.changes).where(
            tasks.c.status_list_id == status_list_id,
            or_(
                tasks.c.state == TaskState.APPROVED,
                and_(tasks.c.state == TaskState.OPEN, tasks.c.expires > now),
                and_(tasks.c.state == TaskState.DRAFT, tasks.c.expires > now, _not_left_lying(now)),
            ),
        )
    )
    return {change.index for row in found for change in scan(row.changes)} & set(entries)


def set_state(
    connection: Connection, task_id: int, state: TaskState, *, code: str | None = None, error: str | None = None
) -> None:
    """Note the task's fate; *error* holds nothing personal. Of a refused task no corrected record is kept."""
    if state is TaskState.REFUSED:
        task_rows.forget(connection, task_id)
    connection.execute(update(tasks).where(tasks.c.id == task_id).values(state=state, error_code=code, error=error))


def _not_left_lying(now: int) -> ColumnElement[bool]:
    """Hold for drafts that an officer may sign still; what a program asked for waits as long as a request."""
    return or_(tasks.c.drafted_by.is_(None), tasks.c.created_at > now - DRAFT_SECONDS)


def end_unsigned(connection: Connection, now: int) -> None:
    """Note as refused the tasks that were not signed in time."""
    late = or_(
        and_(tasks.c.state.in_((TaskState.OPEN, TaskState.DRAFT)), tasks.c.expires <= now),
        and_(tasks.c.state == TaskState.DRAFT, not_(_not_left_lying(now))),
    )
    for row in connection.execute(select(tasks.c.id).where(late)).all():
        set_state(connection, row.id, TaskState.REFUSED, code="approval.expired")


def set_batch(connection: Connection, task_id: int, batch_id: int) -> None:
    """Keep which batch issues the certificates that take the place of corrected ones."""
    connection.execute(update(tasks).where(tasks.c.id == task_id).values(batch_id=batch_id))


def next_attempt(connection: Connection, task_id: int, last: int) -> int:
    """Return the number of the run of the task's job that follows *last*; the same for everybody who asks for it."""
    connection.execute(update(tasks).where(tasks.c.id == task_id, tasks.c.attempt == last).values(attempt=last + 1))
    return int(connection.execute(select(tasks.c.attempt).where(tasks.c.id == task_id)).scalar_one())


def add_approval(connection: Connection, approval: Approval) -> None:
    """Store an approval; raises OfficeError when this officer has approved the task before."""
    before = {one.officer_id for one in approvals_of(connection, approval.task_id)}
    if approval.officer_id in before:
        raise OfficeError(
            "this officer has approved the task before; right would be another officer",
            code="approval.same-officer",
        )
    given = approval.assertion
    connection.execute(
        insert(approvals).values(
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


def approvals_of(connection: Connection, task_id: int) -> tuple[Approval, ...]:
    """Return the approvals of a task, oldest first."""
    found = connection.execute(select(approvals).where(approvals.c.task_id == task_id).order_by(approvals.c.id))
    return tuple(_approval(row) for row in found)


def _approval(row: Row[tuple[object, ...]]) -> Approval:
    assertion = None
    if row.passkey_id is not None:
        assertion = Assertion(row.passkey_id, row.authenticator_data, row.client_data)
    return Approval(
        row.task_id, row.officer_id, row.part, row.kind, row.expires, row.signature, row.at, assertion=assertion
    )


def read_epoch(row: Row[tuple[object, ...]]) -> Epoch:
    """Return the epoch in a row of the table."""
    return Epoch(
        row.id,
        row.status_list_id,
        row.task_id,
        row.epoch,
        Digest(row.previous_head),
        Digest(row.status_root),
        Digest(row.array_root),
        Digest(row.notes_root),
        row.state,
        row.block,
        row.time,
    )


def add_epoch(
    connection: Connection,
    *,
    status_list_id: int,
    task: Task | None,
    epoch: int,
    previous_head: Digest,
    status_root: Digest,
    array_root: Digest,
    notes_root: Digest,
    sealed: Sequence[SealedNote],
) -> Epoch:
    """Return the epoch that *task* becomes (None: a heartbeat), stored with its own new notes before anything is sent.

    Raises OfficeError ``approval.used`` when the task became an epoch before.
    """
    if task is not None:
        used = select(epochs.c.epoch).where(epochs.c.task_id == task.id, epochs.c.state != "lost")
        if (before := connection.execute(used).scalar_one_or_none()) is not None:
            raise OfficeError(
                f"task {task.id} was used for epoch {before}; right would be a new request", code="approval.used"
            )
    epoch_id = connection.execute(
        insert(epochs)
        .values(
            status_list_id=status_list_id,
            task_id=None if task is None else task.id,
            epoch=epoch,
            previous_head=previous_head.raw,
            status_root=status_root.raw,
            array_root=array_root.raw,
            notes_root=notes_root.raw,
            state="prepared",
        )
        .returning(epochs.c.id)
    ).scalar_one()
    if sealed:
        connection.execute(
            insert(notes),
            [
                {
                    "epoch_id": epoch_id,
                    "status_list_id": status_list_id,
                    "entry": note.index,
                    "epoch": note.epoch,
                    "key_hash": note.key_hash.raw,
                    "ciphertext": note.ciphertext,
                }
                for note in sealed
            ],
        )
    return read_epoch(connection.execute(select(epochs).where(epochs.c.id == epoch_id)).one())


def epoch_of(connection: Connection, task_id: int) -> Epoch | None:
    """Return the epoch that a task became, published or about to be; None while there is none."""
    row = connection.execute(select(epochs).where(epochs.c.task_id == task_id, epochs.c.state != "lost")).one_or_none()
    return None if row is None else read_epoch(row)


def prepared_on(connection: Connection, status_list_id: int) -> Epoch | None:
    """Return the epoch of a list that is stored and not yet noted as published; there is one at most."""
    row = connection.execute(
        select(epochs)
        .where(epochs.c.status_list_id == status_list_id, epochs.c.state == "prepared")
        .order_by(epochs.c.id)
        .limit(1)
    ).one_or_none()
    return None if row is None else read_epoch(row)


def prepared_of(connection: Connection, institution_id: int) -> tuple[Epoch, ...]:
    """Return the epochs of an institution that are stored and not yet noted as published, oldest first."""
    found = connection.execute(
        select(epochs)
        .join(status_lists, status_lists.c.id == epochs.c.status_list_id)
        .where(status_lists.c.institution_id == institution_id, epochs.c.state == "prepared")
        .order_by(epochs.c.id)
    )
    return tuple(read_epoch(row) for row in found)


def epoch_by_id(connection: Connection, epoch_id: int) -> Epoch:
    """Return the epoch with that row id, which is there."""
    return read_epoch(connection.execute(select(epochs).where(epochs.c.id == epoch_id)).one())


def unfinished_heartbeats(connection: Connection) -> tuple[int, ...]:
    """Return the lists whose heartbeat was stored and is not noted as published, by row id."""
    found = connection.execute(
        select(epochs.c.status_list_id).where(epochs.c.task_id.is_(None), epochs.c.state == "prepared")
    )
    return tuple(row.status_list_id for row in found)


def published(connection: Connection, epoch_id: int, *, block: int, time: int) -> None:
    """Note that the epoch is on the chain."""
    connection.execute(update(epochs).where(epochs.c.id == epoch_id).values(state="published", block=block, time=time))


def lost(connection: Connection, epoch_id: int) -> None:
    """Note that another epoch took this one's place: its notes speak of an epoch that will never be."""
    connection.execute(delete(notes).where(notes.c.epoch_id == epoch_id))
    connection.execute(update(epochs).where(epochs.c.id == epoch_id).values(state="lost"))


def notes_up_to(connection: Connection, status_list_id: int, epoch: int) -> tuple[SealedNote, ...]:
    """Return every note of a list up to *epoch*; several of one entry stand in the order of their epochs."""
    found = connection.execute(
        select(notes)
        .where(notes.c.status_list_id == status_list_id, notes.c.epoch <= epoch)
        .order_by(notes.c.epoch, notes.c.entry)
    )
    return tuple(SealedNote(row.entry, row.epoch, Digest(row.key_hash), row.ciphertext) for row in found)
