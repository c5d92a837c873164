"""Which registry is meant: every pin that differs is named, also by a node that has forgotten old states."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from jikin.anchoring import evm
from jikin.anchoring.chain import RegistryPins
from jikin.anchoring.devchain import AnvilNode, HardhatNode
from jikin.anchoring.evm import EvmRegistry
from jikin.anchoring.memory import MemoryChain
from jikin.anchoring.pins import check_at_start, parse_pins, pins_json
from jikin.errors import ChainUnavailableError, RegistryError, RegistryMismatchError
from jikin.values import Address, ChainId, Digest, Json
from tests.chain_fixtures import PROJECT, EvmBench, undone
from tests.lying_node import Relay, relay
from tests.registry_office import Office, open_office

pytestmark = pytest.mark.chain


@pytest.fixture(scope="module")
def office(hardhat: HardhatNode) -> Iterator[Office]:
    """An institution in a registry; blocks and other transactions before and after."""
    with undone(hardhat):
        hardhat.request("evm_setIntervalMining", 0)  # no empty block between the deployment and what comes after it
        hardhat.mine(2)
        bench = EvmBench(hardhat, evm.deploy(hardhat.url, hardhat.accounts[0], 0))
        yield open_office(bench)
        hardhat.mine(2)


@pytest.fixture
def between(hardhat: HardhatNode) -> Iterator[Relay]:
    with relay(hardhat.url) as state:
        yield state


Change_ = Callable[[RegistryPins], RegistryPins]
DIFFERENCES: dict[str, tuple[Change_, str, str]] = {
    "the chain's number": (
        lambda pins: replace(pins, chain=ChainId(11155111)),
        "registry.mismatch.chain",
        "eip155:31337, expected eip155:11155111$",
    ),
    "number and beginning": (
        lambda pins: replace(pins, chain=ChainId(1), genesis=Digest(b"\x01" * 32)),
        "registry.mismatch.chain",
        "eip155:31337, expected eip155:1$",
    ),
    "the beginning": (
        lambda pins: replace(pins, genesis=Digest(b"\x01" * 32)),
        "registry.mismatch.genesis",
        "a development chain was started anew and has forgotten everything$",
    ),
    "the address": (
        lambda pins: replace(pins, registry=Address(b"\x99" * 20)),
        "registry.mismatch.address",
        "^there is no contract at 0x9999",
    ),
    "the code": (
        lambda pins: replace(pins, code_hash=Digest(b"\x02" * 32)),
        "registry.mismatch.code",
        "expected 0x0202",
    ),
    "a deployment too early": (
        lambda pins: replace(pins, deploy_block=pins.deploy_block - 1),
        "registry.mismatch.deploy-block",
        "^block [0-9]+ has no event of 0x",
    ),
    "a deployment one block too late": (
        lambda pins: replace(pins, deploy_block=pins.deploy_block + 1),
        "registry.mismatch.deploy-block",
        "was there before block [0-9]+: it was not deployed in the block that is pinned as deployBlock",
    ),
    "a deployment far in the future": (
        lambda pins: replace(pins, deploy_block=pins.deploy_block + 10_000),
        "registry.mismatch.deploy-block",
        "has no event",
    ),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_what_differs_from_the_pins_is_refused_at_the_start_and_named(
    office: Office, hardhat: HardhatNode, case: str
) -> None:
    change, code, said = DIFFERENCES[case]
    pins = office.bench.registry.pins
    check_at_start(EvmRegistry(hardhat.url, pins))
    with pytest.raises(RegistryMismatchError, match=said) as refused:
        check_at_start(EvmRegistry(hardhat.url, change(pins)))
    assert refused.value.code == code
    assert refused.value.hint


def forgetful(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Know the state of the newest blocks alone, as most nodes do."""
    if method == "eth_getCode" and params[1] != "latest" and int(params[1], 16) < NEWEST[0]:
        return {"error": {"code": -32000, "message": "missing trie node"}}
    return answer


NEWEST = [0]


