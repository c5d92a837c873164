"""ERC-1056 registries for tests: one in memory, and the published contract on a Hardhat node, both changed alike."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.erc1056 import Erc1056
from jikin.dids.ethr import DidEthr
from jikin.dids.method import DidDocument, VerificationMethod
from jikin.dids.web_fetch import NoFetch
from jikin.testing.erc1056 import MemoryErc1056
from jikin.values import Address, ChainId, Did, KeyType, PublicKey, keccak256

ARTIFACT = (
    Path(__file__).resolve().parents[1]
    / "node_modules/ethr-did-registry/artifacts/contracts/EthereumDIDRegistry.sol/EthereumDIDRegistry.json"
)
YEAR = 365 * 24 * 60 * 60
CHAIN = ChainId(31337)
STRANGER = Address(bytes(range(20)))


class Bench(Protocol):
    """A chain with a fresh registry and some accounts; whoever changes an identity is its owner unless *actor* is."""

    @property
    def registry(self) -> Erc1056: ...

    def account(self, number: int) -> Address: ...

    def change_owner(self, identity: Address, owner: Address, actor: Address | None = None) -> None: ...

    def add_delegate(self, identity: Address, kind: str, delegate: Address, validity: int = YEAR) -> None: ...

    def revoke_delegate(self, identity: Address, kind: str, delegate: Address) -> None: ...

    def set_attribute(self, identity: Address, name: str, value: bytes, validity: int = YEAR) -> None: ...

    def revoke_attribute(self, identity: Address, name: str, value: bytes) -> None: ...

    def advance(self, seconds: int) -> None:
        """Let the chain's clock run ahead, and mine a block then."""

    def together(self) -> Any:
        """Return a context in which all changes go into one block."""

    def unreachable(self) -> Erc1056:
        """Return the same registry behind a chain that does not answer."""


class MemoryBench:
    """A registry in memory with a clock of its own."""

    def __init__(self) -> None:
        self._now = 1_780_000_000
        self.memory = MemoryErc1056(CHAIN, lambda: self._now)

    @property
    def registry(self) -> Erc1056:
        return self.memory

    def account(self, number: int) -> Address:
        return Address(keccak256(f"account {number}".encode())[12:])

    def change_owner(self, identity: Address, owner: Address, actor: Address | None = None) -> None:
        self.memory.change_owner(identity, actor or identity, owner)
        self._now += 1

    def add_delegate(self, identity: Address, kind: str, delegate: Address, validity: int = YEAR) -> None:
        self.memory.add_delegate(identity, identity, kind.encode(), delegate, validity)
        self._now += 1

    def revoke_delegate(self, identity: Address, kind: str, delegate: Address) -> None:
        self.memory.revoke_delegate(identity, identity, kind.encode(), delegate)
        self._now += 1

    def set_attribute(self, identity: Address, name: str, value: bytes, validity: int = YEAR) -> None:
        self.memory.set_attribute(identity, identity, name.encode(), value, validity)
        self._now += 1

    def revoke_attribute(self, identity: Address, name: str, value: bytes) -> None:
        self.memory.revoke_attribute(identity, identity, name.encode(), value)
        self._now += 1

    def advance(self, seconds: int) -> None:
        self._now += seconds
        self.memory.mine()

    @contextmanager
    def together(self) -> Iterator[None]:
        self.memory.automine = False
        yield
        self.memory.automine = True
        self.memory.mine()

    def unreachable(self) -> Erc1056:
        self.memory.reachable = False
        return self.memory


class EvmBench:
    """The published registry on a Hardhat node."""

    def __init__(self, node: HardhatNode, address: Address) -> None:
        from jikin.anchoring.evm_erc1056 import EvmErc1056

        self.node = node
        self.address = address
        self.evm = EvmErc1056(node.url, address)

    @property
    def registry(self) -> Erc1056:
        return self.evm

    def account(self, number: int) -> Address:
        return Address.parse(str(self.node.accounts[number].address))

    def change_owner(self, identity: Address, owner: Address, actor: Address | None = None) -> None:
        self._send(actor or identity, "changeOwner(address,address)", identity.raw, owner.raw)

    def add_delegate(self, identity: Address, kind: str, delegate: Address, validity: int = YEAR) -> None:
        name = kind.encode().ljust(32, b"\0")
        self._send(identity, "addDelegate(address,bytes32,address,uint256)", identity.raw, name, delegate.raw, validity)

    def revoke_delegate(self, identity: Address, kind: str, delegate: Address) -> None:
        name = kind.encode().ljust(32, b"\0")
        self._send(identity, "revokeDelegate(address,bytes32,address)", identity.raw, name, delegate.raw)

    def set_attribute(self, identity: Address, name: str, value: bytes, validity: int = YEAR) -> None:
        of = name.encode().ljust(32, b"\0")
        self._send(identity, "setAttribute(address,bytes32,bytes,uint256)", identity.raw, of, value, validity)

    def revoke_attribute(self, identity: Address, name: str, value: bytes) -> None:
        of = name.encode().ljust(32, b"\0")
        self._send(identity, "revokeAttribute(address,bytes32,bytes)", identity.raw, of, value)

    def advance(self, seconds: int) -> None:
        self.node.increase_time(seconds)

    @contextmanager
    def together(self) -> Iterator[None]:
        self.node.request("evm_setAutomine", False)
        self.node.request("evm_setIntervalMining", 0)
        yield
        self.node.request("evm_setAutomine", True)
        self.node.mine()

    def unreachable(self) -> Erc1056:
        from jikin.anchoring.evm_erc1056 import EvmErc1056

        return EvmErc1056("http://127.0.0.1:9", self.address, seconds=2.0)

    def _send(self, actor: Address, signature: str, *values: object) -> None:
        from eth_abi.abi import encode

        types = signature.partition("(")[2].rstrip(")").split(",")
        data = keccak256(signature.encode())[:4] + encode(types, list(values))
        sent = {"from": str(actor), "to": str(self.address), "data": "0x" + data.hex(), "gas": hex(500_000)}
        self.node.request("eth_sendTransaction", sent)


def deployed(node: HardhatNode) -> Address:
    """Return the address of a fresh registry on *node*; skips, with a word, where the package is not installed."""
    if not ARTIFACT.is_file():
        pytest.skip("the npm package ethr-did-registry is not installed (make setup)")
    code = json.loads(ARTIFACT.read_text())["bytecode"]
    sent = node.request("eth_sendTransaction", {"from": str(node.accounts[0].address), "data": code})
    for _ in range(50):
        if isinstance(receipt := node.request("eth_getTransactionReceipt", sent), dict):
            return Address.parse(str(receipt["contractAddress"]))
        time.sleep(0.02)
    raise AssertionError("the registry was not mined")


def did_of(identity: Address) -> Did:
    return Did(f"did:ethr:0x7a69:{identity}")


def resolve(bench: Bench, identity: Address, **options: str) -> DidDocument:
    return DidEthr([bench.registry]).resolve_with(did_of(identity), NoFetch(), options)


def methods(document: DidDocument) -> dict[str, VerificationMethod]:
    return {method.id.fragment: method for method in document.methods}


def account(address: Address) -> PublicKey:
    return PublicKey(KeyType.ETHEREUM_ACCOUNT, address.raw)
