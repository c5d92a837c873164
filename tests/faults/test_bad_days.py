"""What docs/playbooks.md says of bad days happens: a chain that stands still, and a reorganisation nobody expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from issuer import reanchoring
from issuer.checking import Checker
from issuer.releasing import issued
from issuer.store import batches
from issuer.store.batches import Batch, BatchState
from jikin.values import CertificateNumber
from tests.faults import truth
from tests.faults.scene import Scene, opened

pytestmark = pytest.mark.chain
SETTLED = 5


@pytest.fixture
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with opened(tmp_path_factory.mktemp("scene"), JIKIN_SETTLE_BLOCKS=str(SETTLED)) as made:
        yield made


def issued_by(scene: Scene) -> Batch:
    """Have a worker issue a list, and return its batch when nobody looks at it any more."""
    batch = scene.accept(3)
    working = scene.work()
    assert scene.until(lambda: truth.settled(scene)), scene.state() + scene.log()
    working.end()
    return stored(scene, batch)


def stored(scene: Scene, batch: Batch) -> Batch:
    with scene.office.database.read() as connection:
        return batches.by_id(connection, batch.id)


def numbers(scene: Scene, batch: Batch) -> list[CertificateNumber]:
    with scene.office.database.read() as connection:
        return [CertificateNumber(one.number) for one in batches.credentials_of(connection, batch.id)]


def objections(scene: Scene, batch: Batch, *, later: int = 0) -> set[str]:
    """Return what a stranger objects to the certificates of *batch* so many seconds from now."""
    checker = Checker.of(scene.office, scene.bureau.institution)
    checker = replace(checker, clock=lambda: scene.office.clock() + later)
    with scene.office.database.read() as connection:
        found = batches.credentials_of(connection, batch.id)
    ready = issued(scene.office, scene.bureau.institution, batch, found)
    return {code for one in ready for code in checker.objections(one.document)}


def test_while_the_chain_stands_still_nothing_is_released_or_lost_and_afterwards_it_goes_on(scene: Scene) -> None:
    first = issued_by(scene)
    waiting = scene.accept(2)
    scene.revoke(numbers(scene, first)[0])
    scene.work()
    block = scene.office.chain.registry.view().block.number
    assert not truth.wait(lambda: not scene.unfinished() or not scene.undone(), seconds=6.0)  # no block is mined
    assert scene.office.chain.registry.view().block.number == block
    assert stored(scene, waiting).state is not BatchState.RELEASED
    assert objections(scene, first, later=16 * 60) == {"status.stale"}  # cannot be told; never valid, never forged
    assert objections(scene, first) == set()  # the revocation does not count before it is published

    assert scene.until(lambda: truth.settled(scene)), scene.state() + scene.log()
    truth.read(scene).check()
    assert objections(scene, first) == {"status.revoked"}


def test_what_a_reorganisation_deeper_than_anybody_looks_takes_away_is_brought_again_when_asked_for(
    scene: Scene,
) -> None:
    batch = issued_by(scene)
    scene.revoke(numbers(scene, batch)[0])
    working = scene.work()
    assert scene.until(lambda: truth.settled(scene)), scene.state() + scene.log()
    working.end()
    deep = scene.office.chain.registry.view().block.number - (stored(scene, batch).anchored_block or 0) + 1
    assert deep > SETTLED
    scene.node.request("anvil_reorg", deep, [])
    scene.node.mine()

    assert reanchoring.look_again(scene.office) == 0  # it had settled
    assert objections(scene, batch) == {"anchor.absent"}
    assert reanchoring.look_back(scene.office, 0) == 2
    scene.work()
    assert scene.until(lambda: truth.settled(scene)), scene.state() + scene.log()
    truth.read(scene).check()
    again = stored(scene, batch)
    assert again.root == batch.root
    assert objections(scene, again) == {"status.revoked"}
