"""Views hold as of one block, transactions happen once, and a silent chain is never an answer. On both chains."""

from __future__ import annotations

import pytest

from jikin.anchoring.acts import AddKey, SetAnchorsAll
from jikin.anchoring.chain import PreparedTransaction
from jikin.anchoring.changes import Change, pack
from jikin.errors import ChainUnavailableError, RegistryError
from jikin.values import KeyId
from tests.chain_fixtures import Bench, send
from tests.registry_office import (
    ACCREDITOR,
    ISSUING,
    LIST,
    OWNER,
    REVOKING,
    open_office,
    register,
    root,
)


def test_a_view_stays_as_it_was(bench: Bench) -> None:
    office = open_office(bench)
    office.does(ISSUING, office.opens())
    old = office.view()
    office.does(ISSUING, office.anchors())
    office.does(OWNER, AddKey(office.id, "z6MkKey"))
    office.does(ACCREDITOR, SetAnchorsAll(office.id))
    office.does(REVOKING, office.publishes(pack([Change(1, 1)])))
    new = office.view()
    assert new.block.number >= old.block.number + 4
    assert new.block.time >= old.block.time
    for view, later in ((old, False), (new, True)):
        record = view.issuer(office.id)
        assert record is not None
        assert record.anchors_all is later
        assert (view.anchor(office.id, root("batch")) is not None) is later
        assert (view.key_window(office.id, KeyId.of("z6MkKey")) is not None) is later
        (head,) = view.status_heads(office.id, [LIST])
        history = view.status_history(office.id, LIST)
        assert head is not None
        assert history is not None
        assert head.epoch == len(history.epochs) == int(later)
        operator = view.operator(office.id, office.account(ISSUING))
        assert operator is not None
        assert operator.sequence == int(later)


def test_views_name_the_registry(bench: Bench) -> None:
    assert bench.registry.view().pins == bench.registry.pins


def test_the_same_bytes_can_be_sent_again(bench: Bench) -> None:
    office = open_office(bench)
    writer = office.writer(ISSUING)
    transaction = writer.prepare(office.anchors())
    assert writer.mined(transaction.hash) is None
    for _ in range(3):
        writer.broadcast(transaction)
    mined = writer.mined(transaction.hash)
    assert mined is not None
    assert mined.succeeded
    operator = office.view().operator(office.id, writer.account)
    assert operator is not None
    assert operator.sequence == 1
    # What was stored is enough: the object may be another one after a restart.
    writer.broadcast(PreparedTransaction(transaction.raw, transaction.hash, transaction.nonce))


def test_preparing_writes_nothing(bench: Bench) -> None:
    office = open_office(bench)
    writer = office.writer(ISSUING)
    first, second = writer.prepare(office.anchors()), writer.prepare(office.anchors())
    assert first.nonce == second.nonce
    assert office.view().anchor(office.id, root("batch")) is None


def test_confirmations_count_the_block_itself_first(bench: Bench) -> None:
    office = open_office(bench)
    writer = office.writer(ISSUING)
    transaction = writer.prepare(office.anchors())
    writer.broadcast(transaction)
    first = writer.mined(transaction.hash)
    assert first is not None
    bench.mine(2)
    second = writer.mined(transaction.hash)
    assert second is not None
    assert first.confirmations >= 1
    assert second.confirmations >= first.confirmations + 2
    assert second.block == first.block


def test_the_loser_of_a_race_spent_its_nonce(bench: Bench) -> None:
    office = open_office(bench)
    office.does(ISSUING, office.opens())
    winner, loser = office.writer(REVOKING), office.writer(REVOKING + 1)  # the latter may only suspend
    first = winner.prepare(office.publishes(pack([Change(1, 1)])))
    second = loser.prepare(office.publishes(pack([Change(2, 2)])))
    winner.broadcast(first)
    loser.broadcast(second)
    won, lost = winner.mined(first.hash), loser.mined(second.hash)
    assert won is not None
    assert lost is not None
    assert (won.succeeded, lost.succeeded) == (True, False)
    assert office.head().epoch == 1
    again = loser.prepare(office.publishes(pack([Change(2, 2)])))
    assert again.nonce == second.nonce + 1


def test_bytes_whose_nonce_another_transaction_used_are_refused(bench: Bench) -> None:
    office = open_office(bench)
    writer = office.writer(ISSUING)
    first, second = writer.prepare(office.anchors("first")), writer.prepare(office.anchors("second"))
    writer.broadcast(first)
    with pytest.raises(RegistryError) as refused:
        writer.broadcast(second)
    assert refused.value.code == "registry.nonce-used"
    assert writer.mined(second.hash) is None
    send(writer, office.anchors("second"))


def test_a_transaction_waits_for_its_block_and_is_not_pushed_out(bench: Bench) -> None:
    office = open_office(bench)
    writer = office.writer(ISSUING)
    waiting, rival = writer.prepare(office.anchors()), writer.prepare(office.anchors("rival"))
    bench.hold_back()
    writer.broadcast(waiting)
    assert writer.mined(waiting.hash) is None
    with pytest.raises(RegistryError) as refused:
        writer.broadcast(rival)
    assert refused.value.code == "registry.underpriced"
    bench.mine()
    mined = writer.mined(waiting.hash)
    assert mined is not None
    assert mined.succeeded
    with pytest.raises(RegistryError) as refused:
        writer.broadcast(rival)
    assert refused.value.code == "registry.nonce-used"


def test_a_transaction_nobody_sent_is_not_mined(bench: Bench) -> None:
    assert bench.writer(ISSUING).mined(root("no transaction")) is None


def test_a_silent_chain_is_no_answer(bench: Bench) -> None:
    office = register(bench)
    writer = office.writer(OWNER)
    transaction = writer.prepare(AddKey(office.id, "z6MkKey"))
    registry = bench.unreachable()
    with pytest.raises(ChainUnavailableError):
        registry.view()
    assert transaction.raw
