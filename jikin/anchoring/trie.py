"""Ethereum's Merkle-Patricia tries, from the reader's side: what a root says of one key, by the nodes on the way to it.

A node is believed because its hash stands in the node above it, the first one because its hash is the root. So a way
either ends at the key's value or shows where the key would have to be and is not. Keys are the keccak-256 of an address
or slot, 32 bytes, hence 64 steps and no value in a branch.
"""

from __future__ import annotations

from collections.abc import Iterable

from jikin.anchoring import rlp
from jikin.anchoring.rlp import Item
from jikin.errors import StateProofError
from jikin.values import keccak256

EMPTY_NODE = b"\x80"
EMPTY_ROOT = keccak256(EMPTY_NODE)
MAX_NODES = 256
MAX_BYTES = 1 << 16
_HASH_BYTES = 32
_STEPS = 64
_BRANCH_MEMBERS = 17
_MAX_NODE_BYTES = 1024  # a full branch has 532 bytes, a leaf about 150


class Nodes:
    """The nodes that a proof brought along, found by their hashes; which of them served is remembered."""

    def __init__(self, nodes: Iterable[bytes], *, max_nodes: int = MAX_NODES, max_bytes: int = MAX_BYTES) -> None:
        """Hash *nodes*; raises StateProofError (``state-proof.too-large``, ``.doubled``) before any is parsed."""
        self._raw: dict[bytes, bytes] = {}
        self._used: set[bytes] = set()
        total = 0
        for count, node in enumerate(nodes, start=1):
            total += len(node)
            if count > max_nodes or total > max_bytes or len(node) > _MAX_NODE_BYTES:
                raise _refuse(
                    "too-large", f"a proof has at most {max_nodes} nodes and {max_bytes:,} bytes, no node over 1,024"
                )
            hashed = keccak256(node)
            if hashed in self._raw:
                raise _refuse("doubled", "a node stands twice in the proof")
            self._raw[hashed] = node

    @property
    def raw(self) -> tuple[bytes, ...]:
        """Return the nodes in the order of their bytes."""
        return tuple(sorted(self._raw.values()))

    @property
    def used(self) -> frozenset[bytes]:
        """Return those that served so far."""
        return frozenset(self._raw[hashed] for hashed in self._used)

    def take(self, reference: bytes, *, root: bool) -> list[Item]:
        """Return the node that hashes to *reference*; raises StateProofError when it is missing or cannot be one."""
        raw = self._raw.get(reference)
        if raw is None:
            raise _refuse("missing-node", f"no node of the proof hashes to 0x{reference.hex()}")
        if not root and len(raw) < _HASH_BYTES:
            raise _refuse("node", "a node of less than 32 bytes stands inside of the one above it")
        self._used.add(reference)
        return rlp.decode_list(raw)

    def check_all_used(self) -> None:
        """Refuse with StateProofError nodes that proved nothing: a second meaning could hide there."""
        if spare := len(self._raw) - len(self._used):
            raise _refuse("unused-node", f"{spare} of {len(self._raw)} nodes lie on no way that was asked for")


def lookup(root: bytes, key: bytes, nodes: Nodes) -> bytes | None:
    """Return the value that the trie with *root* has under *key* (32 bytes, hashed), None where it is proven absent.

    Raises StateProofError when the nodes show neither.
    """
    if root == EMPTY_ROOT:
        return None
    way, at = key.hex(), 0
    node = nodes.take(root, root=True)
    while True:
        if len(node) == _BRANCH_MEMBERS:
            if at == _STEPS or node[16] != b"":
                raise _refuse("node", "a branch behind the last step, or with a value")
            child, at = node[int(way[at], 16)], at + 1
            if child == b"":
                return None
        elif len(node) == 2:
            is_leaf, steps = _steps(node[0])
            fits = way.startswith(steps, at)
            at += len(steps)
            if is_leaf:
                value = _value(node[1], at)
                return value if fits else None
            if not steps or at >= _STEPS or node[1] == b"":
                raise _refuse("node", "an extension that leads nowhere")
            if not fits:
                return None
            child = node[1]
        else:
            raise _refuse("node", f"a node has 2 or 17 members, not {len(node)}")
        node = _child(child, nodes)


def _child(child: Item, nodes: Nodes) -> list[Item]:
    if isinstance(child, list):
        if len(rlp.encode(child)) >= _HASH_BYTES:
            raise _refuse("node", "a node of 32 bytes or more stands where its hash belongs")
        return child
    if len(child) != _HASH_BYTES:
        raise _refuse("node", f"a reference to a node has 32 bytes, not {len(child)}")
    return nodes.take(child, root=False)


def _steps(item: Item) -> tuple[bool, str]:
    """Return whether a node of two members is a leaf, and its steps as hexadecimal digits (hex-prefix encoding)."""
    if not isinstance(item, bytes) or not item or item[0] >= 0x40 or (item[0] < 0x10 and item[0] != 0):
        raise _refuse("node", "the steps of a node are not in hex-prefix form")
    digits = item.hex()
    kind = item[0] >> 4
    if not kind & 1 and item[0] & 0x0F:
        raise _refuse("node", "the steps of a node have a padding that is not zero")
    return kind >= 2, digits[1:] if kind & 1 else digits[2:]


def _value(item: Item, at: int) -> bytes:
    """Return the value of a leaf that ends a way after *at* steps."""
    if at != _STEPS:
        raise _refuse("node", f"a leaf ends a way after {at} steps instead of {_STEPS}")
    if not isinstance(item, bytes) or not item:
        raise _refuse("node", "a leaf without a value")
    return item


def _refuse(member: str, message: str) -> StateProofError:
    return StateProofError(f"the state proof does not hold: {message}", code=f"state-proof.{member}")
