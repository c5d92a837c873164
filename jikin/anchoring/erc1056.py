"""The narrow door to an ERC-1056 registry (``EthereumDIDRegistry``): who owns an identity, and what changed when.

The registry keeps an owner and the number of the block of the last change for every identity; everything else are
events, each of which names the block of the change before it. Nothing in them is believed here: ``jikin.dids.ethr``
follows the chain of changes and holds its end against the storage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from jikin.anchoring.chain import Block
from jikin.values import Address, ChainId


@dataclass(frozen=True, slots=True)
class OwnerChanged:
    """``DIDOwnerChanged``: the identity got another *owner*; the address zero means that it was given up."""

    block: Block
    owner: Address
    previous_change: int


@dataclass(frozen=True, slots=True)
class DelegateChanged:
    """``DIDDelegateChanged``: an address may act for the identity until *valid_to* (Unix second)."""

    block: Block
    delegate_type: bytes  # 32 bytes, text filled up with zeros
    delegate: Address
    valid_to: int
    previous_change: int


@dataclass(frozen=True, slots=True)
class AttributeChanged:
    """``DIDAttributeChanged``: something was stated of the identity until *valid_to* (Unix second; 0: revoked)."""

    block: Block
    name: bytes  # 32 bytes, text filled up with zeros
    value: bytes
    valid_to: int
    previous_change: int


Change: TypeAlias = OwnerChanged | DelegateChanged | AttributeChanged


class Erc1056(Protocol):
    """One registry on one chain. Every question raises ChainUnavailableError when the chain does not answer."""

    @property
    def chain(self) -> ChainId:
        """Return which chain this is."""

    def block(self, number: int | None = None) -> Block:
        """Return the block *number*, None: the newest; raises ChainUnavailableError also when there is none."""

    def owner(self, identity: Address, at: Block) -> Address:
        """Return the owner of *identity* as of the block *at*; without any change the identity owns itself."""

    def changed(self, identity: Address, at: Block) -> int:
        """Return the number of the block of the last change of *identity* as of the block *at*, 0: there was none."""

    def changes(self, identity: Address, number: int) -> tuple[Change, ...]:
        """Return the changes of *identity* in the block *number*, in the order they happened."""
