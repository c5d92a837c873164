"""The log that checkpoints are about: blocks of one chain with rising numbers, and a tree that grows with them.

Kept are the blocks and the nodes of every whole subtree; what stands at the right edge is made from them when it is
asked for. So an entry, a root, a path and a consistency proof cost a few dozen hashes, however long the log is.
"""

from __future__ import annotations

from collections.abc import Iterable

from jikin.anchoring import consistency, merkle
from jikin.anchoring.chain import Block, RegistryPins
from jikin.anchoring.checkpoints import Checkpoint, entry, origin_of
from jikin.anchoring.statements import node
from jikin.errors import CheckpointError
from jikin.values import Digest

_WIDTH = 32


class GrowingTree:
    """A Merkle tree of the shape of RFC 9162, 2.1.1, to which leaves are added; any earlier size can be asked for."""

    __slots__ = ("_whole",)

    def __init__(self) -> None:
        """Begin with no leaf."""
        self._whole: list[bytearray] = [bytearray()]  # by level: the nodes over 2^level leaves that are all there

    @property
    def size(self) -> int:
        """Return the number of leaves."""
        return len(self._whole[0]) // _WIDTH

    def append(self, leaf: Digest) -> None:
        """Add *leaf* behind the last; raises AnchorError when the tree is full."""
        merkle.check_size(self.size + 1)
        added, level = leaf, 0
        self._whole[0] += added.raw
        while not len(self._whole[level]) // _WIDTH & 1:
            added = node(Digest(bytes(self._whole[level][-2 * _WIDTH : -_WIDTH])), added)
            level += 1
            if level == len(self._whole):
                self._whole.append(bytearray())
            self._whole[level] += added.raw

    def root(self, size: int | None = None) -> Digest:
        """Return the root of the first *size* leaves, of all if none is given; raises AnchorError."""
        size = self._known(self.size if size is None else size)
        return self._node((size - 1).bit_length(), 0, size)

    def next_root(self, leaf: Digest) -> Digest:
        """Return the root that the tree would have with *leaf* behind the last; raises AnchorError when it is full."""
        size = self.size + 1
        # The path of a last leaf leads past whole subtrees only, which are all there already.
        return merkle.root_from_path(leaf, size - 1, size, self._nodes(merkle.node_positions(size - 1, size), size))

    def path(self, index: int, size: int) -> tuple[Digest, ...]:
        """Return the inclusion path of leaf *index* in the tree of the first *size* leaves; raises AnchorError."""
        self._known(size)
        return self._nodes(merkle.node_positions(index, size), size)

    def consistency(self, first_size: int, second_size: int) -> tuple[Digest, ...]:
        """Return the proof that the tree of *second_size* leaves begins with that of *first_size*; AnchorError."""
        self._known(second_size)
        return self._nodes(consistency.node_positions(first_size, second_size), second_size)

    def _known(self, size: int) -> int:
        merkle.check_size(size)
        if size > self.size:
            raise CheckpointError(f"the log has {self.size} entries, asked was for {size}", code="checkpoint.size")
        return size

    def _nodes(self, positions: Iterable[int], size: int) -> tuple[Digest, ...]:
        """Return the nodes at *positions* of the stored tree of *size* leaves (``merkle.Tree.to_bytes``)."""
        found = []
        for position in positions:
            level, start, width = 0, 0, size
            while position >= start + width:
                level, start, width = level + 1, start + width, (width + 1) // 2
            found.append(self._node(level, position - start, size))
        return tuple(found)

    def _node(self, level: int, index: int, size: int) -> Digest:
        """Return a node of the tree of *size* leaves; one without a partner moves up as it is."""
        if (index + 1) << level <= size:
            return Digest(bytes(self._whole[level][index * _WIDTH : (index + 1) * _WIDTH]))
        left = self._node(level - 1, 2 * index, size)
        if (2 * index + 1) << (level - 1) >= size:
            return left
        return node(left, self._node(level - 1, 2 * index + 1, size))


class BlockLog:
    """The log about the chain of *pins*."""

    __slots__ = ("_blocks", "_pins", "_tree", "origin")

    def __init__(self, pins: RegistryPins, blocks: Iterable[Block] = ()) -> None:
        """Begin with *blocks*; raises CheckpointError as ``append``."""
        self.origin = origin_of(pins)
        self._pins = pins
        self._blocks: list[Block] = []
        self._tree = GrowingTree()
        for block in blocks:
            self.append(block)

    def __len__(self) -> int:
        return len(self._blocks)

    @property
    def last(self) -> Block | None:
        """Return the block of the last entry, None in an empty log."""
        return self._blocks[-1] if self._blocks else None

    def block(self, size: int) -> Block:
        """Return the block that was last when the log had *size* entries."""
        return self._blocks[size - 1]

    def append(self, block: Block) -> None:
        """Add *block*; raises CheckpointError (``checkpoint.order``) unless its number is above the last, AnchorError.

        So one number never stands in the log twice.
        """
        self.check_next(block)
        self._tree.append(entry(self._pins, block))
        self._blocks.append(block)

    def check_next(self, block: Block) -> None:
        """Return when *block* may follow; raises CheckpointError (``checkpoint.order``)."""
        last = self.last
        if last is None:
            return
        if block.number <= last.number:
            raise CheckpointError(
                f"block {block.number} cannot follow block {last.number}: numbers in the log rise",
                code="checkpoint.order",
            )
        if block.time < last.time:
            raise CheckpointError(f"block {block.number} is older than block {last.number}", code="checkpoint.order")

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        """Return the checkpoint of the first *size* entries, of all if none is given; raises AnchorError."""
        size = len(self) if size is None else size
        root = self._tree.root(size)
        return Checkpoint(self.origin, size, root, self._blocks[size - 1])

    def following(self, block: Block) -> Checkpoint:
        """Return the checkpoint that there would be with *block* added, which it is not; raises as ``append``."""
        self.check_next(block)
        return Checkpoint(self.origin, len(self) + 1, self._tree.next_root(entry(self._pins, block)), block)

    def opening(self, size: int) -> tuple[Digest, ...]:
        """Return the path of the last of the first *size* entries; raises AnchorError."""
        return self._tree.path(size - 1, size)

    def consistency(self, first_size: int, second_size: int) -> tuple[Digest, ...]:
        """Return the proof that the log of *second_size* entries begins with that of *first_size*; of 0: empty."""
        return self._tree.consistency(first_size, second_size) if first_size else ()
