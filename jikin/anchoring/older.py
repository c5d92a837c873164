"""Roots of an older registry, anchored again in the one that follows it (``docs/spec/statements.md``, 2 and 4).

A registry that was sealed, or a chain that stands still, need not be asked for ever: its issuer anchors the roots it
had there once more, all in one tree of leaves of kind 5. A receipt of the older registry then leads, by one hop, to an
anchor of the newer one.

    credential ─ receipt ─▶ root of the older registry ─ Reanchored ─▶ root of kind 5 that the newer one has on record

Such a file is a hint like a receipt, and public: it links no person to anything, so its salt is no secret.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from jikin.anchoring.acts import LeafKind
from jikin.anchoring.batch import SYSTEM_RANDOM, fill, new_salt
from jikin.anchoring.chain import AnchorSlot, RegistryPins
from jikin.anchoring.json_members import Reader
from jikin.anchoring.merkle import Tree, check_index, check_size, path_length, root_from_path
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.statements import context_hash, leaf, older_root_digest
from jikin.errors import AnchorError
from jikin.values import Address, ChainId, Digest, IssuerId, Json, JsonObject

VERSION = 1
_OLDER = ("chain", "registry", "issuerId", "root", "size", "block", "blockHash")
_MEMBERS = ("v", "older", "chain", "registry", "root", "treeSize", "index", "path", "salt", "block", "time")


@dataclass(frozen=True, slots=True)
class OlderRoot:
    """A root of *size* leaves that *issuer_id* anchored in *block* of an older registry or chain."""

    chain: ChainId
    registry: Address
    issuer_id: IssuerId
    root: Digest
    size: int
    block: int
    block_hash: Digest

    @property
    def digest(self) -> Digest:
        """Return the digest that its leaf of kind 5 holds."""
        return older_root_digest(
            chain=self.chain,
            registry=self.registry,
            issuer_id=self.issuer_id,
            root=self.root,
            size=self.size,
            block=self.block,
            block_hash=self.block_hash,
        )

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "chain": str(self.chain),
            "registry": str(self.registry),
            "issuerId": self.issuer_id.hex(),
            "root": self.root.hex(),
            "size": self.size,
            "block": self.block,
            "blockHash": self.block_hash.hex(),
        }

    @classmethod
    def parse(cls, value: Json) -> OlderRoot:
        """Read the JSON form; raises AnchorError (``anchor.older.<member>``)."""
        read = Reader("anchor.older", value, _OLDER)
        size = read.number("size")
        check_size(size)
        return cls(
            chain=read.chain("chain"),
            registry=read.address("registry"),
            issuer_id=IssuerId(read.bytes32("issuerId")),
            root=Digest(read.bytes32("root")),
            size=size,
            block=read.number("block"),
            block_hash=Digest(read.bytes32("blockHash")),
        )


@dataclass(frozen=True, slots=True)
class Reanchored:
    """Where the leaf of an *older* root stands in a tree of the newer registry, anchored in *block* at *time*."""

    older: OlderRoot
    chain: ChainId
    registry: Address
    root: Digest
    tree_size: int
    index: int
    path: tuple[Digest, ...]
    salt: bytes
    block: int
    time: int

    def __post_init__(self) -> None:
        """Refuse with AnchorError what can lead to no root."""
        check_index(self.index, self.tree_size)
        if len(self.path) != path_length(self.index, self.tree_size):
            raise AnchorError(
                f"the path of leaf {self.index} of {self.tree_size} has {path_length(self.index, self.tree_size)} "
                f"nodes, got {len(self.path)}",
                code="anchor.older.path",
            )

    def to_json(self) -> JsonObject:
        """Return the JSON form; every member is present, hexadecimal in lower case."""
        return {
            "v": VERSION,
            "older": self.older.to_json(),
            "chain": str(self.chain),
            "registry": str(self.registry),
            "root": self.root.hex(),
            "treeSize": self.tree_size,
            "index": self.index,
            "path": [step.hex() for step in self.path],
            "salt": "0x" + self.salt.hex(),
            "block": self.block,
            "time": self.time,
        }

    @classmethod
    def parse(cls, value: Json) -> Reanchored:
        """Read the JSON form; raises AnchorError (``anchor.older.<member>``) for what ``to_json`` cannot write."""
        read = Reader("anchor.older", value, _MEMBERS)
        read.version(VERSION)
        tree_size, index = read.number("treeSize"), read.number("index")
        check_size(tree_size)
        return cls(
            older=OlderRoot.parse(read.raw("older")),
            chain=read.chain("chain"),
            registry=read.address("registry"),
            root=Digest(read.bytes32("root")),
            tree_size=tree_size,
            index=index,
            path=tuple(Digest(step) for step in read.digests("path", 32)),
            salt=read.bytes32("salt"),
            block=read.number("block"),
            time=read.number("time"),
        )

    def root_under(self, pins: RegistryPins) -> Digest:
        """Return the root to which the older root's leaf leads under the registry of *pins*, for the same issuer.

        The leaf is hashed under the pinned registry, not the one that this file names; so an older root of one issuer
        can never be another one's.
        """
        context = context_hash(pins.chain, pins.registry, self.older.issuer_id)
        made = leaf(LeafKind.OLDER_REGISTRY, context, self.salt, self.older.digest)
        return root_from_path(made, self.index, self.tree_size, self.path)

    def disagreement(self, receipt: Receipt, pins: RegistryPins) -> str | None:
        """Return the first member that says otherwise than a *receipt* of the older registry, or *pins*; None: none."""
        older = self.older
        pairs: tuple[tuple[str, object, object], ...] = (
            ("older chain", older.chain, receipt.chain),
            ("older registry", older.registry, receipt.registry),
            ("older issuerId", older.issuer_id, receipt.issuer_id),
            ("older root", older.root, receipt.root),
            ("older size", older.size, receipt.tree_size),
            ("older block", older.block, receipt.block),
            ("chain", self.chain, pins.chain),
            ("registry", self.registry, pins.registry),
        )
        return next((name for name, said, true in pairs if said != true), None)

    def differs_from(self, slot: AnchorSlot) -> str | None:
        """Return the first member that says otherwise than the newer registry's *slot* of the root; None: none."""
        pairs = (
            ("kind", LeafKind.OLDER_REGISTRY, slot.kind),
            ("treeSize", self.tree_size, slot.tree_size),
            ("block", self.block, slot.block),
            ("time", self.time, slot.time),
        )
        return next((name for name, said, true in pairs if said != true), None)


