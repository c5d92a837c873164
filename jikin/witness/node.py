"""The witness's own node: the one thing a witness believes, and the reason why its word is worth something."""

from __future__ import annotations

from typing import Protocol

from jikin.anchoring.chain import Block, RegistryPins
from jikin.anchoring.evm_rpc import Rpc
from jikin.errors import ChainUnavailableError, RegistryMismatchError


class Blocks(Protocol):
    """A chain as a witness sees it. Every method raises ChainUnavailableError or RegistryMismatchError."""

    def newest(self) -> Block:
        """Return the newest block."""

    def at(self, number: int) -> Block:
        """Return the block with *number* on the chain that is the longest now; ``chain.block-missing`` if none has."""


class OwnNode:
    """A chain behind the node at *url*; one that is not the chain of *pins* is refused."""

    def __init__(self, url: str, pins: RegistryPins, *, seconds: float = 10.0) -> None:
        """Remember where to ask; nothing is asked yet."""
        self._rpc = Rpc(url, seconds)
        self._pins = pins

    def newest(self) -> Block:
        """Return the newest block; chain and first block are compared every time."""
        newest = self._rpc.block("latest")
        found = self._rpc.chain_id()
        if found != self._pins.chain.number:
            raise RegistryMismatchError(
                f"the node serves chain eip155:{found}, expected {self._pins.chain}", code="registry.mismatch.chain"
            )
        first = self._rpc.block(0).hash
        if first != self._pins.genesis:
            raise RegistryMismatchError(
                f"block 0 of this chain is {first}, expected {self._pins.genesis}", code="registry.mismatch.genesis"
            )
        return newest

    def at(self, number: int) -> Block:
        """Return the block with *number*."""
        found = self._rpc.block(number)
        if found.number != number:
            raise ChainUnavailableError(
                f"asked for block {number}, the node answers block {found.number}", code="chain.senseless"
            )
        return found


def deep(blocks: Blocks, depth: int) -> Block | None:
    """Return the newest block that *depth* blocks confirm, itself the first of them; None on a shorter chain."""
    newest = blocks.newest()
    number = newest.number - depth + 1
    if number < 0:
        return None
    return newest if depth == 1 else blocks.at(number)
