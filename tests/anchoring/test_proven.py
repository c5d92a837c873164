"""A registry read by state proofs: blocks that are vouched for, headers, and events that the storage must confirm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from jikin.anchoring.acts import ApproveProfile, ProposeProfile
from jikin.anchoring.block_sources import AgreeingNodes, PinnedBlock
from jikin.anchoring.chain import Block, RegistryPins
from jikin.anchoring.devchain import AnvilNode, DevelopmentNode
from jikin.anchoring.evm_proven import ProvenRegistry
from jikin.anchoring.header import Header
from jikin.anchoring.trusted import TrustedBlock, Voucher
from jikin.errors import (
    ChainUnavailableError,
    CheckpointError,
    JikinError,
    RegistryMismatchError,
    SettingsError,
    StateProofError,
)
from jikin.values import Address, ChainId, Digest, sha256
from tests.chain_fixtures import PROJECT, EvmBench, proven
from tests.lying_node import Relay, relay
from tests.registry_office import ACCREDITOR, ISSUING, OWNER, Office, open_office, root


@pytest.fixture(scope="module")
def anvil() -> Iterator[AnvilNode]:
    with AnvilNode(PROJECT) as node:
        yield node


@pytest.fixture(scope="module", params=["hardhat", "anvil"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """An institution with a profile and three roots, on either kind of node."""
    node: DevelopmentNode = request.getfixturevalue(request.param)
    before = node.snapshot()
    office = open_office(EvmBench(node))
    office.does(OWNER, ProposeProfile(office.id, b"profile"))
    office.does(ACCREDITOR, ApproveProfile(office.id, Digest(sha256(b"profile"))))
    for name in ("first", "second", "third"):
        office.does(ISSUING, office.anchors(name))
    yield office
    node.revert(before)


@pytest.fixture
def between(office: Office) -> Iterator[Relay]:
    with relay(_node(office).url) as state:
        yield state


def _node(office: Office) -> DevelopmentNode:
    assert isinstance(office.bench, EvmBench)
    return office.bench.node


def pinned(office: Office, number: int) -> PinnedBlock:
    assert isinstance(office.bench, EvmBench)
    return PinnedBlock(office.bench.evm.rpc.block(number))


# ------------------------------------------------------------------------------------------------------------- headers


@pytest.mark.chain
def test_the_header_of_every_block_hashes_to_what_the_node_calls_it(office: Office) -> None:
    node = _node(office)
    newest = int(str(node.request("eth_blockNumber")), 16)
    for number in range(max(0, newest - 12), newest + 1):
        answer: Any = node.request("eth_getBlockByNumber", hex(number), False)
        header = Header.of_answer(answer)
        assert header.block == Block(number, Digest.from_hex(answer["hash"]), int(answer["timestamp"], 16))
        assert header.state_root.hex() == answer["stateRoot"]
        assert Header.parse(header.raw) == header
        assert 500 < len(header.raw) < 700


@pytest.mark.chain
def test_a_header_with_anything_changed_is_of_another_block(office: Office) -> None:
    answer: Any = _node(office).request("eth_getBlockByNumber", "latest", False)
    header = Header.of_answer(answer)
    for name, value in {"stateRoot": "0x" + "11" * 32, "number": "0x1", "timestamp": "0x1", "gasUsed": "0x7"}.items():
        with pytest.raises(StateProofError, match="is the one that is vouched for"):
            Header.of_answer(answer | {name: value}).check(header.block)
    for changed in ({"stateRoot": None}, {"stateRoot": "0x11"}, {"number": "latest"}, {"timestamp": "0x" + "11" * 9}):
        with pytest.raises(StateProofError):
            Header.of_answer(answer | changed)
    for raw in (header.raw[:-1], header.raw + b"\x00", b"\xc0", b"", bytes(2000)):
        with pytest.raises(StateProofError):
            Header.parse(raw)


# -------------------------------------------------------------------------------------------------------- vouched for


@pytest.mark.chain
def test_a_view_is_as_of_the_block_that_is_vouched_for(office: Office) -> None:
    slots = [office.view().anchor(office.id, root(name)) for name in ("first", "third")]
    assert slots[0] is not None
    assert slots[1] is not None
    source = pinned(office, slots[1].block - 1)
    view = ProvenRegistry(_node(office).url, office.view().pins, source).view()
    assert view.block == source.newest().block
    assert view.trusted == TrustedBlock(view.block, Voucher.PIN, view.block.time)
    assert view.anchor(office.id, root("first")) == slots[0]
    assert view.anchor(office.id, root("third")) is None
    assert view.approved_profile(office.id) == b"profile"
    assert view.successor() is None


@pytest.mark.chain
def test_a_block_that_the_node_does_not_have_is_no_answer(office: Office) -> None:
    elsewhere = PinnedBlock(Block(1, Digest(b"\x77" * 32), 1))
    with pytest.raises(ChainUnavailableError) as refused:
        ProvenRegistry(_node(office).url, office.view().pins, elsewhere).view()
    assert refused.value.code == "chain.block-missing"


@pytest.mark.chain
@pytest.mark.parametrize("other", ["no contract", "another contract"])
def test_another_contract_at_the_pinned_address_is_proven_to_be_another(office: Office, other: str) -> None:
    pins = office.view().pins
    wrong = (
        replace(pins, registry=Address(b"\x99" * 20))
        if other == "no contract"
        else replace(pins, code_hash=Digest(bytes(32)))
    )
    with pytest.raises(RegistryMismatchError) as refused:
        proven(_node(office).url, wrong).view()
    assert refused.value.code == "registry.mismatch.code"


Change = Callable[[dict[str, Any]], dict[str, Any]]
BROKEN_PROOFS: dict[str, Change] = {
    "no account proof": lambda result: result | {"accountProof": []},
    "an account proof that is cut": lambda result: result | {"accountProof": result["accountProof"][:-1]},
    "an account proof with a spare node": lambda result: (
        result | {"accountProof": [*result["accountProof"], "0xc2" + "2001"]}
    ),
    "an account proof of 65 nodes": lambda result: result | {"accountProof": result["accountProof"] * 65},
    "an account proof of a mebibyte": lambda result: result | {"accountProof": ["0x" + "00" * (1 << 20)]},
    "an account proof that is a text": lambda result: result | {"accountProof": "0x"},
    "a node that is no hexadecimal text": lambda result: result | {"accountProof": ["zz"]},
    "no storage proofs": lambda result: result | {"storageProof": []},
    "one storage proof too many": lambda result: (
        result | {"storageProof": [*result["storageProof"], {"key": "0x0", "value": "0x0", "proof": []}]}
    ),
    "storage proofs in another order": lambda result: result | {"storageProof": result["storageProof"][::-1]},
    "a storage proof for another slot": lambda result: (
        result | {"storageProof": result["storageProof"][:1] * len(result["storageProof"])}
    ),
}


@pytest.mark.chain
@pytest.mark.parametrize("change", BROKEN_PROOFS.values(), ids=BROKEN_PROOFS.keys())
def test_proofs_that_do_not_hold_are_no_answer(office: Office, between: Relay, change: Change) -> None:
    def broken(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"result": change(answer["result"])} if method == "eth_getProof" else answer

    between.change = broken
    with pytest.raises((StateProofError, ChainUnavailableError)):
        proven(between.url, office.view().pins, vouching=_node(office).url).view().issuer(office.id)


@pytest.mark.chain
def test_what_the_node_states_beside_a_proof_is_not_used(office: Office, between: Relay) -> None:
    def lying(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method != "eth_getProof":
            return answer
        storage = [entry | {"value": "0x2a", "key": "0x0"} for entry in answer["result"]["storageProof"]]
        beside = {"codeHash": "0x" + "00" * 32, "storageHash": "0x" + "00" * 32, "storageProof": storage}
        return answer | {"result": answer["result"] | beside}

    expected = office.view().issuer(office.id)
    between.change = lying
    assert proven(between.url, office.view().pins, vouching=_node(office).url).view().issuer(office.id) == expected


# -------------------------------------------------------------------------------------------------------------- events


@pytest.mark.chain
def test_roots_that_the_node_hides_are_noticed_by_the_operators_count(office: Office, between: Relay) -> None:
    """SECURITY 1.5: anchors are enumerable, and the count is proven."""
    view = proven(between.url, office.view().pins, vouching=_node(office).url).view()
    roots = view.anchored_roots(office.id, office.account(ISSUING))
    assert [found for found, _ in roots] == [root(name) for name in ("first", "second", "third")]
    assert [slot.sequence for _, slot in roots] == [1, 2, 3]
    assert view.anchored_roots(office.id, office.account(OWNER)) == ()
    topic = office.bench.evm.interface.topic("Anchored").hex()  # type: ignore[attr-defined]  # an EvmBench
    for hidden in range(3):

        def hiding(method: str, _p: list[Any], answer: dict[str, Any], *, hidden: int = hidden) -> dict[str, Any]:
            if method != "eth_getLogs" or not answer["result"] or answer["result"][0]["topics"][0] != topic:
                return answer
            return answer | {"result": [log for at, log in enumerate(answer["result"]) if at != hidden]}

        between.change = hiding
        with pytest.raises(ChainUnavailableError, match=f"leave out number {hidden + 1}"):
            view.anchored_roots(office.id, office.account(ISSUING))


@pytest.mark.chain
def test_a_root_or_issuer_that_only_an_event_knows_is_no_answer(office: Office, between: Relay) -> None:
    view = proven(between.url, office.view().pins, vouching=_node(office).url).view()
    invented = root("first").raw.hex(), root("never anchored").raw.hex()

    def inventing(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method != "eth_getLogs":
            return answer
        logs = [log | {"topics": [t.replace(*invented) for t in log["topics"]]} for log in answer["result"]]
        return answer | {"result": logs}

    between.change = inventing
    with pytest.raises(ChainUnavailableError, match="which is not on record"):
        view.anchored_roots(office.id, office.account(ISSUING))
    between.change = lambda _method, _params, answer: answer
    assert view.issuers() == (office.did,)


# -------------------------------------------------------------------------------------------------- who vouches, alone


@dataclass
class Node:
    """A node that answers what it was given; None: it does not answer."""

    blocks: dict[int, Block] | None
    chain: int = 1

    def chain_id(self) -> int:
        self._alive()
        return self.chain

    def block(self, which: int | str) -> Block:
        blocks = self._alive()
        number = max(blocks) if which == "latest" else which
        if number not in blocks:
            raise ChainUnavailableError(f"no block {which}", code="chain.block-missing")
        return blocks[number]  # type: ignore[index]

    def _alive(self) -> dict[int, Block]:
        if self.blocks is None:
            raise ChainUnavailableError("no answer")
        return self.blocks


def chain(length: int, fork: int | None = None) -> dict[int, Block]:
    """Blocks 0 to *length*; from number *fork* on they are others."""
    return {
        number: Block(
            number, Digest(sha256(bytes((number, fork is not None and number >= fork)))), 1_790_000_000 + number
        )
        for number in range(length + 1)
    }


PINS = RegistryPins(ChainId(1), Address(bytes(20)), Digest(bytes(32)), chain(0)[0].hash, 1)


@pytest.mark.parametrize(
    ("nodes", "needed", "depth", "number"),
    [
        ([Node(chain(9)), Node(chain(9))], 2, 0, 9),
        ([Node(chain(9)), Node(chain(7))], 2, 0, 7),
        ([Node(chain(9)), Node(chain(9)), Node(chain(2))], 2, 0, 9),
        ([Node(chain(9)), Node(chain(9)), Node(None)], 2, 0, 9),
        ([Node(chain(9)), Node(chain(8)), Node(chain(7))], 3, 0, 7),
        ([Node(chain(9)), Node(chain(9))], 2, 3, 6),
        ([Node(chain(9)), Node(chain(9)), Node(chain(9), chain=5)], 2, 0, 9),
        ([Node(chain(9)), Node(chain(9, fork=8))], 2, 2, 7),
    ],
)
def test_the_newest_block_that_enough_nodes_have_is_vouched_for(
    nodes: list[Node], needed: int, depth: int, number: int
) -> None:
    block = chain(9)[number]
    trusted = AgreeingNodes(nodes, PINS, needed=needed, depth=depth).newest()
    assert trusted == TrustedBlock(block, Voucher.NODES, block.time)


@pytest.mark.parametrize(
    ("nodes", "needed", "depth", "code"),
    [
        ([Node(chain(9)), Node(None)], 2, 0, "chain.no-checkpoint"),
        ([Node(chain(9)), Node(chain(9), chain=5)], 2, 0, "chain.no-checkpoint"),
        ([Node(chain(9)), Node(chain(9, fork=0))], 2, 0, "chain.no-checkpoint"),
        ([Node(chain(1)), Node(chain(1))], 2, 5, "chain.no-checkpoint"),
        ([Node(chain(9)), Node(chain(9, fork=9))], 2, 0, "checkpoint.nodes-disagree"),
        ([Node(chain(9)), Node(chain(9)), Node(chain(9)), Node(chain(9, fork=4))], 2, 0, "checkpoint.nodes-disagree"),
    ],
)
def test_too_few_nodes_or_two_that_differ_vouch_for_nothing(
    nodes: list[Node], needed: int, depth: int, code: str
) -> None:
    with pytest.raises(JikinError) as refused:
        AgreeingNodes(nodes, PINS, needed=needed, depth=depth).newest()
    assert refused.value.code == code
    assert isinstance(refused.value, CheckpointError if code.startswith("checkpoint") else ChainUnavailableError)


@pytest.mark.parametrize("needed", [0, 1, 3])
def test_one_node_agrees_with_nobody(needed: int) -> None:
    with pytest.raises(SettingsError):
        AgreeingNodes([Node(chain(9)), Node(chain(9))], PINS, needed=needed)


def test_a_pinned_block_is_written_as_number_hash_and_time() -> None:
    block = chain(7)[7]
    text = f"{block.number}:{block.hash}:{block.time}"
    assert PinnedBlock.parse(text).newest() == TrustedBlock(block, Voucher.PIN, block.time)
    for wrong in (
        "",
        "7",
        text + ":1",
        text.replace("0x", "0y"),
        f"-{text}",
        f"{block.number}:{block.hash}:",
        "7:0x:9",
    ):
        with pytest.raises(SettingsError) as refused:
            PinnedBlock.parse(wrong)
        assert refused.value.code == "settings.value"
