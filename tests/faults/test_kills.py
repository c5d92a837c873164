"""SIGKILL at every persisted step of issuing and revoking, in the moment before and in the moment after it is durable.

The worker is the issuer's own, in a process of its own, on a real database and a real chain. Each test kills one and
leaves the work where it was; the next one goes on from there. The last tests let a worker finish, and look at
everything.
"""

from __future__ import annotations

from functools import partial

import pytest

from tests.faults import truth
from tests.faults.points import MOMENTS, POINTS
from tests.faults.scene import Scene

pytestmark = pytest.mark.chain
# On PostgreSQL every third step, and the two moments in turn; `make faults` kills there at every one.
IN_TURNS = [(point, MOMENTS[number % 2]) for number, point in enumerate(list(POINTS)[::3])]


def kill_at(scene: Scene, point: str, moment: str) -> None:
    working = scene.work(POINTS[point], moment)
    ensure = partial(scene.ensure_work, revoking=point.startswith("revoking"))
    assert scene.until(lambda: not working.alive, ensure=ensure), scene.log()
    assert working.sprung, scene.log()


def let_finish(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    working = scene.work()
    assert scene.until(lambda: truth.settled(scene)), scene.log()
    working.end()
    found = truth.read(scene)
    with capsys.disabled():
        print(f"\n{sum(one.sprung for one in scene.workers)} kills: {found}")
    found.check()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_is_killed_at_this_step(scene: Scene, point: str, moment: str) -> None:
    kill_at(scene, point, moment)


def test_afterwards_everything_is_issued_and_revoked_exactly_once(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    let_finish(scene, capsys)


@pytest.mark.postgres
@pytest.mark.parametrize(("point", "moment"), IN_TURNS)
def test_a_worker_on_postgresql_is_killed_at_this_step_and_the_next_one_takes_over(
    scene_on_postgresql: Scene, point: str, moment: str
) -> None:
    kill_at(scene_on_postgresql, point, moment)


@pytest.mark.postgres
def test_afterwards_everything_is_issued_and_revoked_exactly_once_on_postgresql(
    scene_on_postgresql: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    let_finish(scene_on_postgresql, capsys)
