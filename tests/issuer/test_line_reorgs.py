"""A block that is gone takes its transactions with it: the same bytes go again; nothing is there twice or missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from issuer.store.transactions import Stored, TransactionState
from jikin.anchoring.devchain import AnvilNode
from tests.chain_fixtures import PROJECT, EvmBench
from tests.registry_office import ISSUING, Office, open_office
from tests.sending_desk import SendingDesk, database_in

pytestmark = pytest.mark.chain
FINAL, MINED, REORGED, SENT = (
    TransactionState.FINAL,
    TransactionState.MINED,
    TransactionState.REORGED,
    TransactionState.SENT,
)


class StillAnvil(AnvilNode):
    """Anvil that mines when it is told to, or when a transaction comes, and never by the clock."""

    def start(self) -> None:
        super().start()
        assert self._pulse is not None
        self._pulse.stop()
        self._pulse = None
        self.request("evm_setIntervalMining", 0)
        self.request("evm_setAutomine", True)


@pytest.fixture(scope="module")
def anvil() -> Iterator[StillAnvil]:
    with StillAnvil(PROJECT) as node:
        yield node


@pytest.fixture(scope="module")
def office(anvil: StillAnvil) -> Office:
    return open_office(EvmBench(anvil))  # type: ignore[arg-type]  # a development node as good as Hardhat's


@pytest.fixture
def desk(office: Office, tmp_path: Path) -> Iterator[SendingDesk]:
    database = database_in(tmp_path)
    office.bench.mine(10)  # no reorganisation of a test reaches into another one's blocks
    yield SendingDesk(office, database).mines()
    database.close()


def confirmations(desk: SendingDesk, stored: Stored) -> int:
    mined = desk.office.writer(ISSUING).mined(stored.prepared.hash)
    return 0 if mined is None else mined.confirmations


@pytest.mark.parametrize("depth", range(1, 9))
def test_what_a_reorganisation_takes_while_confirmations_are_waited_for_comes_back_once(
    desk: SendingDesk, anvil: StillAnvil, depth: int, request: pytest.FixtureRequest
) -> None:
    name = request.node.name
    before = desk.anchored()
    desk.confirmations = 9
    struck: list[int] = []

    def strike() -> None:
        stored = desk.only()
        if not struck and confirmations(desk, stored) == depth:
            anvil.reorganise(depth)
            struck.append(confirmations(desk, stored))
            assert desk.slot(name) is None
        else:
            desk.office.bench.mine()

    desk.while_waiting = strike
    view = desk.outbox.carry_out(desk.errand(name))
    assert struck == [0]
    stored, slot = desk.only(), desk.slot(name)
    assert slot is not None
    assert (stored.state, stored.reorgs, len(stored.attempts)) == (FINAL, 1, 1)
    assert stored.block == slot.block
    assert view.block.number - slot.block + 1 >= 9
    assert desk.anchored() == before + 1


@pytest.mark.parametrize("depth", [3, 8])
def test_a_final_transaction_that_a_deeper_reorganisation_takes_is_brought_back_with_all_that_followed_it(
    desk: SendingDesk, anvil: StillAnvil, depth: int, request: pytest.FixtureRequest
) -> None:
    names = [f"{request.node.name} {number}" for number in range(3)]
    before = desk.anchored()
    for name in names:
        desk.confirmations = 1
        desk.outbox.carry_out(desk.errand(name))
    sent = [one.prepared for one in desk.stored()]
    assert [one.state for one in desk.stored()] == [FINAL] * 3
    anvil.reorganise(depth)
    gone = [name for name in names if desk.slot(name) is None]
    assert names[-1] in gone

    desk.confirmations = 2
    desk.outbox.carry_out(desk.errand(names[-1]))  # the last one alone is asked for: those before it go first
    assert all(desk.slot(name) is not None for name in names)
    assert [one.prepared for one in desk.stored()] == sent
    assert [one.reorgs for one in desk.stored()] == [1 if name in gone else 0 for name in names]
    for name in names:
        desk.outbox.carry_out(desk.errand(name))
    assert {one.state for one in desk.stored()} == {FINAL}
    assert desk.anchored() == before + 3


def test_a_reorganisation_in_which_another_program_takes_the_nonce_leads_to_a_new_transaction(
    desk: SendingDesk, anvil: StillAnvil
) -> None:
    before = desk.anchored()
    desk.confirmations = 1
    desk.outbox.carry_out(desk.errand("ours, once"))
    anvil.reorganise(confirmations(desk, desk.only()))
    other = desk.office.writer(ISSUING)
    other.broadcast(other.prepare(desk.office.anchors("theirs, instead")))
    desk.confirmations = 2
    desk.outbox.carry_out(desk.errand("ours, once"))
    first, second = desk.stored()
    assert (first.state, first.reorgs, second.state) == (TransactionState.REPLACED, 1, FINAL)
    assert second.nonce == first.nonce + 1
    assert desk.anchored() == before + 2


def test_a_reorganisation_is_stored_when_it_is_seen_and_the_transaction_is_on_its_way_again(
    desk: SendingDesk, anvil: StillAnvil
) -> None:
    errand = desk.errand("seen")
    desk.outbox.prepare(errand)
    desk.line.tend()
    assert (desk.only().state, desk.only().confirmations) == (MINED, 1)
    anvil.reorganise(1)
    stored, mined = desk.line.look(desk.only())
    assert mined is None
    assert (stored.state, stored.block, stored.confirmations, stored.reorgs) == (REORGED, None, 0, 1)
    assert stored.newest.mined_at is None

    anvil.request("evm_setAutomine", False)
    try:
        desk.line.tend()
        assert desk.only().state is SENT
    finally:
        anvil.request("evm_setAutomine", True)
    desk.outbox.carry_out(errand)
    assert (desk.only().state, desk.only().reorgs) == (FINAL, 1)