@dataclass(frozen=True, slots=True)
class OlderRoots:
    """The tree over the older roots of one issuer: its *root* and *size* are anchored with kind 5."""

    older: tuple[OlderRoot, ...]
    salts: tuple[bytes, ...]
    indexes: tuple[int, ...]
    tree: Tree

    @classmethod
    def of(cls, older: Sequence[OlderRoot], pins: RegistryPins, *, source: random.Random = SYSTEM_RANDOM) -> OlderRoots:
        """Return the tree of *older* for the registry of *pins*, filled up and shuffled as every batch is.

        Raises AnchorError when they are none, too many, or of several issuers: an issuer anchors its own alone.
        """
        issuers = {each.issuer_id for each in older}
        if len(issuers) != 1:
            raise AnchorError(f"older roots of one issuer are expected, got {len(issuers)}", code="anchor.older.issuer")
        context = context_hash(pins.chain, pins.registry, issuers.pop())
        salts = tuple(new_salt(source) for _ in older)
        leaves = [
            leaf(LeafKind.OLDER_REGISTRY, context, salt, each.digest) for salt, each in zip(salts, older, strict=True)
        ]
        batch = fill(context, leaves, source=source)
        return cls(tuple(older), salts, batch.indexes, Tree(batch.leaves))

    def reanchored(self, pins: RegistryPins, slot: AnchorSlot) -> tuple[Reanchored, ...]:
        """Return one file for each older root, in their order, once the tree's root is in *slot* of the registry."""
        return tuple(
            Reanchored(
                older=each,
                chain=pins.chain,
                registry=pins.registry,
                root=self.tree.root,
                tree_size=self.tree.size,
                index=index,
                path=self.tree.path(index),
                salt=salt,
                block=slot.block,
                time=slot.time,
            )
            for each, salt, index in zip(self.older, self.salts, self.indexes, strict=True)
        )
