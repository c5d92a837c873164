"""What the calendar says is to be done: beside the runner, a thread for each chore that looks at the clock.

A chore looks at the tables and the clock, does what is due and leaves the rest: it is called again a moment later, also
after a restart or a kill -9. It is no durable job, because each finds out by itself how far it came.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from issuer import logs
from issuer.jobs import mistake
from issuer.office import Office
from jikin.errors import JikinError, OfficeError

LOOK_SECONDS = 0.5
_INTERRUPTED = "office.interrupted"
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 120.0  # before a chore that failed is tried again; doubled each time


@dataclass(frozen=True, slots=True)
class Chore:
    """Something the calendar may want done: *do* finds out by itself whether; it is looked at every *seconds*."""

    do: Callable[[Office], object]
    seconds: float = LOOK_SECONDS

    @property
    def name(self) -> str:
        """Return what it is called in logs."""
        return self.do.__name__


@dataclass(slots=True)
class Timekeeper:
    """The threads, one for each of *chores*: one that waits for the chain does not hold up another's second."""

    office: Office
    chores: Sequence[Chore]
    _threads: list[threading.Thread] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _waits: dict[int, tuple[float, float]] = field(default_factory=dict)  # by chore: pause left, pause

    def start(self) -> None:
        """Begin to look at the clock."""
        for number, chore in enumerate(self.chores):
            thread = threading.Thread(target=self._run, args=(number,), name=f"jikin-{chore.name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, *, wait_seconds: float = 30.0) -> None:
        """End after what is being done; what is left is done by the next start."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(wait_seconds)

    def round(self) -> None:
        """Do once, in this thread, what is due."""
        for number in range(len(self.chores)):
            self._look(number)

    def _run(self, number: int) -> None:
        while not self._stopping.is_set():
            self._look(number)
            self._stopping.wait(self.chores[number].seconds)

    def _look(self, number: int) -> None:
        """Do a chore once unless it pauses; what goes wrong is written down and never ends the thread."""
        left, pause = self._waits.get(number, (0.0, 0.0))
        if left > 0:
            self._waits[number] = (left - self.chores[number].seconds, pause)
            return
        try:
            self.chores[number].do(replace(self.office, sleep=self._sleep))
        except JikinError as error:
            self._put_off(number, error.code, pause)
        except Exception as error:  # noqa: BLE001  # the database may be away, or we are wrong: the thread goes on
            self._put_off(number, mistake(error).code, pause)
        else:
            self._waits.pop(number, None)

    def _sleep(self, seconds: float) -> None:
        """Wait as the office does, unless it is being stopped: whoever waits for the chain is cut short then."""
        self.office.sleep(seconds)
        if self._stopping.is_set():
            raise OfficeError("the office was stopped", code=_INTERRUPTED)

    def _put_off(self, number: int, code: str, before: float) -> None:
        pause = _FIRST_PAUSE if not before else min(before * 2, _LONGEST_PAUSE)
        self._waits[number] = (pause, pause)
        if code != _INTERRUPTED:
            logs.logger().warning("chore stopped", step=self.chores[number].name, code=code, seconds=pause)
