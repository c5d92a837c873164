"""A worker in a process of its own: the issuer's real runner, which a trap may kill with SIGKILL at one exact step."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import event

from issuer import app, copies, running
from issuer.office import Office
from issuer.running import Runner
from issuer.settings import load

gc.set_threshold(50_000, 20, 20)  # as jikin.command.entry does
PRELOADED = [
    "tests.faults.worker",
    "jikin.anchoring.evm",
    "eth_account",
    "pyld",
    "issuer.app",
    "issuer.accrediting",
    "issuer.jobs",
]


@dataclass(frozen=True)
class Trap:
    """Kills the process that springs it, before or after the commit with which *question* finds something new."""

    question: str
    moment: str
    sprung: Path  # written just before, so that a kill can be told from an accident

    def arm(self, office: Office) -> None:
        """Watch every commit to the office's database from now on."""
        engine = office.database._engine
        with office.database.read() as connection:
            known = {row[0] for row in connection.exec_driver_sql(self.question)}
        armed = False

        def on_commit(connection) -> None:  # type: ignore[no-untyped-def]
            nonlocal armed
            cursor = connection.connection.cursor()
            cursor.execute(self.question)
            now = {row[0] for row in cursor.fetchall()}
            cursor.close()
            if now - known:
                if self.moment == "before":
                    self._spring()
                armed = True
            known.update(now)

        def on_checkin(_driver, _record) -> None:  # type: ignore[no-untyped-def]
            if armed:
                self._spring()

        event.listen(engine, "commit", on_commit)
        event.listen(engine.pool, "checkin", on_checkin)

    def _spring(self) -> None:
        self.sprung.write_text("x")
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)  # the signal is on its way


@dataclass(frozen=True)
class ShiftedClock:
    """Unix seconds of a clock that somebody sets: the file says how far it is off."""

    file: Path

    def __call__(self) -> int:
        return int(time.time()) + int(self.file.read_text() or "0")


def be_a_worker(environ: Mapping[str, str], folder: Path, trap: Trap | None) -> None:
    """Work until killed; what is said goes into a file beside the office."""
    said = os.open(folder / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    running._FIRST_PAUSE = 0.2  # type: ignore[misc]  # what stopped is tried again soon
    running._LONGEST_PAUSE = 1.0  # type: ignore[misc]
    os.environ.clear()
    os.environ.update(environ)
    office = app.build(load(environ), clock=ShiftedClock(folder / "clock"))
    if trap is not None:
        trap.arm(office)
    runner = Runner(office, copies.collect)
    ended = False

    def end(_number: int, _frame: object) -> None:
        nonlocal ended
        ended = True

    signal.signal(signal.SIGTERM, end)
    runner.start()
    (folder / f"ready-{os.getpid()}").write_text(json.dumps({"at": time.time()}))
    parent = os.getppid()
    while not ended:
        time.sleep(0.05)
        if os.getppid() != parent:  # whoever started this is gone, however that ended
            os._exit(3)
    runner.stop()
    sys.exit(0)
