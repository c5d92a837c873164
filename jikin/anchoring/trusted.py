"""A block that somebody other than the node vouches for: what a state proof is checked against.

A node can lie about everything but the block hash, once that hash is known from elsewhere (SECURITY 5.2). Where it is
known from is the verifier's choice: witnesses who cosigned a checkpoint, several nodes that agree, or a pin by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from jikin.anchoring.chain import Block


class Voucher(StrEnum):
    """Who vouches for a block hash; the value is the word in settings and reports."""

    WITNESSES = "witnesses"
    NODES = "nodes"
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class TrustedBlock:
    """A block, who vouches for it, and when they did so (Unix seconds): freshness counts from there."""

    block: Block
    voucher: Voucher
    vouched_at: int


class BlockSource(Protocol):
    """Where trusted blocks come from."""

    def newest(self) -> TrustedBlock:
        """Return the newest block that is vouched for well enough.

        Raises ChainUnavailableError when nobody vouches for any (code ``chain.no-checkpoint``), and
        ``CheckpointError`` when those who do contradict each other.
        """


class BlockVoucher(Protocol):
    """Who can say of a given block, without asking anybody, whether it is vouched for: what a proof pack needs."""

    def vouch(self, block: Block, checkpoint: bytes | None) -> TrustedBlock:
        """Return *block* as vouched for, by what is known here or by the *checkpoint* that came with it.

        Raises ChainUnavailableError (``chain.no-checkpoint``) when nobody vouches for it, CheckpointError when the
        checkpoint does not hold or speaks of another block.
        """
