"""Every event of a registry, read whole: the twin tells the same ones as the contract, in the same order."""

from __future__ import annotations

import pytest

from jikin.anchoring.acts import AnchorAndPublish, Rights, SetOperator
from jikin.anchoring.changes import Change, pack
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.events import AnchoredEvent, EpochEvent, EventLog, OpenedEvent, OperatorEvent
from jikin.errors import ChainUnavailableError
from tests.chain_fixtures import Bench, EvmBench, undone
from tests.registry_office import ISSUING, LIST, OWNER, REVOKING, RIGHTS, open_office, root


def read(bench: Bench) -> EventLog:
    return bench.registry.event_log()  # type: ignore[attr-defined, no-any-return]  # both kinds are sources of events


def test_every_act_that_counts_in_an_audit_is_told_once_and_in_order(bench: Bench) -> None:
    office = open_office(bench)
    office.does(ISSUING, office.opens())
    office.does(ISSUING, office.anchors("first", 64))
    office.does(REVOKING, office.publishes(pack([Change(1, 1)])))
    office.does(ISSUING, office.anchors("second", 128))
    log = read(bench)
    mine = [event for event in log.events if event.issuer_id == office.id]
    assert [type(event) for event in mine] == [OperatorEvent] * len(RIGHTS) + [
        OpenedEvent,
        AnchoredEvent,
        EpochEvent,
        AnchoredEvent,
    ]
    anchored = [event for event in mine if isinstance(event, AnchoredEvent)]
    assert [(event.root, event.tree_size, event.sequence) for event in anchored] == [
        (root("first"), 64, 1),
        (root("second"), 128, 2),
    ]
    for event in anchored:
        slot = log.view.anchor(office.id, event.root)
        assert slot is not None
        assert (slot.time, slot.block, slot.kind) == (event.time, event.block, event.kind)
        assert event.operator == office.account(ISSUING)
    (epoch,) = [event.epoch for event in mine if isinstance(event, EpochEvent)]
    history = log.view.status_history(office.id, LIST)
    assert history is not None
    assert history.epochs == (epoch,)
    (opened,) = [event for event in mine if isinstance(event, OpenedEvent)]
    assert (opened.list_id, opened.entries, opened.index_key_hash) == (LIST, 1 << 17, history.index_key_hash)
    operators = {event.account: event.rights for event in mine if isinstance(event, OperatorEvent)}
    assert operators == {office.account(who): rights for who, rights in RIGHTS.items()}


def test_an_anchor_and_an_epoch_in_one_transaction_are_two_events_and_a_lost_race_is_one(bench: Bench) -> None:
    office = open_office(bench)
    both = Rights.ISSUE | Rights.REVOKE | Rights.SUSPEND
    office.does(OWNER, SetOperator(office.id, office.account(ISSUING), office.now() + 86_400, both))
    office.does(ISSUING, office.opens())
    stale = office.head().head
    office.does(ISSUING, AnchorAndPublish(office.anchors("one"), office.publishes(pack([Change(1, 1)]))))
    office.does(ISSUING, AnchorAndPublish(office.anchors("two"), office.publishes(pack([Change(2, 1)]), stale)))
    told = [type(event) for event in read(bench).events if isinstance(event, AnchoredEvent | EpochEvent)]
    assert told == [AnchoredEvent, EpochEvent, AnchoredEvent]


def test_events_of_a_chain_that_does_not_answer_are_no_events(bench: Bench) -> None:
    silent = bench.unreachable()
    with pytest.raises(ChainUnavailableError):
        silent.event_log()  # type: ignore[attr-defined]


@pytest.mark.chain
def test_the_block_of_the_deployment_is_found_by_halving(hardhat: HardhatNode) -> None:
    from jikin.anchoring.evm_events import deploy_block

    with undone(hardhat):
        bench = EvmBench(hardhat)
        bench.mine(5)
        rpc = bench.evm.rpc
        assert deploy_block(rpc, bench.evm.pins.registry, rpc.block("latest")) == bench.evm.pins.deploy_block
