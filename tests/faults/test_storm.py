"""Workers are killed while node, chain and clock misbehave as well: nothing is doubled, early, or lost."""

from __future__ import annotations

import pytest

from tests.faults.campaign import Campaign, schedule
from tests.faults.points import POINTS
from tests.faults.scene import Scene
from tests.faults.storm import Storm

pytestmark = pytest.mark.chain
SEED = 20_261_130  # what goes wrong and when, again and again the same
STEPS = (
    "issuing: some are signed",
    "issuing: the transaction is signed",
    "issuing: the transaction is sent",
    "issuing: all are verified",
    "issuing: the batch is released",
    "revoking: the epoch is stored",
    "revoking: the transaction is sent",
    "revoking: the epoch is published",
)


def test_everything_is_issued_and_revoked_exactly_once_in_a_storm(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    assert set(STEPS) <= set(POINTS)
    storm = Storm(scene, SEED, chance=0.1)
    campaign = Campaign(scene, storm)
    found = campaign.run(schedule(SEED, 1, STEPS))
    with capsys.disabled():
        print(f"\nseed {SEED}: {sum(campaign.kills.values())} kills, {dict(sorted(storm.counts.items()))}: {found}")
    found.check()
    assert sum(campaign.kills.values()) + campaign.elsewhere >= len(STEPS)
    assert sum(storm.counts[f"reorganisations of {depth}"] for depth in range(1, 9)) >= 1
