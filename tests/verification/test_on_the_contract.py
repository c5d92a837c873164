"""The same verdicts against the contract on a Hardhat node: lists are folded from its events, windows read by RPC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from jikin.anchoring.acts import RetireKey
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.evm import EvmRegistry
from jikin.status.array import State
from jikin.values import Digest, KeyId
from jikin.verification.document import Document
from jikin.verification.policy import packaged
from jikin.verification.report import Outcome
from jikin.verification.verifying import verify
from tests.chain_fixtures import EvmBench, undone
from tests.lying_node import relay
from tests.small_world import HOUR, MINUTE, SmallWorld
from tests.world_on_node import OnNode

pytestmark = pytest.mark.chain


@pytest.fixture
def world(hardhat: HardhatNode) -> Iterator[SmallWorld]:
    with undone(hardhat):
        chain = OnNode(EvmBench(hardhat))
        yield SmallWorld(chain=chain, accounts=chain.accounts)


def codes(world: SmallWorld, document: Document, registry: object = None) -> tuple[Outcome, set[str]]:
    sources = world.sources(registry=registry or world.chain.bench.registry)
    report = verify(document, sources, packaged("public"), world.time)
    return report.outcome, {finding.code for finding in report.findings if finding.outcome is not Outcome.PASSED}


def test_a_sound_certificate_passes_and_its_end_is_told_from_the_events(world: SmallWorld) -> None:
    issued, other = world.issue(), world.issue("이다른")
    assert codes(world, issued.document) == (Outcome.PASSED, set())
    world.set_state(issued, State.SUSPENDED)
    assert codes(world, issued.document) == (Outcome.FAILED, {"status.suspended"})
    world.set_state(issued, State.VALID)
    assert codes(world, issued.document) == (Outcome.PASSED, set())
    world.set_state(issued, State.REVOKED)
    assert codes(world, issued.document) == (Outcome.FAILED, {"status.revoked"})
    assert codes(world, other.document) == (Outcome.PASSED, set())
    assert codes(world, Document(issued.credential, other.receipt))[1] >= {"anchor.foreign", "status.revoked"}


def test_a_key_retired_on_the_contract_signs_nothing_any_more(world: SmallWorld) -> None:
    issued = world.issue()
    world.later(HOUR)
    world.act(RetireKey(world.issuer_id, KeyId.of(world.multikey(world.signer))), world.owner)
    world.later(HOUR)
    assert codes(world, issued.document) == (Outcome.PASSED, set())
    assert codes(world, world.issue("이다른").document) == (Outcome.FAILED, {"key.retired"})


def test_a_node_that_does_not_answer_and_one_that_is_another_cannot_tell(world: SmallWorld) -> None:
    issued = world.issue()
    silent = codes(world, issued.document, world.chain.bench.unreachable())
    assert silent[0] is Outcome.UNKNOWN
    assert "chain.unreachable" in silent[1]
    pins = replace(world.chain.pins, genesis=Digest(b"\x01" * 32))
    other = codes(world, issued.document, EvmRegistry(world.chain.bench.node.url, pins))
    assert other[0] is Outcome.UNKNOWN
    assert {"registry.mismatch", "status.unreachable"} <= other[1]


def test_two_nodes_that_contradict_each_other_cannot_tell(world: SmallWorld) -> None:
    issued, revoked = world.issue(), world.issue("이다른")
    world.set_state(revoked, State.REVOKED)
    with relay(world.chain.bench.node.url) as second:
        nodes = f"{world.chain.bench.node.url};{second.url}"
        registry = EvmRegistry(nodes, world.chain.pins)
        assert codes(world, issued.document, registry) == (Outcome.PASSED, set())
        assert codes(world, revoked.document, registry) == (Outcome.FAILED, {"status.revoked"})
        second.change = lambda method, _params, answer: (
            answer | {"result": answer["result"] | {"storageHash": "0x" + "77" * 32}}
            if method == "eth_getProof"
            else answer
        )
        for issue in (issued, revoked):
            outcome, said = codes(world, issue.document, EvmRegistry(nodes, world.chain.pins))
            assert outcome is Outcome.UNKNOWN
            assert "chain.disagree" in said
            assert not said & {"chain.unreachable", "status.revoked"}


def test_the_status_is_stale_when_the_chain_stands_still(world: SmallWorld) -> None:
    issued = world.issue()
    session = world.sources(registry=world.chain.bench.registry).at_newest()
    late = verify(issued.document, session, packaged("public"), world.time + 16 * MINUTE)
    assert late.outcome is Outcome.UNKNOWN
    assert {f.code for f in late.findings if f.outcome is not Outcome.PASSED} == {"status.stale"}