def test_a_node_that_has_forgotten_old_states_is_asked_who_created_the_contract(
    office: Office, between: Relay, hardhat: HardhatNode
) -> None:
    pins = office.bench.registry.pins
    NEWEST[0] = int(str(hardhat.request("eth_blockNumber")), 16)
    between.change = forgetful
    check_at_start(EvmRegistry(between.url, pins, seconds=5.0))
    later = replace(pins, deploy_block=pins.deploy_block + 1)  # there are events of the registry there too
    check_at_start(EvmRegistry(between.url, later, seconds=5.0))  # … and nobody can tell any more what was before

    def another(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getTransactionReceipt":
            return answer | {"result": answer["result"] | {"contractAddress": "0x" + "55" * 20}}
        return forgetful(method, params, answer)

    between.change = another
    with pytest.raises(RegistryMismatchError, match="created 0x5555") as refused:
        check_at_start(EvmRegistry(between.url, later, seconds=5.0))
    assert refused.value.code == "registry.mismatch.deploy-block"


def test_a_chain_that_does_not_answer_keeps_nobody_from_starting(office: Office, between: Relay) -> None:
    between.change = lambda *_: 429
    registry = EvmRegistry(between.url, replace(office.bench.registry.pins, genesis=Digest(b"\x01" * 32)), seconds=5.0)
    check_at_start(registry)
    check_at_start(None)
    between.change = lambda _method, _params, answer: answer
    with pytest.raises(RegistryMismatchError):  # the first thing that it would say is compared
        registry.view()


def test_a_chain_in_memory_may_always_start(office: Office) -> None:
    chain = MemoryChain(lambda: 1_790_000_000)
    check_at_start(chain)
    chain.reachable = False
    check_at_start(chain)
    with pytest.raises(ChainUnavailableError):
        chain.check()


def test_a_development_chain_that_was_started_anew_is_said_to_be_one() -> None:
    with AnvilNode(PROJECT) as node:
        pins = evm.deploy(node.url, node.accounts[0], 0)
        port = node.port
    time.sleep(1.1)  # a chain is told from another by the second in which it was started
    with AnvilNode(PROJECT, port) as again:
        with pytest.raises(RegistryMismatchError, match="started anew") as refused:
            check_at_start(EvmRegistry(again.url, pins))
        assert refused.value.code == "registry.mismatch.genesis"
        assert evm.deploy(again.url, again.accounts[0], 0).registry == pins.registry  # same number, address and code
        with pytest.raises(RegistryMismatchError, match="started anew"):
            EvmRegistry(again.url, pins).view()


def test_a_development_chain_that_was_kept_is_the_same_one(tmp_path: Any) -> None:
    with AnvilNode(PROJECT, state=tmp_path / "chain.json") as node:
        pins = evm.deploy(node.url, node.accounts[0], 0)
        node.mine(3)
    with AnvilNode(PROJECT, state=tmp_path / "chain.json") as again:
        check_at_start(EvmRegistry(again.url, pins))
        with pytest.raises(RegistryMismatchError, match="has no event"):
            check_at_start(EvmRegistry(again.url, replace(pins, deploy_block=pins.deploy_block + 2)))


BROKEN: dict[str, Callable[[dict[str, Json]], object]] = {
    "a member is missing": lambda pins: {name: value for name, value in pins.items() if name != "codeHash"},
    "there is one more": lambda pins: pins | {"name": "registry"},
    "the block is a text": lambda pins: pins | {"deployBlock": "1"},
    "the block is negative": lambda pins: pins | {"deployBlock": -1},
    "the hash is short": lambda pins: pins | {"genesis": "0x11"},
    "the chain is of another kind": lambda pins: pins | {"chain": "bip122:000000000019d6689c085ae165831e93"},
    "it is a list": list,
}


@pytest.mark.parametrize("breaking", BROKEN.values(), ids=BROKEN.keys())
def test_pins_are_read_whole_or_not_at_all(office: Office, breaking: Callable[[dict[str, Json]], Json]) -> None:
    pins = office.bench.registry.pins
    assert parse_pins(pins_json(pins)) == pins
    with pytest.raises(RegistryError) as refused:
        parse_pins(breaking(dict(pins_json(pins))))
    assert refused.value.code == "registry.pins"
