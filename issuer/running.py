"""The service's own hands: one thread that does, one after another, what the tables say is to be done.

    approved tasks  →  copies for holders  →  batches, oldest first  →  heartbeats of status lists

Nothing is handed over in memory: whatever a request stored is found again after a restart, also after a kill -9. Where
there is one worker only, its lock is free while there is nothing to do, so that commands can work on the same office in
between. Where there are several, each leaves alone what another is at, and is there to take over from one that dies.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from issuer import combining, epochs, heartbeats, logs, reanchoring
from issuer.jobs import ELSEWHERE, Worker, mistake
from issuer.office import Office
from issuer.store import copies, issue_tasks, tasks, uploads
from issuer.store.batches import Batch, BatchState, Origin
from issuer.store.tasks import TaskState
from jikin.errors import JikinError, OfficeError, RegistryError, UnavailableError

_POLL_SECONDS = 0.5
_IDLE_SECONDS = 10.0  # the worker is kept this long after the last piece of work
_TIDY_SECONDS = 60.0
_HEARTBEAT_LOOK_SECONDS = 300.0  # how often the chain is asked whether a list waits for its heartbeat
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 120.0  # before what stopped is tried again; doubled each time
_LOCK_SECONDS = 0.1

Collect = Callable[[Office], int | None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work: a task to publish, a batch to issue or a list to confirm, by row id."""

    kind: str
    id: int


@dataclass(slots=True)
class _Chore:
    """What is done every *seconds*, and when it was done last."""

    seconds: float
    do: Callable[[Office], object]
    done: float = float("-inf")


@dataclass(slots=True)
class _Pause:
    """When a piece of work that stopped is tried again, and how long the pause was."""

    until: float
    seconds: float


