"""SIGKILL at every step at which an anchor and a status change share a transaction: both arrive, once each."""

from __future__ import annotations

import pytest

from tests.faults import truth
from tests.faults.points import MOMENTS, TOGETHER
from tests.faults.scene import Scene

pytestmark = pytest.mark.chain


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("point", TOGETHER)
def test_a_worker_is_killed_at_this_step(scene_with_joint_operator: Scene, point: str, moment: str) -> None:
    scene = scene_with_joint_operator
    working = scene.work(TOGETHER[point], moment)
    assert scene.until(lambda: not working.alive, ensure=scene.ensure_both), scene.state() + scene.log()
    assert working.sprung, scene.log()


def test_afterwards_both_have_arrived_exactly_once(
    scene_with_joint_operator: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = scene_with_joint_operator
    working = scene.work()
    assert scene.until(lambda: truth.settled(scene)), scene.state() + scene.log()
    working.end()
    found = truth.read(scene)
    with capsys.disabled():
        print(f"\n{sum(one.sprung for one in scene.workers)} kills: {found}")
    found.check()
    assert found.pairs == found.epochs >= 3  # nothing went alone, however often a worker was killed
