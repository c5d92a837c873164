"""Durable jobs: what was begun is finished, also when the process is killed in the middle (DBOS Transact).

A job is given row ids and nothing else, so its tables hold nothing personal; what it does is idempotent by the state of
those rows. The job library is put together here, in one object, and nowhere imported by another module.

Known of the library, and why the settings below are as they are: a worker takes over only what ran under its own
executor id; the default application version is a hash of the code, and any change would orphan what is pending; the
default serialiser is pickle; one instance per process. A lock file keeps a second worker off the data folder.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy import Connection

from issuer import epochs, issuing, logs, releasing
from issuer.issuing import Progress
from issuer.office import Office
from issuer.store import batches, tasks
from issuer.store.batches import BatchState
from issuer.store.tasks import StoredTask, TaskState
from jikin.anchoring.pins import check_at_start
from jikin.errors import JikinError, OfficeError

NAME = "jikin-office"
# Pinned: pending work survives a new release. Raise it when a workflow's steps change their order.
VERSION = "1"
_LOCK_FILE = "worker.lock"
_LOOK_SECONDS = 0.5
_DRAIN_SECONDS = 0.05
_STOPPED = -1  # what a step returns when it noted an error: the job ends and can be run again
_PENDING = ("PENDING", "ENQUEUED", "DELAYED")

Step: TypeAlias = Callable[[Office, int], int | None]


@dataclass(frozen=True, slots=True)
class _Job:
    """A kind of job: its steps, each repeated while it says that more is left; how an error is noted; its attempts."""

    name: str
    steps: tuple[Step, ...]
    note: Callable[[Connection, int, JikinError | None], None]
    next_attempt: Callable[[Connection, int], int]


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
        issuing.plant,
        issuing.prepare_anchor,
        issuing.anchor,
        releasing.verify_chunk,
        releasing.release,
    ),
    _note_batch,
    batches.next_attempt,
)
PUBLISH = _Job("publish", (epochs.publish,), _note_task, tasks.next_attempt)


def mistake(error: Exception) -> OfficeError:
    """Return where and of which kind a mistake of the program is; its own words may be personal and stay out."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return OfficeError(
        f"a mistake of the program: {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}",
        code="office.mistake",
        hint="report it; what was done is kept",
    )


