"""Durable jobs: what was begun is finished, also when the process is killed in the middle (DBOS Transact).

A job is given row ids and nothing else, so its tables hold nothing personal; what it does is idempotent by the state of
those rows. The job library is put together here, in one object, and nowhere imported by another module.

Known of the library, and why the settings below are as they are: a worker resumes only what ran under its own executor
id; the default application version is a hash of the code, and any change would orphan what is pending; the default
serialiser is pickle; one instance per process. Starting a workflow under an id that there is already is no second run,
and a run whose workflow was taken over by another worker can note nothing any more. Who may work is a matter of
``leases``.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy import Connection

from issuer import combining, issuing, leases, logs, releasing, sharing
from issuer.issuing import Progress
from issuer.office import Office
from issuer.steps import STOPPED, Step, go_through
from issuer.store import batches, tasks
from issuer.store.batches import BatchState
from issuer.store.tasks import StoredTask, TaskState
from jikin.anchoring.pins import check_at_start
from jikin.errors import JikinError, OfficeError

NAME = "jikin-office"
# Pinned: pending work survives a new release. Raise it when a workflow's steps change their order.
VERSION = "1"
_LOOK_SECONDS = 0.5
_DRAIN_SECONDS = 0.05
_END_SECONDS = 5
ELSEWHERE = "office.elsewhere"
_PENDING = ("PENDING", "ENQUEUED", "DELAYED")


@dataclass(frozen=True, slots=True)
class _Job:
    """A kind of job: its steps, each repeated while it says that more is left; how an error is noted; its attempts."""

    name: str
    steps: tuple[Step, ...]
    note: Callable[[Connection, int, JikinError | None], None]
    next_attempt: Callable[[Connection, int, int], int]


def _note_batch(connection: Connection, batch_id: int, error: JikinError | None) -> None:
    batches.note_error(
        connection, batch_id, None if error is None else error.code, None if error is None else str(error)
    )


def _note_task(connection: Connection, task_id: int, error: JikinError | None) -> None:
    stored = tasks.by_id(connection, task_id)
    refused = error is not None and error.code.startswith(_REFUSALS)
    state = TaskState.REFUSED if refused else stored.state
    tasks.set_state(
        connection,
        task_id,
        state,
        code=None if error is None else error.code,
        error=None if error is None else str(error),
    )


# What no further run of a task can mend: approvals that do not hold, states that have moved.
_REFUSALS = ("approval.", "office.state")

ISSUE = _Job(
    "issue",
    (
        issuing.reserve,
        issuing.sign_chunk,
        combining.plant,
        sharing.prepare_anchor,
        issuing.anchor,
        releasing.verify_chunk,
        releasing.release,
    ),
    _note_batch,
    batches.next_attempt,
)
PUBLISH = _Job("publish", (sharing.publish,), _note_task, tasks.next_attempt)


def mistake(error: Exception) -> OfficeError:
    """Return where and of which kind a mistake of the program is; its own words may be personal and stay out."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return OfficeError(
        f"a mistake of the program: {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}",
        code="office.mistake",
        hint="report it; what was done is kept",
    )


def _workflow_id(name: str, row_id: int, attempt: int) -> str:
    return f"{name}-{row_id}-{attempt}"


