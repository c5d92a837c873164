"""Merkle trees of the shape of RFC 9162, section 2.1: root, inclusion paths and their check.

A tree keeps all its nodes as one byte string, leaf level first, so that it can be stored and a path be read from it
later without hashing anything. A level's last node without a partner moves up as it is; that gives exactly the
recursive shape of RFC 9162 (left subtree = largest power of two below n). Leaves come hashed (``statements.leaf``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from jikin.anchoring.statements import node
from jikin.errors import AnchorError
from jikin.values import Digest

MAX_LEAVES = 1 << 22
_WIDTH = 32


def check_size(size: int) -> None:
    """Refuse with AnchorError a number of leaves outside 1 … 2^22."""
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MAX_LEAVES:
        raise AnchorError(f"a tree has 1 to {MAX_LEAVES:,} leaves, got {size!r}", code="anchor.tree-size")


def check_index(index: int, size: int) -> None:
    """Refuse with AnchorError a place that a tree of *size* leaves does not have."""
    check_size(size)
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < size:
        raise AnchorError(f"a tree of {size} leaves has no leaf {index!r}", code="anchor.tree-index")


def path_length(index: int, size: int) -> int:
    """Return how many nodes the inclusion path of leaf *index* among *size* has; raises AnchorError.

    Up to the level where the leaf's way joins the right edge of the tree every step has a partner; above it only the
    steps that come from the right do.
    """
    check_index(index, size)
    below = (index ^ (size - 1)).bit_length()
    return below + (index >> below).bit_count()


def _levels(size: int) -> tuple[tuple[int, int], ...]:
    """Return (first node, nodes) of every level below the root, leaf level first."""
    levels = []
    start, width = 0, size
    while width > 1:
        levels.append((start, width))
        start, width = start + width, (width + 1) // 2
    return tuple(levels)


def _positions(index: int, levels: tuple[tuple[int, int], ...]) -> list[int]:
    positions = []
    for start, width in levels:
        partner = index ^ 1
        if partner < width:  # else this way goes up alone
            positions.append(start + partner)
        index >>= 1
    return positions


def node_positions(index: int, size: int) -> tuple[int, ...]:
    """Return which nodes of the stored tree make the path of leaf *index*, leaf side first; raises AnchorError.

    Node *i* is the bytes 32·i … 32·i + 31 of ``Tree.to_bytes()``, so that a path is a few reads from file or database.
    """
    check_index(index, size)
    return tuple(_positions(index, _levels(size)))


def node_count(size: int) -> int:
    """Return how many nodes the stored tree of *size* leaves has, all levels together; raises AnchorError."""
    check_size(size)
    return sum(width for _start, width in _levels(size)) + 1


class Tree:
    """A Merkle tree of 1 … 2^22 leaves."""

    __slots__ = ("_levels", "_nodes", "size")

    def __init__(self, leaves: Iterable[Digest]) -> None:
        """Build the tree over *leaves* in their order; raises AnchorError for none or too many."""
        self._build(b"".join(leaf.raw for leaf in leaves))

    @classmethod
    def from_leaves(cls, data: bytes) -> Tree:
        """Return the tree over a published leaf file: 32 bytes a leaf, nothing else; raises AnchorError."""
        tree = cls.__new__(cls)
        tree._build(data)
        return tree

    @classmethod
    def from_bytes(cls, data: bytes, size: int) -> Tree:
        """Return the tree that ``to_bytes`` stored. Lengths are checked (AnchorError), hashes are not: check a path."""
        expected = node_count(size) * _WIDTH
        if len(data) != expected:
            raise AnchorError(
                f"a stored tree of {size} leaves has {expected} bytes, got {len(data)}", code="anchor.tree-size"
            )
        tree = cls.__new__(cls)
        tree.size, tree._nodes, tree._levels = size, bytes(data), _levels(size)
        return tree

    def _build(self, level: bytes) -> None:
        size, rest = divmod(len(level), _WIDTH)
        if rest:
            raise AnchorError(f"leaves are {_WIDTH} bytes each, got {len(level)} in all", code="anchor.tree-size")
        check_size(size)
        self.size, self._levels = size, _levels(size)
        levels = [level]
        sha256 = hashlib.sha256
        while len(level) > _WIDTH:
            paired = len(level) // 64 * 64
            parents = [sha256(b"\x01" + level[at : at + 64]).digest() for at in range(0, paired, 64)]
            level = b"".join(parents) + level[paired:]
            levels.append(level)
        self._nodes = b"".join(levels)

    @property
    def root(self) -> Digest:
        """Return the root; of a single leaf that leaf."""
        return Digest(self._nodes[-_WIDTH:])

    def leaf(self, index: int) -> Digest:
        """Return the leaf at *index*; raises AnchorError."""
        check_index(index, self.size)
        return self._node(index)

    def path(self, index: int) -> tuple[Digest, ...]:
        """Return the inclusion path of leaf *index*, leaf side first (RFC 9162, 2.1.3.1); raises AnchorError."""
        raw = self.path_bytes(index)
        return tuple(Digest(raw[at : at + _WIDTH]) for at in range(0, len(raw), _WIDTH))

    def path_bytes(self, index: int) -> bytes:
        """Return the nodes of ``path`` joined, 32 bytes each: for a batch of a million, values cost too much."""
        check_index(index, self.size)
        nodes = self._nodes
        return b"".join([nodes[at * _WIDTH : (at + 1) * _WIDTH] for at in _positions(index, self._levels)])

    def leaves(self) -> bytes:
        """Return the leaves alone, 32 bytes each: the file that is published per batch."""
        return self._nodes[: self.size * _WIDTH]

    def to_bytes(self) -> bytes:
        """Return every node, leaf level first: what ``from_bytes`` reads and ``node_positions`` points into."""
        return self._nodes

    def _node(self, position: int) -> Digest:
        return Digest(self._nodes[position * _WIDTH : (position + 1) * _WIDTH])


def root_from_path(leaf: Digest, index: int, size: int, path: Sequence[Digest]) -> Digest:
    """Return the root of the tree of *size* leaves that has *leaf* at *index*, following *path* (RFC 9162, 2.1.3.2).

    Raises AnchorError when index and size cannot be, or when the path's length is not exactly theirs: one path would
    otherwise fit several places. Whether the root is an anchored one is for the caller to ask.
    """
    if len(path) != path_length(index, size):
        raise AnchorError(
            f"the path of leaf {index} of {size} has {path_length(index, size)} nodes, got {len(path)}",
            code="anchor.path-length",
        )
    current, last, root = index, size - 1, leaf
    for sibling in path:
        if current & 1 or current == last:
            root = node(sibling, root)
            while current and not current & 1:  # levels where this way had no partner
                current, last = current >> 1, last >> 1
        else:
            root = node(root, sibling)
        current, last = current >> 1, last >> 1
    return root
