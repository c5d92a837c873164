"""The service's own hands: one thread that does, one after another, what the tables say is to be done.

    approved tasks  →  copies for holders  →  batches, oldest first  →  heartbeats of status lists

Nothing is handed over in memory: whatever a request stored is found again after a restart, also after a kill -9. While
there is nothing to do the worker's lock is free, so that commands can work on the same office in between.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from issuer import epochs, heartbeats, logs
from issuer.jobs import Worker, mistake
from issuer.office import Office
from issuer.store import copies, tasks, uploads
from issuer.store.batches import Origin
from issuer.store.tasks import TaskState
from jikin.errors import JikinError, OfficeError, RegistryError, UnavailableError

_POLL_SECONDS = 0.5
_IDLE_SECONDS = 10.0  # the worker is kept this long after the last piece of work
_TIDY_SECONDS = 60.0
_HEARTBEAT_LOOK_SECONDS = 300.0  # how often the chain is asked whether a list waits for its heartbeat
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 120.0  # before what stopped is tried again; doubled each time
_LOCK_SECONDS = 0.1

Collect = Callable[[Office], int | None]


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work: a task to publish, a batch to issue or a list to confirm, by row id."""

    kind: str
    id: int


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
    _collected: float = 0.0
    _tidied: float = 0.0
    _listened: float = -math.inf
    _quiet: tuple[int, ...] = ()  # status lists that wait for their heartbeat
    _stopping: threading.Event = field(default_factory=threading.Event)
    _wake: threading.Event = field(default_factory=threading.Event)
    _pauses: dict[Work, _Pause] = field(default_factory=dict)

    def start(self) -> None:
        """Begin to work."""
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
        try:
            return self._round()
        except JikinError as error:
            logs.logger().warning("runner", code=error.code)
        except Exception as error:  # noqa: BLE001  # the database may be away, or we are wrong: others' work goes on
            logs.logger().warning("runner", code=mistake(error).code, step=str(mistake(error)))
        self._let_go()
        return False

    def _round(self) -> bool:
        now = time.monotonic()
        if now - self._tidied >= _TIDY_SECONDS:
            self._tidy()
            self._tidied = now
        if now - self._listened >= _HEARTBEAT_LOOK_SECONDS:
            self._listened = now  # first: a chain that does not answer is asked again as late as any other
            self._quiet = heartbeats.due(self.office)
        if now - self._collected >= self.office.settings.copy_wait_seconds:
            self.collect(self.office)
            self._collected = time.monotonic()
        work = self._next()
        if work is None:
            if now - self._used >= _IDLE_SECONDS:
                self._let_go()
            return False
        return self._do(work)

    def _next(self) -> Work | None:
        """Return what is done next: what two persons decided first, then what somebody waits for, then lists."""
        with self.office.database.read() as connection:
            approved = tasks.in_state(connection, TaskState.APPROVED)
            unfinished = copies.unfinished(connection, tuple(Origin))
        found = [Work("publish", one.task.id) for one in approved]
        ordered = sorted(unfinished, key=lambda one: (one.origin is Origin.LIST, one.id))
        found += [Work("issue", one.id) for one in ordered]
        found += [Work("confirm", list_id) for list_id in self._quiet]
        now = time.monotonic()
        return next((work for work in found if self._pauses.get(work, _Pause(0, 0)).until <= now), None)

    def _do(self, work: Work) -> bool:
        worker = self._working()
        if worker is None:
            return False
        try:
            if work.kind == "publish":
                worker.publish(work.id)
            elif work.kind == "confirm":
                epochs.heartbeat(self.office, work.id)  # what it stores is taken up by whatever publishes next
                self._quiet = tuple(one for one in self._quiet if one != work.id)
            else:
                worker.issue(work.id)
        except (OfficeError, UnavailableError, RegistryError) as error:
            before = self._pauses.get(work)
            seconds = _FIRST_PAUSE if before is None else min(before.seconds * 2, _LONGEST_PAUSE)
            self._pauses[work] = _Pause(time.monotonic() + seconds, seconds)
            logs.logger().warning("work stopped", step=work.kind, code=error.code, seconds=seconds)
        else:
            self._pauses.pop(work, None)
        self._used = time.monotonic()
        return True

    def _working(self) -> Worker | None:
        """Return the worker, holding the office's lock; None while another process has it."""
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
        self._wake.wait(min(_POLL_SECONDS, max(self.office.settings.copy_wait_seconds, 0.05)))
        self._wake.clear()

    def _tidy(self) -> None:
        """End what nobody signed in time, and forget uploaded lists that were left lying."""
        now = self.office.clock()
        with self.office.database.write() as connection:
            tasks.end_unsigned(connection, now)
            uploads.forget(connection, now)
