"""What the in-memory chain has beyond the behaviour it shares with the contract: its clock, its breakages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.anchoring.acts import (
    AddKey,
    AnchorRoot,
    LeafKind,
    OpenStatusList,
    PublishStatus,
    RegisterIssuer,
    Rights,
    SetOperator,
)
from jikin.anchoring.calls import act_of, call_of
from jikin.anchoring.chain import PreparedTransaction, RegistryView
from jikin.anchoring.memory import ACCOUNTS, MemoryChain
from jikin.errors import ChainUnavailableError, RegistryError, RegistryRefusedError, ValueRefusedError
from jikin.values import Address, Did, Digest, IssuerId, KeyId, ListId, sha256
from tests.chain_fixtures import MemoryBench, send
from tests.registry_office import ISSUING, LIST, OWNER, REVOKING, Office, open_office, register, root


@pytest.fixture
def office() -> Office:
    return open_office(MemoryBench())


def chain_of(office: Office) -> MemoryChain:
    assert isinstance(office.bench, MemoryBench)
    return office.bench.chain


class Clock:
    now = 1_780_000_000

    def __call__(self) -> int:
        return self.now


def test_block_times_follow_the_clock_and_never_fall() -> None:
    clock = Clock()
    chain = MemoryChain(clock)
    chain.mine()
    clock.now += 500
    chain.mine()
    assert chain.view().block.time == clock.now
    clock.now -= 1000
    chain.mine()
    assert chain.view().block.time == clock.now + 1000


def test_a_chain_with_an_interval_stays_fresh_and_one_without_grows_old() -> None:
    clock = Clock()
    fresh, old = MemoryChain(clock, interval=1), MemoryChain(clock)
    clock.now += 3600
    assert fresh.view().block.time == clock.now
    assert old.view().block.time == clock.now - 3600


def test_two_chains_have_different_blocks_and_the_same_chain_does_not() -> None:
    clock = Clock()
    assert MemoryChain(clock).pins == MemoryChain(clock).pins
    assert MemoryChain(clock).pins.genesis != MemoryChain(clock, name="another").pins.genesis


QUESTIONS: dict[str, Callable[[RegistryView, IssuerId], object]] = {
    "issuers": lambda view, _issuer: view.issuers(),
    "issuer": lambda view, issuer: view.issuer(issuer),
    "approved profile": lambda view, issuer: view.approved_profile(issuer),
    "operator": lambda view, issuer: view.operator(issuer, ACCOUNTS[1]),
    "key window": lambda view, issuer: view.key_window(issuer, KeyId(bytes(32))),
    "anchor": lambda view, issuer: view.anchor(issuer, root("batch")),
    "status heads": lambda view, issuer: view.status_heads(issuer, [LIST]),
    "status history": lambda view, issuer: view.status_history(issuer, LIST),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_a_silent_chain_answers_no_question_and_then_again(
    office: Office, question: Callable[[RegistryView, IssuerId], object]
) -> None:
    view = office.view()
    before = question(view, office.id)
    chain_of(office).reachable = False
    with pytest.raises(ChainUnavailableError):
        question(view, office.id)
    chain_of(office).reachable = True
    assert question(view, office.id) == before


def test_a_silent_chain_takes_and_tells_nothing(office: Office) -> None:
    writer = office.writer(ISSUING)
    transaction = writer.prepare(office.anchors())
    chain_of(office).reachable = False
    with pytest.raises(ChainUnavailableError):
        writer.prepare(office.anchors())
    with pytest.raises(ChainUnavailableError):
        writer.broadcast(transaction)
    with pytest.raises(ChainUnavailableError):
        writer.mined(transaction.hash)
    chain_of(office).reachable = True
    assert writer.mined(transaction.hash) is None


def test_a_reorganisation_takes_back_what_its_blocks_did(office: Office) -> None:
    office.does(ISSUING, office.opens())
    writer = office.writer(ISSUING)
    anchored = writer.prepare(office.anchors())
    writer.broadcast(anchored)
    office.does(REVOKING, office.publishes(bytes.fromhex("000005")))
    register(office.bench, Did("did:web:late.example"), OWNER)
    before = office.view().block
    chain_of(office).reorganise(3)
    assert office.view().anchor(office.id, root("batch")) is None
    assert office.head().epoch == 0
    assert office.view().issuers() == (office.did,)
    assert writer.mined(anchored.hash) is None
    writer.broadcast(anchored)  # the same bytes are good again
    mined = writer.mined(anchored.hash)
    assert mined is not None
    assert mined.succeeded
    chain_of(office).mine(2)
    assert office.view().block.number == before.number
    assert office.view().block.hash != before.hash


@pytest.mark.parametrize("depth", [0, -1, 1000])
def test_a_reorganisation_never_takes_the_registry_itself(office: Office, depth: int) -> None:
    with pytest.raises(ValueRefusedError):
        chain_of(office).reorganise(depth)


def test_a_transaction_ahead_of_its_turn_waits_for_it(office: Office) -> None:
    writer = office.writer(ISSUING)
    chain = chain_of(office)
    first = writer.prepare(office.anchors("first"))
    writer.broadcast(first)
    second = writer.prepare(office.anchors("second"))
    chain.reorganise(1)
    writer.broadcast(second)
    assert writer.mined(second.hash) is None
    writer.broadcast(first)
    for transaction in (first, second):
        mined = writer.mined(transaction.hash)
        assert mined is not None
        assert mined.succeeded


def test_a_refused_act_leaves_no_trace(office: Office) -> None:
    before = office.view()
    with pytest.raises(RegistryRefusedError):
        office.writer(ISSUING).prepare(AnchorRoot(office.id, root("batch"), 64, LeafKind.FILLER))
    operator = office.view().operator(office.id, office.account(ISSUING))
    assert operator is not None
    assert operator.sequence == 0
    assert office.view().block == before.block


@given(st.binary(max_size=200))
def test_bytes_that_are_no_transaction_are_refused(raw: bytes) -> None:
    chain = MemoryChain(Clock())
    with pytest.raises((ValueRefusedError, RegistryError)):
        chain.writer(ACCOUNTS[0]).broadcast(PreparedTransaction(raw, Digest(sha256(raw)), 0))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
words = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, (1 << 40) - 1)
accounts = st.binary(min_size=20, max_size=20).map(Address)
acts = st.one_of(
    st.builds(RegisterIssuer, texts, accounts, numbers, numbers),
    st.builds(SetOperator, words.map(IssuerId), accounts, numbers, st.integers(0, 255).map(Rights)),
    st.builds(AddKey, words.map(IssuerId), texts),
    st.builds(AnchorRoot, words.map(IssuerId), words.map(Digest), st.integers(0, 1 << 31), st.sampled_from(LeafKind)),
    st.builds(OpenStatusList, words.map(IssuerId), words.map(ListId), st.integers(0, 255), words.map(Digest)),
    st.builds(PublishStatus, words.map(IssuerId), words.map(ListId), words.map(Digest), words.map(Digest), st.binary()),
)


@given(acts)
def test_a_call_reads_back_as_the_act_it_was(act: AddKey) -> None:
    call = call_of(act)
    assert act_of(call.function, call.values) == act


def test_many_acts_stay_fast(office: Office) -> None:
    for number in range(300):
        send(office.writer(ISSUING), office.anchors(f"batch {number}"))
    operator = office.view().operator(office.id, office.account(ISSUING))
    assert operator is not None
    assert operator.sequence == 300