@dataclass(slots=True)
class Runner:
    """The thread and its one worker. *collect* makes a batch of the copies that holders asked for, if there are any."""

    office: Office
    collect: Collect = lambda _office: None
    _thread: threading.Thread | None = None
    _worker: Worker | None = None
    _used: float = 0.0
    _chores: tuple[_Chore, ...] = ()
    _quiet: tuple[int, ...] = ()  # status lists that wait for their heartbeat
    _stopping: threading.Event = field(default_factory=threading.Event)
    _wake: threading.Event = field(default_factory=threading.Event)
    _pauses: dict[Work, _Pause] = field(default_factory=dict)
    _waiting: dict[int, float] = field(default_factory=dict)  # single batches, and since when they wait for others

    def start(self) -> None:
        """Begin to work."""
        settings = self.office.settings
        self._chores = (
            _Chore(_TIDY_SECONDS, _tidy),
            _Chore(settings.copy_wait_seconds, self.collect),
            _Chore(settings.settle_look_seconds, reanchoring.look_again),
            _Chore(_HEARTBEAT_LOOK_SECONDS, self._listen),
        )
        self._thread = threading.Thread(target=self._run, name="jikin-runner", daemon=True)
        self._thread.start()

    def stop(self, *, wait_seconds: float = 30.0) -> None:
        """End after the step that is being done; what is left is taken up by the next start."""
        self._stopping.set()
        self._wake.set()
        if (worker := self._worker) is not None:
            worker.interrupt()
        if self._thread is not None:
            self._thread.join(wait_seconds)

    def nudge(self) -> None:
        """Have a look now: something was stored that wants to be done."""
        self._wake.set()

    @property
    def alive(self) -> bool:
        """Say whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    # ---------------------------------------------------------------------------------------------------------- thread

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                if not self._guarded_round():
                    self._rest()
        finally:
            self._let_go()

    def _guarded_round(self) -> bool:
        """Do one round; say whether it found work. What goes wrong is written down and never ends the thread."""
        for chore in self._chores:
            if time.monotonic() - chore.done >= chore.seconds:
                chore.done = time.monotonic()  # also when it fails: what the chain does not answer now waits its turn
                _guarded(partial(chore.do, self.office))
        found = _guarded(self._round)
        if found is None:
            self._let_go()
        return bool(found)

    def _listen(self, office: Office) -> None:
        """Find the status lists that are due for a heartbeat."""
        self._quiet = heartbeats.due(office)

    def _round(self) -> bool:
        if not self.office.database.is_sqlite:
            self._working()  # also without work: another worker may die and leave some
        work = self._next()
        if work is None:
            if time.monotonic() - self._used >= _IDLE_SECONDS and self.office.database.is_sqlite:
                self._let_go()
            return False
        return self._do(work)

    def _next(self) -> Work | None:
        """Return what is done next: what two persons decided first, then what somebody waits for, then lists."""
        with self.office.database.read() as connection:
            approved = tasks.in_state(connection, TaskState.APPROVED)
            unfinished = copies.unfinished(connection, tuple(Origin))
            unsigned = issue_tasks.unsigned_batches(connection)
        found = [(Work("publish", one.task.id), one.attempt) for one in approved]
        ordered = sorted(self._closed(unfinished), key=lambda one: (one.origin is Origin.LIST, one.id))
        found += [(Work("issue", one.id), one.attempt) for one in ordered if one.id not in unsigned]
        found += [(Work("confirm", list_id), 0) for list_id in self._quiet]
        now = time.monotonic()
        ready = (one for one in found if self._pauses.get(one[0], _Pause(0, 0)).until <= now)
        return next((work for work, attempt in ready if not self._elsewhere(work, attempt)), None)

    def _closed(self, unfinished: Sequence[Batch]) -> Sequence[Batch]:
        """Return *unfinished* without what waits for others to be anchored with it."""
        single = [one for one in unfinished if one.state is BatchState.ACCEPTED and one.origin in combining.ORIGINS]
        now, settings = time.monotonic(), self.office.settings
        self._waiting = {one.id: self._waiting.get(one.id, now) for one in single}

        def since(one: Batch) -> float:
            return now - self._waiting[one.id]

        if combining.ripe(single, since, most=settings.batch_most, seconds=settings.batch_wait_seconds):
            return unfinished
        return [one for one in unfinished if one.id not in self._waiting]

    def _elsewhere(self, work: Work, attempt: int) -> bool:
        worker = self._worker
        return worker is not None and worker.shared and worker.elsewhere(work.kind, work.id, attempt)

    def _do(self, work: Work) -> bool:
        worker = self._working()
        if worker is None:
            return False
        try:
            if work.kind == "publish":
                worker.publish(work.id, patient=False)
            elif work.kind == "confirm":
                epochs.heartbeat(self.office, work.id)  # what it stores is taken up by whatever publishes next
                self._quiet = tuple(one for one in self._quiet if one != work.id)
            else:
                worker.issue(work.id, patient=False)
        except (OfficeError, UnavailableError, RegistryError) as error:
            if error.code == ELSEWHERE:
                return True  # another worker began it a moment before; there is other work
            before = self._pauses.get(work)
            seconds = _FIRST_PAUSE if before is None else min(before.seconds * 2, _LONGEST_PAUSE)
            self._pauses[work] = _Pause(time.monotonic() + seconds, seconds)
            logs.logger().warning("work stopped", step=work.kind, code=error.code, seconds=seconds)
        else:
            self._pauses.pop(work, None)
        self._used = time.monotonic()
        return True

    def _working(self) -> Worker | None:
        """Return the worker, holding its seat; None while another process has the only one."""
        if self._worker is not None and not self._worker.held:
            self._let_go()  # it was silent for too long: what it was at may be another worker's by now
        if self._worker is None:
            worker = Worker(self.office, wait_for_lock_seconds=_LOCK_SECONDS)
            try:
                worker.__enter__()
            except OfficeError as error:
                if error.code != "office.worker-busy":
                    raise
                return None
            self._worker = worker
            if self._stopping.is_set():
                worker.interrupt()
        return self._worker

    def _let_go(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.__exit__(None, None, None)

    def _rest(self) -> None:
        settings = self.office.settings
        soon = [settings.copy_wait_seconds, *([settings.batch_wait_seconds] if self._waiting else [])]
        self._wake.wait(min(_POLL_SECONDS, max(min(soon), 0.05)))
        self._wake.clear()


def _guarded(do: Callable[[], T]) -> T | None:
    """Return what *do* returns; None also when something went wrong, which is written down."""
    try:
        return do()
    except JikinError as error:
        logs.logger().warning("runner", code=error.code)
    except Exception as error:  # noqa: BLE001  # the database may be away, or we are wrong: others' work goes on
        logs.logger().warning("runner", code=mistake(error).code, step=str(mistake(error)))
    return None


def _tidy(office: Office) -> None:
    """End what nobody signed in time, and forget uploaded lists that were left lying."""
    now = office.clock()
    with office.database.write() as connection:
        tasks.end_unsigned(connection, now)
        uploads.forget(connection, now)
