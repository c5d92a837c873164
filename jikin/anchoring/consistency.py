"""Consistency of two trees: the later one begins with all leaves of the earlier, unchanged (RFC 9162, 2.1.4).

Whoever has kept a root can check with a few nodes that a later tree only added leaves to it. Nodes are hashed as in
``statements.node``; sizes have the bounds of ``merkle``.
"""

from __future__ import annotations

from collections.abc import Sequence

from jikin.anchoring import merkle
from jikin.anchoring.merkle import Tree
from jikin.anchoring.statements import node
from jikin.errors import AnchorError
from jikin.values import Digest

_WIDTH = 32


def check_sizes(first_size: int, second_size: int) -> None:
    """Refuse with AnchorError sizes that no tree has, and a second that is smaller than the first."""
    merkle.check_size(first_size)
    merkle.check_size(second_size)
    if first_size > second_size:
        raise AnchorError(
            f"a tree grows: one of {second_size} leaves cannot follow one of {first_size}", code="anchor.tree-size"
        )


def proof_length(first_size: int, second_size: int) -> int:
    """Return how many nodes the proof from *first_size* to *second_size* has; raises AnchorError.

    Of equal sizes none. Else it is the way up from the last whole subtree of the first tree, and that subtree itself
    unless it is the whole first tree, whose root the checker has.
    """
    return len(node_positions(first_size, second_size))


def node_positions(first_size: int, second_size: int) -> tuple[int, ...]:
    """Return which nodes of the second tree, as stored, make the proof from *first_size*; raises AnchorError.

    Node *i* is the bytes 32·i … 32·i + 31 of ``Tree.to_bytes()``, so that a proof is a few reads from file or database.
    """
    check_sizes(first_size, second_size)
    if first_size == second_size:
        return ()
    level = _whole_levels(first_size)
    # Below that level the way from the first tree's last leaf stays inside its last whole subtree.
    way = merkle.node_positions(first_size - 1, second_size)[level:]
    place = (first_size >> level) - 1
    if not place:
        return way
    return (sum(-(-second_size >> below) for below in range(level)) + place, *way)


def prove(tree: Tree, first_size: int) -> tuple[Digest, ...]:
    """Return the proof that *tree* begins with the tree of its first *first_size* leaves (RFC 9162, 2.1.4.1).

    Raises AnchorError for a size that is none or larger than the tree's. For the tree's own size the proof is empty.
    """
    nodes = tree.to_bytes()
    positions = node_positions(first_size, tree.size)
    return tuple(Digest(nodes[at * _WIDTH : (at + 1) * _WIDTH]) for at in positions)


def check(first_size: int, first_root: Digest, second_size: int, second_root: Digest, proof: Sequence[Digest]) -> None:
    """Return when *proof* shows that the second tree begins with the first (RFC 9162, 2.1.4.2).

    Raises AnchorError: ``anchor.tree-size`` for sizes that cannot be, ``anchor.path-length`` when the proof has not
    exactly the length that belongs to them, ``anchor.inconsistent`` when it leads to another root than the first's or
    the second's. Whether the roots are anchored ones is for the caller to ask.
    """
    needed = proof_length(first_size, second_size)
    if len(proof) != needed:
        raise AnchorError(
            f"the proof from {first_size} to {second_size} leaves has {needed} nodes, got {len(proof)}",
            code="anchor.path-length",
        )
    found = _roots(first_size, first_root, second_size, proof)
    if found != (first_root, second_root):
        which = "second" if found[0] == first_root else "first"
        raise AnchorError(
            f"the proof from {first_size} to {second_size} leaves leads to another {which} root",
            code="anchor.inconsistent",
        )


def _roots(first_size: int, first_root: Digest, second_size: int, proof: Sequence[Digest]) -> tuple[Digest, Digest]:
    """Return the roots of first and second tree that *proof*, of the right length, leads to."""
    if not proof:  # one size, so one tree
        return first_root, first_root
    level = _whole_levels(first_size)
    current, last = (first_size >> level) - 1, (second_size - 1) >> level
    # A first tree that is one whole subtree is where the way begins; the proof leaves it out.
    begin, *rest = proof if current else (first_root, *proof)
    first = second = begin
    for sibling in rest:
        if current & 1 or current == last:
            first, second = node(sibling, first), node(sibling, second)
            while current and not current & 1:  # levels where this way had no partner
                current, last = current >> 1, last >> 1
        else:
            second = node(second, sibling)
        current, last = current >> 1, last >> 1
    return first, second


def _whole_levels(size: int) -> int:
    """Return the height of the last whole subtree of a tree of *size* leaves: how often two divides it."""
    return (size & -size).bit_length() - 1