class Worker(AbstractContextManager["Worker"]):
    """Runs jobs in this process. Entering it takes a seat and takes up what processes that died left unfinished."""

    def __init__(self, office: Office, *, wait_for_lock_seconds: float = 60.0) -> None:
        """Remember the office; nothing runs yet."""
        self._patience = office.sleep
        self._office = replace(office, sleep=self._sleep)
        self._seat = leases.seat_of(office, wait_for_lock_seconds)
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._ended: set[str] = set()
        self._workflows: dict[str, Callable[[int], str]] = {}

    def __enter__(self) -> Worker:
        """Take the seat, start the job library, resume pending jobs.

        Raises OfficeError ``office.worker-busy``, RegistryMismatchError when another registry answers than the pinned.
        """
        check_at_start(self._office.chain.registry)
        self._seat.take()
        try:
            self._launch()
            self._seat.watch(self._take_over)
        except BaseException:
            self._seat.leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let running jobs end (cut them short after an error), stop the job library, give the seat back."""
        drained = kind is None and self._seat.held
        if drained:
            self._drain()
        self._stop.set()
        # A step that is cut short notes its end first: noted later, it would be taken for the next worker's.
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=0 if drained else _END_SECONDS)
        # Its logger holds on to the standard error of the moment; the next worker may have another one.
        logging.getLogger("dbos").handlers.clear()
        self._seat.leave()

    def interrupt(self) -> None:
        """Have running jobs stop after the step they are in; what is left is for the next worker."""
        self._stop.set()

    @property
    def held(self) -> bool:
        """Say whether this worker may still work; when not, leave it and enter a new one."""
        return self._seat.held

    @property
    def shared(self) -> bool:
        """Say whether others may work on the same office at the same time."""
        return self._seat.shared

    def elsewhere(self, name: str, row_id: int, attempt: int) -> bool:
        """Say whether the job called *name* is another worker's at the moment."""
        known = DBOS.get_workflow_status(_workflow_id(name, row_id, attempt))
        return known is not None and known.status in _PENDING and known.executor_id != self._seat.executor_id

    # -------------------------------------------------------------------------------------------------------- verbs

    def issue(
        self, batch_id: int, on_progress: Callable[[Progress], None] | None = None, *, patient: bool = True
    ) -> None:
        """Return when the batch is released, telling *on_progress* how far it is; raises OfficeError if it stopped.

        Who is not *patient* does not wait for another worker that is at it: OfficeError ``office.elsewhere``.
        """

        def tell() -> None:
            if on_progress is not None:
                on_progress(issuing.progress(self._office, batch_id))

        batch, _ = issuing.batch_of(self._office, batch_id)
        if batch.state is not BatchState.RELEASED:
            self._run(ISSUE, batch_id, batch.attempt, tell, patient=patient)
            batch, _ = issuing.batch_of(self._office, batch_id)
        tell()
        if batch.state is not BatchState.RELEASED:
            raise OfficeError(
                batch.error or f"batch {batch_id} stopped in the state {batch.state.value}",
                code=batch.error_code or "office.stopped",
                hint="what was done is kept; run the same command again to go on",
            )

    def publish(self, task_id: int, *, patient: bool = True) -> None:
        """Return when the approved task is published; raises OfficeError when it stopped or was refused.

        Who is not *patient* does not wait for another worker that is at it: OfficeError ``office.elsewhere``.
        """
        stored = self._task(task_id)
        if stored.state is TaskState.APPROVED:
            self._run(PUBLISH, task_id, stored.attempt, lambda: None, patient=patient)
            stored = self._task(task_id)
        if stored.state is not TaskState.DONE:
            raise OfficeError(
                stored.error or f"task {task_id} stands in the state {stored.state.value}",
                code=stored.error_code or "office.stopped",
            )

    def _task(self, task_id: int) -> StoredTask:
        with self._office.database.read() as connection:
            return tasks.by_id(connection, task_id)

    # ----------------------------------------------------------------------------------------------------- machinery

    def _launch(self) -> None:
        config: DBOSConfig = {
            "name": NAME,
            "system_database_url": self._office.settings.jobs_database_url,
            "executor_id": self._seat.executor_id,
            "application_version": VERSION,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "use_listen_notify": False,
            # Notifications are not used; ending waits for one last look.
            "notification_listener_polling_interval_sec": _LOOK_SECONDS,
        }
        DBOS(config=config)
        for job in (ISSUE, PUBLISH):
            self._workflows[job.name] = DBOS.workflow(name=job.name)(self._workflow(job))
        DBOS.launch()

    def _workflow(self, job: _Job) -> Callable[[int], str]:
        """Return the workflow of *job*: it is given a row id and returns "done" or "stopped"."""

        def run(row_id: int) -> str:
            def do(step: Step) -> int:
                return DBOS.run_step({"name": step.__name__}, self._guarded(job, step), row_id)

            said = "done" if go_through(job.steps, do) else "stopped"
            with self._changed:
                self._ended.add(DBOS.workflow_id or "")
                self._changed.notify_all()
            return said

        return run

    def _guarded(self, job: _Job, step: Step) -> Callable[[int], int]:
        """Return *step* with errors noted in the office's own tables: the job library would keep them as it likes."""

        def guarded(row_id: int) -> int:
            if self._stop.is_set() or not self._seat.held:
                return STOPPED
            name = f"{job.name}.{step.__name__}"
            try:
                left = step(self._office, row_id)
            except JikinError as error:
                self._note(job, row_id, name, error)
                return STOPPED
            except Exception as error:  # noqa: BLE001  # a mistake of ours: its words may quote a record
                self._note(job, row_id, name, mistake(error))
                return STOPPED
            logs.logger().info("step done", step=name, count=left)
            return left or 0

        return guarded

    def _note(self, job: _Job, row_id: int, step: str, error: JikinError) -> None:
        logs.logger().warning("job stopped", step=step, code=error.code)
        with self._office.database.write() as connection:
            job.note(connection, row_id, error)

    def _run(self, job: _Job, row_id: int, attempt: int, tell: Callable[[], None], *, patient: bool) -> None:
        """Start the job, or wait for the run that there is, here or elsewhere; return when it has ended."""
        known = DBOS.get_workflow_status(_workflow_id(job.name, row_id, attempt))
        if known is None or known.status not in _PENDING:
            if known is not None or not attempt:
                with self._office.database.write() as connection:
                    job.note(connection, row_id, None)
                    attempt = job.next_attempt(connection, row_id, attempt)
            # Whoever else is about to start it means the same run: the job library does it once.
            with SetWorkflowID(_workflow_id(job.name, row_id, attempt)):
                DBOS.start_workflow(self._workflows[job.name], row_id)
        if not patient and self.shared and self.elsewhere(job.name, row_id, attempt):
            raise OfficeError(f"another worker is at {job.name} {row_id}", code=ELSEWHERE)
        while not self._has_ended(_workflow_id(job.name, row_id, attempt)):
            tell()

    def _has_ended(self, workflow_id: str) -> bool:
        with self._changed:
            if workflow_id not in self._ended:
                self._changed.wait(_LOOK_SECONDS)
            if workflow_id in self._ended:
                return True
        status = DBOS.get_workflow_status(workflow_id)
        return status is not None and status.status not in _PENDING

    def _drain(self) -> None:
        """Wait until nothing is pending any more: jobs of earlier processes, and the bookkeeping of the last one."""
        deadline = time.monotonic() + self._office.settings.chain_wait_seconds
        while time.monotonic() < deadline:
            if not DBOS.list_workflows(status=list(_PENDING), executor_id=self._seat.executor_id):
                return
            time.sleep(_DRAIN_SECONDS)

    def _sleep(self, seconds: float) -> None:
        self._patience(seconds)
        if self._stop.is_set():
            raise OfficeError("the office was stopped", code="office.interrupted")

    def _take_over(self, alive: frozenset[str]) -> None:
        """Take over what is pending under the name of no worker that is alive."""
        pending = DBOS.list_workflows(status="PENDING", app_version=VERSION, load_input=False, load_output=False)
        dead = sorted({one.executor_id for one in pending if one.executor_id} - alive)
        if dead:
            # No public name, and pinned with the library: it moves the work only while the row names a dead executor,
            # so that several workers may do it at once and one of them gets it.
            DBOS._recover_pending_workflows(dead)
            logs.logger().warning("work taken over", count=len(dead))
