"""Chains for tests: one Hardhat node per session, and a bench on which memory and EVM look alike.

In a test folder's conftest.py: `from tests.chain_fixtures import hardhat` (named in its __all__), a session-scoped
fixture; however many folders import it, there is one node. Mark tests that use it with `chain`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from jikin.anchoring.acts import Act
from jikin.anchoring.chain import MinedTransaction, Registry, RegistryPins, RegistryWriter
from jikin.anchoring.devchain import DevelopmentNode, HardhatNode
from jikin.anchoring.memory import ACCOUNTS, MemoryChain, account_signature
from jikin.values import Address, Digest, keccak256

if TYPE_CHECKING:
    from jikin.anchoring.evm_proven import ProvenRegistry

_MINED_SECONDS = 10.0
PROJECT = Path(__file__).resolve().parents[1]
_shared: list[HardhatNode] = []


@pytest.fixture(scope="session")
def hardhat() -> Iterator[HardhatNode]:
    """Yield the session's Hardhat node; it is started by the first test that asks."""
    if not _shared:
        node = HardhatNode(PROJECT)
        node.start()
        _shared.append(node)
    yield _shared[0]
    _shared[0].stop()  # stopping twice is no error: every importing folder's fixture ends with the session


def deployed(node: DevelopmentNode, delay: int = 0) -> RegistryPins:
    """Return pins of a fresh registry on *node*, deployed by account 0."""
    from jikin.anchoring import evm

    return evm.deploy(node.url, node.accounts[0], delay)


def send(writer: RegistryWriter, act: Act) -> MinedTransaction:
    """Prepare, send and return *act* mined; the contract must take it."""
    transaction = writer.prepare(act)
    writer.broadcast(transaction)
    deadline = time.monotonic() + _MINED_SECONDS
    while (mined := writer.mined(transaction.hash)) is None:  # anvil mines at once, and a moment after it has answered
        assert time.monotonic() < deadline, "the transaction was not mined"
        time.sleep(0.01)
    assert mined.succeeded
    return mined


class Bench(Protocol):
    """A chain with a fresh registry. Account 0 is the accreditor; there are ten."""

    @property
    def registry(self) -> Registry: ...

    def writer(self, number: int) -> RegistryWriter:
        """Return the writer of account *number*."""

    def sign(self, number: int, digest: Digest) -> bytes:
        """Return the signature of account *number* over *digest*: r ‖ s ‖ v."""

    def contract(self) -> Address:
        """Return another contract of the chain, one that signs nothing."""

    def advance(self, seconds: int) -> None:
        """Let the chain's clock run ahead, and mine a block then."""

    def mine(self, count: int = 1) -> None:
        """Mine blocks."""

    def hold_back(self) -> None:
        """Mine nothing from now on but by `mine`."""

    def unreachable(self) -> Registry:
        """Return the same registry behind a chain that does not answer."""


class MemoryBench:
    """A MemoryChain with a clock of its own."""

    def __init__(self, delay: int = 0) -> None:
        self._now = 1_780_000_000
        self._contract = Address(keccak256(b"a contract")[12:])
        contracts = {self._contract: lambda digest, signature: False}
        self.chain = MemoryChain(lambda: self._now, delay=delay, contracts=contracts)

    @property
    def registry(self) -> Registry:
        return self.chain

    def writer(self, number: int) -> RegistryWriter:
        return self.chain.writer(ACCOUNTS[number])

    def sign(self, number: int, digest: Digest) -> bytes:
        return account_signature(ACCOUNTS[number], digest)

    def contract(self) -> Address:
        return self._contract

    def advance(self, seconds: int) -> None:
        self._now += seconds
        self.chain.mine()

    def mine(self, count: int = 1) -> None:
        self.chain.mine(count)

    def hold_back(self) -> None:
        self.chain.automine = False

    def unreachable(self) -> Registry:
        self.chain.reachable = False
        return self.chain


class EvmBench:
    """A registry on a development node, mostly the session's Hardhat node; a fresh one unless *pins* name it."""

    def __init__(self, node: DevelopmentNode, pins: RegistryPins | None = None) -> None:
        from jikin.anchoring.evm import EvmRegistry

        self.node = node
        self.evm = EvmRegistry(node.url, pins or deployed(node))

    @property
    def registry(self) -> Registry:
        return self.evm

    def writer(self, number: int) -> RegistryWriter:
        from jikin.anchoring.evm import EvmWriter

        return EvmWriter(self.evm, self.node.accounts[number])

    def sign(self, number: int, digest: Digest) -> bytes:
        return bytes(self.node.accounts[number].unsafe_sign_hash(digest.raw).signature)

    def contract(self) -> Address:
        return deployed(self.node).registry

    def advance(self, seconds: int) -> None:
        self.node.increase_time(seconds)

    def mine(self, count: int = 1) -> None:
        self.node.mine(count)

    def hold_back(self) -> None:
        self.node.request("evm_setAutomine", False)
        self.node.request("evm_setIntervalMining", 0)

    def unreachable(self) -> Registry:
        from jikin.anchoring.evm import EvmRegistry

        return EvmRegistry("http://127.0.0.1:9", self.evm.pins, seconds=2.0)


class ProvenBench(EvmBench):
    """As EvmBench, read by state proofs: the node's answers are believed against the blocks that it shows twice."""

    def __init__(self, node: DevelopmentNode, pins: RegistryPins | None = None) -> None:
        super().__init__(node, pins)
        self.proven = proven(node.url, self.evm.pins)

    @property
    def registry(self) -> Registry:
        return self.proven

    def unreachable(self) -> Registry:
        return proven("http://127.0.0.1:9", self.evm.pins, seconds=2.0)


def proven(url: str, pins: RegistryPins, *, vouching: str | None = None, seconds: float = 10.0) -> ProvenRegistry:
    """Return the registry behind the node at *url*, proven at the newest block of the node *vouching* (None: its own).

    It is asked over two connections, as two nodes would be.
    """
    from jikin.anchoring.block_sources import AgreeingNodes
    from jikin.anchoring.evm_proven import ProvenRegistry
    from jikin.anchoring.evm_rpc import Rpc

    nodes = [Rpc(vouching or url, seconds) for _ in range(2)]
    return ProvenRegistry(url, pins, AgreeingNodes(nodes, pins), seconds=seconds)


@contextmanager
def undone(node: HardhatNode) -> Iterator[None]:
    """Undo afterwards whatever happened on *node*: blocks, clock, mining."""
    before = node.snapshot()
    try:
        yield
    finally:
        node.revert(before)
        node.request("evm_setAutomine", True)
        node.request("evm_setIntervalMining", 1000)
