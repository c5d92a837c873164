"""How a transaction gets onto the chain, whatever the chain, other programs and dead processes did to it.

The same on a chain in memory and on a Hardhat node, which enforces the rules of replacement.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from issuer.line import NEVER_SEEN
from issuer.store.transactions import Stored, TransactionState
from jikin.anchoring.acts import Rights, SetOperator
from jikin.anchoring.chain import Fees, Intent, MinedTransaction, PreparedTransaction, RegistryPins, RegistryWriter
from jikin.anchoring.devchain import HardhatNode
from jikin.errors import ChainUnavailableError, OfficeError, RegistryError, RegistryRefusedError
from jikin.values import Address, Digest
from tests.chain_fixtures import EvmBench, MemoryBench, deployed, undone
from tests.registry_office import ISSUING, OWNER, YEAR, open_office
from tests.sending_desk import SendingDesk, database_in

QUEUED, SIGNED, SENT = TransactionState.QUEUED, TransactionState.SIGNED, TransactionState.SENT
MINED, FINAL, REPLACED = TransactionState.MINED, TransactionState.FINAL, TransactionState.REPLACED


@pytest.fixture(scope="module")
def registry(hardhat: HardhatNode) -> RegistryPins:
    return deployed(hardhat)


@pytest.fixture(params=["memory", pytest.param("evm", marks=pytest.mark.chain)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SendingDesk]:
    database = database_in(tmp_path)
    if request.param == "memory":
        yield SendingDesk(open_office(MemoryBench()), database).mines()
    else:
        node, pins = request.getfixturevalue("hardhat"), request.getfixturevalue("registry")
        with undone(node):
            yield SendingDesk(open_office(EvmBench(node, pins)), database).mines()
    database.close()


def held_back(desk: SendingDesk) -> SendingDesk:
    """Mine nothing from now on but what the test mines."""
    desk.office.bench.hold_back()
    desk.while_waiting = lambda: None
    return desk


def fees(stored: Stored) -> list[Fees]:
    found = [attempt.fees for attempt in stored.attempts]
    assert None not in found
    return [one for one in found if one is not None]


class Door:
    """A writer in whose way a test stands: *lost* transactions are taken and dropped, *cut* ones never arrive."""

    def __init__(self, writer: RegistryWriter) -> None:
        self.inner = writer
        self.lost = False
        self.cut = False
        self.sent = 0

    @property
    def account(self) -> Address:
        return self.inner.account

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def broadcast(self, transaction: PreparedTransaction) -> None:
        self.sent += 1
        if self.cut:
            raise ChainUnavailableError("the line was cut")
        if not self.lost:
            self.inner.broadcast(transaction)


def door(desk: SendingDesk) -> Door:
    made = Door(desk.office.writer(ISSUING))
    desk.writer = made  # type: ignore[assignment]  # the rest is the real one's
    return made


# ----------------------------------------------------------------------------------------------------------- its states


def test_each_state_is_stored_before_the_next_step_is_taken(desk: SendingDesk) -> None:
    first = desk.queue("one")
    assert (first.state, first.attempts, first.block) == (QUEUED, (), None)
    assert first.intent is not None
    signed = desk.line.signed(first)
    assert (signed.state, len(signed.attempts), signed.newest.sent_at) == (SIGNED, 1, None)
    assert signed.prepared.nonce == first.nonce
    assert desk.slot("one") is None

    held_back(desk)
    desk.line.tend()
    sent = desk.only()
    assert (sent.state, sent.prepared) == (SENT, signed.prepared)
    assert sent.newest.sent_at is not None
    desk.line.tend()
    assert desk.only().newest.seen_at is not None

    desk.office.bench.mine()
    desk.line.tend()
    mined = desk.only()
    slot = desk.slot("one")
    assert slot is not None
    assert (mined.state, mined.confirmations, mined.block) == (MINED, 1, slot.block)
    assert mined.newest.mined_at == slot.time
    desk.office.bench.mine()
    desk.line.tend()
    final = desk.only()
    assert (final.state, final.confirmations, final.block) == (FINAL, 2, slot.block)
    if isinstance(desk.office.bench, EvmBench):
        assert final.newest.paid_wei is not None
        assert 20_000 * 10**9 < final.newest.paid_wei <= 60_000 * fees(final)[0].highest_wei


def test_what_is_signed_is_what_was_stored_before(desk: SendingDesk) -> None:
    queued = desk.queue("one")
    assert queued.intent == desk.outbox.writer.plan(desk.office.anchors("one"))
    signed = desk.line.signed(queued)
    again = desk.outbox.writer.sign(queued.intent, queued.nonce, fees(signed)[0])
    assert again == signed.prepared  # the same bytes, whoever signs them


# ---------------------------------------------------------------------------------------------------------------- stuck


def test_what_waits_too_long_is_sent_again_with_fees_a_tenth_higher_until_it_is_mined(desk: SendingDesk) -> None:
    held_back(desk)
    begun = desk.clock.now

    def mine_later() -> None:
        if desk.clock.now >= begun + 110:
            desk.office.bench.mine()

    desk.while_waiting = mine_later
    desk.outbox.carry_out(desk.errand("stuck"))
    stored = desk.only()
    assert stored.state is FINAL
    assert [attempt.signed_at - begun for attempt in stored.attempts] == [0, 48, 96]
    for before, after in pairwise(fees(stored)):
        assert 10 * after.highest_wei >= 11 * before.highest_wei
        assert 10 * after.tip_wei >= 11 * before.tip_wei
    assert {attempt.prepared.nonce for attempt in stored.attempts} == {stored.nonce}
    assert [attempt.mined_at is not None for attempt in stored.attempts] == [False, False, True]
    assert desk.anchored() == 1


def test_an_earlier_attempt_that_is_mined_after_all_is_found(desk: SendingDesk) -> None:
    held_back(desk)
    way = door(desk)
    errand = desk.errand("late")
    desk.outbox.prepare(errand)
    desk.line.tend()
    desk.line.tend()
    desk.clock.now += 48
    way.cut = True
    with pytest.raises(ChainUnavailableError):
        desk.line.tend()  # signed with higher fees, stored, and then the line was cut
    assert len(desk.only().attempts) == 2
    desk.office.bench.mine()
    way.cut = False
    desk.mines().outbox.carry_out(errand)
    stored = desk.only()
    assert stored.state is FINAL
    assert [attempt.mined_at is not None for attempt in stored.attempts] == [True, False]
    assert desk.anchored() == 1


def test_fees_are_raised_to_five_times_the_suggestion_and_no_further(desk: SendingDesk) -> None:
    held_back(desk)
    desk.outbox.prepare(desk.errand("dear"))
    suggested = desk.outbox.writer.fees()
    for _ in range(19):
        desk.line.tend()
        desk.clock.now += 48
    stored = desk.only()
    assert stored.error_code == "registry.fee-cap"
    last = fees(stored)[-1].highest_wei
    assert 4 * suggested.highest_wei < last <= 5 * suggested.highest_wei
    assert len(stored.attempts) == 17  # 1.1^16 is 4.6
    desk.office.bench.mine(2)
    desk.outbox.carry_out(desk.errand("dear"))
    assert desk.only().state is FINAL
    assert desk.only().error_code is None


def test_what_the_chain_takes_and_never_has_stops_the_job_and_the_same_bytes_go_again(desk: SendingDesk) -> None:
    way = door(desk)
    way.lost = True
    begun = desk.clock.now
    with pytest.raises(ChainUnavailableError) as caught:
        desk.outbox.carry_out(desk.errand("lost"))
    assert caught.value.code == NEVER_SEEN == "chain.never-seen"
    assert 120 <= desk.clock.now - begun <= 132
    assert (desk.only().state, desk.only().error_code) == (SENT, NEVER_SEEN)
    assert len(desk.only().attempts) == 1  # nobody pays more for what nobody has seen

    before, way.lost = desk.only().prepared, False
    desk.outbox.carry_out(desk.errand("lost"))
    assert (desk.only().state, desk.only().prepared) == (FINAL, before)


def test_a_pool_that_forgets_is_sent_the_same_bytes_again(desk: SendingDesk) -> None:
    held_back(desk)
    way = door(desk)
    errand = desk.errand("forgotten")
    desk.outbox.prepare(errand)
    desk.line.tend()
    desk.line.tend()
    assert (way.sent, desk.only().newest.seen_at is not None) == (1, True)
    if isinstance(desk.office.bench, EvmBench):
        assert desk.office.bench.node.request("hardhat_dropTransaction", desk.only().prepared.hash.hex()) is True
    else:
        desk.office.bench.chain._pool.waiting.clear()  # type: ignore[attr-defined]
    desk.line.tend()
    assert way.sent == 2
    desk.office.bench.mine(2)
    desk.outbox.carry_out(errand)
    assert len(desk.only().attempts) == 1


# --------------------------------------------------------------------------------------------------------------- nonces


def test_a_nonce_that_another_program_used_is_given_up_after_three_looks_and_the_act_goes_anew(
    desk: SendingDesk,
) -> None:
    errand = desk.errand("ours")
    desk.outbox.prepare(errand)
    other = desk.office.writer(ISSUING)
    other.broadcast(other.prepare(desk.office.anchors("theirs")))
    desk.office.bench.mine()
    for looks in (1, 2):
        desk.line.tend()
        assert (desk.only().looks, desk.only().state, desk.only().error_code) == (looks, SIGNED, "registry.nonce-used")
    desk.outbox.carry_out(errand)
    first, second = desk.stored()
    assert (first.state, second.state) == (REPLACED, FINAL)
    assert second.nonce == first.nonce + 1
    assert desk.anchored() == 2


def test_a_node_that_is_behind_makes_nobody_give_a_nonce_up(desk: SendingDesk) -> None:
    held_back(desk)
    errand = desk.errand("hidden")
    desk.outbox.prepare(errand)
    desk.line.tend()
    desk.office.bench.mine()
    hidden = _Hiding(desk.office.writer(ISSUING))
    behind = desk.again(writer=hidden)
    behind.line.tend()
    behind.line.tend()
    assert behind.only().looks == 2
    desk.line.tend()
    assert (desk.only().state, desk.only().looks) == (MINED, 0)


class _Hiding(Door):
    """A node whose receipts come late."""

    def mined(self, transaction_hash: Digest) -> MinedTransaction | None:
        return None


def test_another_programs_transaction_that_waits_under_our_nonce_is_outbid(desk: SendingDesk) -> None:
    errand = desk.errand("ours")
    desk.outbox.prepare(errand)
    held_back(desk)
    other = desk.office.writer(ISSUING)
    other.broadcast(other.prepare(desk.office.anchors("theirs")))
    desk.line.tend()
    assert (desk.only().state, desk.only().error_code) == (SENT, "registry.underpriced")
    desk.clock.now += 48
    desk.line.tend()
    desk.office.bench.mine(2)
    desk.outbox.carry_out(errand)
    assert (desk.only().state, len(desk.only().attempts)) == (FINAL, 2)
    assert desk.slot("theirs") is None


def test_what_a_dead_process_has_queued_or_signed_is_sent_by_the_next_one_in_its_turn(desk: SendingDesk) -> None:
    queued = desk.queue("first")
    signed = desk.line.signed(desk.queue("second"))
    desk.outbox.carry_out(desk.errand("third"))
    nonces = [one.nonce for one in desk.stored()]
    assert nonces == [queued.nonce, queued.nonce + 1, queued.nonce + 2]
    assert signed.prepared == desk.stored()[1].prepared
    assert all(desk.slot(name) is not None for name in ("first", "second", "third"))
    assert desk.anchored() == 3


def test_a_nonce_that_nobody_holds_is_filled_after_three_looks(desk: SendingDesk) -> None:
    left = desk.queue("left")
    above = desk.queue("above")
    assert desk.line.give_up(left).state is REPLACED  # before it was sent: nobody will ever use its nonce
    for looks in (1, 2):
        desk.line.tend()
        assert desk.stored()[1].looks == looks
    desk.outbox.carry_out(desk.errand("above"))
    _, second, filler = desk.stored()
    assert (second.state, second.nonce) == (FINAL, above.nonce)
    assert filler.purpose.act == f"FillNonce {desk.office.account(ISSUING)} {left.nonce}"
    assert filler.nonce == left.nonce
    assert filler.intent is not None
    assert (filler.intent.to, filler.intent.data) == (desk.office.account(ISSUING), b"")
    assert filler.state in (MINED, FINAL)
    assert (desk.anchored(), desk.slot("left")) == (1, None)


def test_a_place_given_up_at_the_end_of_the_line_is_taken_by_the_next_one(desk: SendingDesk) -> None:
    left = desk.queue("left")
    desk.line.give_up(left)
    assert desk.queue("next").nonce == left.nonce


def test_a_hole_that_another_programs_transaction_fills_is_none(desk: SendingDesk) -> None:
    held_back(desk)
    other = desk.office.writer(ISSUING)
    other.broadcast(other.prepare(desk.office.anchors("theirs")))
    ours = desk.queue("ours")
    assert ours.nonce == other.counts().waiting
    for _ in range(5):
        desk.line.tend()
    assert [one.purpose.act for one in desk.stored()] == ["AnchorRoot ours"]


def test_a_node_that_counts_far_too_many_is_not_followed(desk: SendingDesk) -> None:
    counts = desk.outbox.writer.counts()
    desk.writer = _Counting(desk.office.writer(ISSUING), counts.mined + 101)  # type: ignore[assignment]
    with pytest.raises(RegistryError) as caught:
        desk.outbox.prepare(desk.errand("one"))
    assert caught.value.code == "registry.nonce-gap"
    assert desk.stored() == []


class _Counting(Door):
    """A node that says how many wait."""

    def __init__(self, writer: RegistryWriter, waiting: int) -> None:
        super().__init__(writer)
        self.waiting = waiting

    def counts(self) -> object:
        from jikin.anchoring.chain import Counts

        return Counts(self.inner.counts().mined, self.waiting)


# -------------------------------------------------------------------------------------------------------------- refused


def test_what_was_refused_when_it_was_mined_says_why_and_goes_anew_when_it_is_allowed_again(desk: SendingDesk) -> None:
    office = desk.office
    errand = desk.errand("refused")
    desk.outbox.prepare(errand)
    office.does(OWNER, SetOperator(office.id, office.account(ISSUING), office.now() + YEAR, Rights.NONE))
    with pytest.raises(RegistryRefusedError):
        desk.outbox.carry_out(errand)
    assert desk.only().state is TransactionState.REVERTED
    office.does(OWNER, SetOperator(office.id, office.account(ISSUING), office.now() + YEAR, Rights.ISSUE))
    desk.outbox.carry_out(errand)
    assert [one.state for one in desk.stored()] == [TransactionState.REVERTED, FINAL]


def test_what_another_one_brought_there_is_done_and_an_unsent_transaction_is_given_up(desk: SendingDesk) -> None:
    errand = desk.errand("twice")
    desk.outbox.prepare(errand)
    office = desk.office
    act = SetOperator(office.id, office.account(OWNER), office.now() + YEAR, Rights.ISSUE)
    office.does(OWNER, act)
    office.does(OWNER, office.anchors("twice"))
    desk.outbox.carry_out(errand)
    assert desk.only().state is REPLACED
    given_up = desk.only().nonce
    assert desk.queue("next").nonce == given_up


def test_without_an_end_the_job_is_put_aside_and_goes_on_later(desk: SendingDesk) -> None:
    held_back(desk)
    with pytest.raises(OfficeError) as caught:
        desk.outbox.carry_out(desk.errand("patience"))
    assert caught.value.code == "office.chain-waits"
    desk.office.bench.mine(2)
    desk.outbox.carry_out(desk.errand("patience"))
    assert desk.only().state is FINAL


# --------------------------------------------------------------------------------------------------------------- limits


def test_more_than_the_account_may_pay_is_never_signed(desk: SendingDesk) -> None:
    if not isinstance(desk.office.bench, EvmBench):
        pytest.skip("nothing is paid in memory")
    from jikin.anchoring.evm import EvmWriter

    bench = desk.office.bench
    frugal = EvmWriter(bench.evm, bench.node.accounts[ISSUING], most_wei=10**9)
    assert frugal.fees().highest_wei == 10**9
    with pytest.raises(RegistryError) as caught:
        frugal.sign(Intent(frugal.account, b"", 21_000), 0, Fees(10**9 + 1, 1))
    assert caught.value.code == "registry.fee-cap"
    held_back(desk).again(writer=frugal).outbox.prepare(desk.errand("frugal"))
    for _ in range(3):
        desk.again(writer=frugal).line.tend()
        desk.clock.now += 48
    assert [one.highest_wei for one in fees(desk.only())] == [10**9]
    assert desk.only().error_code == "registry.fee-cap"
