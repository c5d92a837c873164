"""Who may work on an office now: one process that holds a lock, or several that each hold a lease.

SQLite has one worker, kept alone by a locked file, which the system takes back when the process dies. PostgreSQL has
any number on any number of hosts: each has a row that it renews every few seconds. Whoever has pending work and no row
is dead, and the next worker that looks takes the work over; so nothing depends on who died where and when. A worker
that could not renew its row in time (it was suspended, or cut off from the database) stops by itself, under a clock
that does not jump.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from issuer import logs
from issuer.office import Office
from issuer.store import workers
from issuer.store.database import Database
from jikin.errors import OfficeError

_LOCK_FILE = "worker.lock"
_LOOK_SECONDS = 0.5
_JOIN_SECONDS = 10.0

# Gets the executor ids that are alive, and takes over what is pending under any other.
TakeOver = Callable[[frozenset[str]], None]


class Seat(Protocol):
    """The right of one process to work on the office, from ``take`` to ``leave``."""

    @property
    def executor_id(self) -> str:
        """Return the name under which the job library keeps this worker's work."""

    @property
    def held(self) -> bool:
        """Say whether the right holds still."""

    @property
    def shared(self) -> bool:
        """Say whether others may work at the same time."""

    def take(self) -> None:
        """Take the seat; raises OfficeError ``office.worker-busy`` when there is one and another process has it."""

    def watch(self, take_over: TakeOver) -> None:
        """From now on have *take_over* called at times, where others may die and leave work behind."""

    def leave(self) -> None:
        """Give the seat back; leaving twice is no error."""


def seat_of(office: Office, wait_seconds: float) -> Seat:
    """Return the seat of a worker of *office*; *wait_seconds* is how long to wait for another one to leave."""
    if office.database.is_sqlite:
        return LockedFolder(office.settings.executor_id, office.settings.data.absolute(), wait_seconds)
    return Leasehold(
        f"{office.settings.executor_id}-{secrets.token_hex(4)}",
        office.database,
        Terms(office.settings.worker_beat_seconds, office.settings.worker_expiry_seconds),
    )


class LockedFolder:
    """The only seat: a locked file in the data folder."""

    shared = False

    def __init__(self, executor_id: str, folder: Path, wait_seconds: float) -> None:
        """Remember the folder; nothing is locked yet."""
        self.executor_id = executor_id
        self._folder = folder
        self._wait_seconds = wait_seconds
        self._handle: int | None = None

    @property
    def held(self) -> bool:
        """Say whether the file is locked by this process."""
        return self._handle is not None

    def take(self) -> None:
        """Lock the file, waiting a while for another process; raises OfficeError ``office.worker-busy``."""
        handle = os.open(self._folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + self._wait_seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(handle)
                    raise OfficeError(
                        f"another process works on {self._folder}; waited {self._wait_seconds:.0f} s for it",
                        code="office.worker-busy",
                        hint="wait until it is done, and run the command again",
                    ) from None
                time.sleep(_LOOK_SECONDS)
            else:
                self._handle = handle
                return

    def watch(self, take_over: TakeOver) -> None:
        """Do nothing: nobody else works here, and the job library resumes what this executor id has left."""

    def leave(self) -> None:
        """Unlock the file."""
        if self._handle is not None:
            os.close(self._handle)  # the system takes the lock back, also when the process is killed
            self._handle = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How often a worker says that it is alive, and after how long a silence it counts as dead."""

    beat_seconds: float
    expiry_seconds: float


class Leasehold:
    """One seat of many: a row in the table of workers, renewed by a thread."""

    shared = True

    def __init__(self, executor_id: str, database: Database, terms: Terms) -> None:
        """Remember the name, which no other worker may have; nothing is stored yet."""
        self.executor_id = executor_id
        self._database = database
        self._terms = terms
        self._renewed = 0.0
        self._take_over: TakeOver | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def held(self) -> bool:
        """Say whether the lease was renewed in time, by a clock that only runs forward."""
        return not self._ended.is_set() and time.monotonic() - self._renewed < self._terms.expiry_seconds

    def take(self) -> None:
        """Store the lease and begin to renew it."""
        before = time.monotonic()
        with self._database.write() as connection:
            workers.begin(connection, self.executor_id)
        self._renewed = before  # what was measured earlier ends earlier: never later than the database's own count
        self._thread = threading.Thread(target=self._run, name="jikin-lease", daemon=True)
        self._thread.start()

    def watch(self, take_over: TakeOver) -> None:
        """Have *take_over* called now and after every renewal."""
        self._take_over = take_over
        self._look()

    def leave(self) -> None:
        """Take the row away: whatever is still pending is another worker's at once."""
        self._ended.set()
        if self._thread is None:
            return
        self._thread.join(_JOIN_SECONDS)
        self._thread = None
        try:
            with self._database.write() as connection:
                workers.end(connection, self.executor_id)
        except SQLAlchemyError as error:  # it will expire
            logs.logger().warning("lease not ended", code=type(error).__name__)

    def _run(self) -> None:
        while not self._ended.wait(self._terms.beat_seconds):
            try:
                if not self._beat():
                    logs.logger().warning("lease lost", code="office.lease-lost")
                    self._ended.set()
                    return
                self._look()
            except Exception as error:  # noqa: BLE001  # the database is away: the lease runs out, or it comes back
                logs.logger().warning("lease not renewed", code=type(error).__name__)

    def _beat(self) -> bool:
        before = time.monotonic()
        with self._database.write() as connection:
            if not workers.beat(connection, self.executor_id, self._terms.expiry_seconds):
                return False
        self._renewed = before
        return True

    def _look(self) -> None:
        if self._take_over is None:
            return
        with self._database.write() as connection:
            workers.forget_expired(connection, self._terms.expiry_seconds)
            alive = frozenset(one.executor_id for one in workers.every(connection))
        self._take_over(alive)
