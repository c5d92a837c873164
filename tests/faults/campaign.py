"""Kills at every persisted step, many times over and in any order, while everything else goes wrong too."""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.faults import truth
from tests.faults.points import JOINT, MOMENTS, POINTS
from tests.faults.scene import Scene
from tests.faults.storm import Storm
from tests.faults.truth import Truth

_PATIENCE = 45.0  # until a step that does not come is given up, and the worker killed where it is
_CALM_SECONDS = 180.0
_TRIES = 4


def schedule(seed: int, each: int, points: Sequence[str] = tuple(POINTS)) -> list[tuple[str, str]]:
    """Return *each* rounds of every point, at both moments in turn, in an order within a round that *seed* decides."""
    order = random.Random(seed)
    rounds = [[(point, MOMENTS[number % 2]) for point in points] for number in range(each)]
    for one in rounds:
        order.shuffle(one)
    return [step for one in rounds for step in one]


@dataclass
class Campaign:
    """One scene, its storm, and what came of it."""

    scene: Scene
    storm: Storm
    kills: Counter[str] = field(default_factory=Counter)  # by step, exactly there
    elsewhere: int = 0  # killed at some other place, because the step did not come in time
    missed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def run(
        self,
        planned: Sequence[tuple[str, str]],
        tell: Callable[[str], None] = lambda _line: None,
        *,
        longest: float = math.inf,
    ) -> Truth:
        """Kill at each of *planned* while the storm goes on; then let a worker finish, and return what is true.

        After *longest* seconds nobody is killed any more.
        """
        begun = time.monotonic()
        for number, (point, moment) in enumerate(planned, start=1):
            if not any(self._kill(point, moment) for _ in range(_TRIES)):
                tell(f"{point} ({moment}) did not come: {self.scene.state()}")
            spent = time.monotonic() - begun
            if spent > longest:
                break
            tell(f"{number} of {len(planned)}: {point} ({moment}), {spent:.0f} s, {self.storm.counts.total()} faults")
        self.storm.end()
        found = self._finish()
        self.seconds = time.monotonic() - begun
        return found

    def _kill(self, point: str, moment: str) -> bool:
        working = self.scene.work((POINTS | JOINT)[point], moment)
        deadline = time.monotonic() + _PATIENCE
        while working.alive and time.monotonic() < deadline:
            if point in JOINT:
                self.scene.ensure_both()
            else:
                self.scene.ensure_work(revoking=point.startswith("revoking"))
            self.storm.tick()
        if working.sprung:
            self.kills[point] += 1
            return True
        working.kill()
        self.elsewhere += 1
        self.missed.append(f"{point} ({moment}): {self.scene.state()}")
        return False

    def _finish(self) -> Truth:
        working = self.scene.work()
        finished = self.scene.until(lambda: truth.settled(self.scene), seconds=_CALM_SECONDS)
        assert finished, self.scene.state() + self.scene.log()
        working.end()
        return truth.read(self.scene)
