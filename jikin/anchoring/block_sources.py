"""Blocks that are vouched for without witnesses: pinned by hand, or agreed on by several nodes.

Several nodes that agree are worth as much as they are independent of each other. In a proof pack their word is none:
there nobody can be asked (SECURITY 5.2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from jikin.anchoring.chain import Block, RegistryPins
from jikin.anchoring.trusted import TrustedBlock, Voucher
from jikin.errors import ChainUnavailableError, CheckpointError, SettingsError, ValueRefusedError
from jikin.values import Digest


class PinnedBlock:
    """A BlockSource and BlockVoucher of blocks that somebody wrote down; they count as vouched for since their time."""

    def __init__(self, *blocks: Block) -> None:
        """Remember the blocks; raises SettingsError for none."""
        if not blocks:
            raise SettingsError("no block is pinned", code="settings.value")
        self._blocks = blocks

    @classmethod
    def parse(cls, text: str) -> PinnedBlock:
        """Read ``NUMBER:HASH:TIME`` (time in Unix seconds), several joined by ``;``; raises SettingsError."""
        return cls(*(_pinned(entry) for entry in text.split(";") if entry.strip()))

    def newest(self) -> TrustedBlock:
        """Return the block with the highest number."""
        block = max(self._blocks, key=lambda block: block.number)
        return TrustedBlock(block, Voucher.PIN, block.time)

    def vouch(self, block: Block, checkpoint: bytes | None) -> TrustedBlock:  # noqa: ARG002  # a pin needs none
        """Return *block* as vouched for if it is pinned; raises ChainUnavailableError (``chain.no-checkpoint``)."""
        if block not in self._blocks:
            raise ChainUnavailableError(
                f"block {block.number} {block.hash} is not one of those that were pinned", code="chain.no-checkpoint"
            )
        return TrustedBlock(block, Voucher.PIN, block.time)


def _pinned(text: str) -> Block:
    number, _, rest = text.strip().partition(":")
    hashed, _, time = rest.partition(":")
    try:
        if not (number.isascii() and number.isdecimal() and time.isascii() and time.isdecimal()):
            raise ValueRefusedError("number and time are whole numbers")
        return Block(int(number), Digest.from_hex(hashed), int(time))
    except ValueRefusedError as error:
        raise SettingsError(
            f"a block is pinned as NUMBER:HASH:TIME, got {text[:120]!r}: {error}", code="settings.value"
        ) from error


class BlockReader(Protocol):
    """A node, as far as it is asked which block it has."""

    def chain_id(self) -> int:
        """Return the chain's number; raises ChainUnavailableError."""

    def block(self, which: int | str) -> Block:
        """Return a block by number or tag; raises ChainUnavailableError."""


class AgreeingNodes:
    """A BlockSource: the newest block of which at least *needed* of *nodes* have the same hash, *depth* below the tip.

    Nodes that do not answer, are of another chain or lag behind do not count; two hashes for one number are a
    contradiction, whoever is in the majority. It counts as vouched for since its own time.
    """

    def __init__(self, nodes: Sequence[BlockReader], pins: RegistryPins, *, needed: int = 2, depth: int = 0) -> None:
        """Remember the nodes; raises SettingsError for a number needed that cannot be reached or proves nothing."""
        if not 2 <= needed <= len(nodes):
            raise SettingsError(
                f"of {len(nodes)} nodes {needed} must agree; right would be 2 to as many as there are",
                code="settings.value",
            )
        self._nodes, self._pins, self._needed, self._depth = nodes, pins, needed, depth

    def newest(self) -> TrustedBlock:
        """Return the newest block that enough nodes have.

        Raises ChainUnavailableError (``chain.no-checkpoint``) when too few answer, CheckpointError
        (``checkpoint.nodes-disagree``) when two have different blocks of the same number.
        """
        tips = [(node, tip) for node in self._nodes if (tip := self._tip(node)) is not None]
        if len(tips) < self._needed:
            raise self._too_few(len(tips))
        # The number that enough nodes have reached: one that lags behind must not hold the others back.
        number = sorted((tip for _, tip in tips), reverse=True)[self._needed - 1] - self._depth
        if number < 0:
            raise self._too_few(0)
        found = [block for node, tip in tips if tip >= number and (block := _block(node, number)) is not None]
        counts = Counter(found)
        if len(counts) > 1:
            shown = ", ".join(sorted(str(block.hash) for block in counts))
            raise CheckpointError(
                f"the nodes have different blocks of number {number}: {shown}", code="checkpoint.nodes-disagree"
            )
        if len(found) < self._needed:
            raise self._too_few(len(found))
        return TrustedBlock(found[0], Voucher.NODES, found[0].time)

    def _tip(self, node: BlockReader) -> int | None:
        """Return the number of the node's newest block, None where it does not answer for the pinned chain."""
        try:
            if node.chain_id() != self._pins.chain.number or node.block(0).hash != self._pins.genesis:
                return None
            return node.block("latest").number
        except ChainUnavailableError:
            return None

    def _too_few(self, found: int) -> ChainUnavailableError:
        return ChainUnavailableError(
            f"{found} of {len(self._nodes)} nodes answer for {self._pins.chain}; {self._needed} must agree",
            code="chain.no-checkpoint",
        )


def _block(node: BlockReader, number: int) -> Block | None:
    try:
        found = node.block(number)
    except ChainUnavailableError:
        return None
    return found if found.number == number else None