class Worker(AbstractContextManager["Worker"]):
    """Runs jobs in this process. Entering it takes the lock and takes up what an earlier process left unfinished."""

    def __init__(self, office: Office, *, wait_for_lock_seconds: float = 60.0) -> None:
        """Remember the office; nothing runs yet."""
        self._patience = office.sleep
        self._office = replace(office, sleep=self._sleep)
        self._wait = wait_for_lock_seconds
        self._lock: int | None = None
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._ended: set[str] = set()
        self._workflows: dict[str, Callable[[int], str]] = {}

    def __enter__(self) -> Worker:
        """Take the lock, start the job library, resume pending jobs.

        Raises OfficeError ``office.worker-busy``, RegistryMismatchError when another registry answers than the pinned.
        """
        check_at_start(self._office.chain.registry)
        self._lock = self._take_lock()
        try:
            self._launch()
        except BaseException:
            self._release_lock()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let running jobs end (cut them short after an error), stop the job library, give the lock back."""
        if kind is None:
            self._drain()
        self._stop.set()
        DBOS.destroy(destroy_registry=True)
        # Its logger holds on to the standard error of the moment; the next worker may have another one.
        logging.getLogger("dbos").handlers.clear()
        self._release_lock()

    def interrupt(self) -> None:
        """Have running jobs stop after the step they are in; what is left is for the next worker."""
        self._stop.set()

    # -------------------------------------------------------------------------------------------------------- verbs

    def issue(self, batch_id: int, on_progress: Callable[[Progress], None] | None = None) -> None:
        """Return when the batch is released, telling *on_progress* how far it is; raises OfficeError if it stopped."""

        def tell() -> None:
            if on_progress is not None:
                on_progress(issuing.progress(self._office, batch_id))

        batch, _ = issuing.batch_of(self._office, batch_id)
        if batch.state is not BatchState.RELEASED:
            self._run(ISSUE, batch_id, batch.attempt, tell)
            batch, _ = issuing.batch_of(self._office, batch_id)
        tell()
        if batch.state is not BatchState.RELEASED:
            raise OfficeError(
                batch.error or f"batch {batch_id} stopped in the state {batch.state.value}",
                code=batch.error_code or "office.stopped",
                hint="what was done is kept; run the same command again to go on",
            )

    def publish(self, task_id: int) -> None:
        """Return when the approved task is published; raises OfficeError when it stopped or was refused."""
        stored = self._task(task_id)
        if stored.state is TaskState.APPROVED:
            self._run(PUBLISH, task_id, stored.attempt, lambda: None)
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
            "executor_id": self._office.settings.executor_id,
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
            workflow_id = DBOS.workflow_id or ""
            try:
                for step in job.steps:
                    left: int | None = 1
                    while left:
                        left = DBOS.run_step({"name": step.__name__}, self._guarded(job, step), row_id)
                        if left == _STOPPED:
                            return "stopped"
                return "done"
            finally:
                with self._changed:
                    self._ended.add(workflow_id)
                    self._changed.notify_all()

        return run

    def _guarded(self, job: _Job, step: Step) -> Callable[[int], int]:
        """Return *step* with errors noted in the office's own tables: the job library would keep them as it likes."""

        def guarded(row_id: int) -> int:
            if self._stop.is_set():
                return _STOPPED
            name = f"{job.name}.{step.__name__}"
            try:
                left = step(self._office, row_id)
            except JikinError as error:
                self._note(job, row_id, name, error)
                return _STOPPED
            except Exception as error:  # noqa: BLE001  # a mistake of ours: its words may quote a record
                self._note(job, row_id, name, mistake(error))
                return _STOPPED
            logs.logger().info("step done", step=name, count=left)
            return left or 0

        return guarded

    def _note(self, job: _Job, row_id: int, step: str, error: JikinError) -> None:
        logs.logger().warning("job stopped", step=step, code=error.code)
        with self._office.database.write() as connection:
            job.note(connection, row_id, error)

    def _run(self, job: _Job, row_id: int, attempt: int, tell: Callable[[], None]) -> None:
        """Start the job, or wait for the run that an earlier process began; return when it has ended."""
        workflow_id = f"{job.name}-{row_id}-{attempt}"
        known = DBOS.get_workflow_status(workflow_id) if attempt else None
        if known is None or known.status not in _PENDING:
            with self._office.database.write() as connection:
                job.note(connection, row_id, None)
                workflow_id = f"{job.name}-{row_id}-{job.next_attempt(connection, row_id)}"
            with SetWorkflowID(workflow_id):
                DBOS.start_workflow(self._workflows[job.name], row_id)
        while not self._has_ended(workflow_id):
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
            if not DBOS.list_workflows(status=list(_PENDING), executor_id=self._office.settings.executor_id):
                return
            time.sleep(_DRAIN_SECONDS)

    def _sleep(self, seconds: float) -> None:
        self._patience(seconds)
        if self._stop.is_set():
            raise OfficeError("the office was stopped", code="office.interrupted")

    def _take_lock(self) -> int:
        path = self._office.settings.data.absolute() / _LOCK_FILE
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + self._wait
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(handle)
                    raise OfficeError(
                        f"another process works on {self._office.settings.data}; waited {self._wait:.0f} s for it",
                        code="office.worker-busy",
                        hint="wait until it is done, and run the command again",
                    ) from None
                time.sleep(_LOOK_SECONDS)
            else:
                return handle

    def _release_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)  # the system takes the lock back, also when the process is killed
            self._lock = None
