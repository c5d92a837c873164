"""The faults are found: a scene in which something is wrong says so."""

from __future__ import annotations

import pytest

from tests.faults import truth
from tests.faults.scene import Scene

pytestmark = pytest.mark.chain


def test_a_worker_that_waits_for_too_few_confirmations_is_caught(scene: Scene) -> None:
    scene.accept(1)
    scene.tempting_seconds = 20.0
    working = scene.work(JIKIN_CONFIRMATIONS="1")
    assert scene.until(lambda: not scene.unfinished()), scene.log()
    scene.judge_releases()
    working.kill()
    assert len(scene.early) == 1
    found = truth.read(scene)
    assert found.released_early == 1
    with pytest.raises(AssertionError, match="released_early: 1"):
        found.check()


def test_a_certificate_that_was_never_made_is_missed(scene: Scene) -> None:
    scene.accepted += 1
    assert "lost: 1" in str(truth.read(scene).wrong())
    scene.accepted -= 1


def test_an_anchor_that_is_gone_is_missed(scene: Scene) -> None:
    scene.node.mine(2)
    scene.node.request("anvil_reorg", 8, [])
    found = truth.read(scene)
    assert found.anchors < found.batches
    assert found.verdicts_wrong == 1
    assert "0 anchors for 1 trees" in str(found.wrong())
