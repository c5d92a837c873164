"""Checkpoints (STATEMENTS 9): which block is the newest, in a note that witnesses cosign, and its place in their log.

The log is a tree over blocks of one chain whose numbers rise. A checkpoint states its size, its root and its last
block; an *opened* checkpoint (c2sp.org/tlog-proof) adds the path that shows this block to be the last entry. Nothing
here says whom to believe: that is ``checkpoints_policy``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from jikin.anchoring import merkle
from jikin.anchoring.chain import Block, RegistryPins
from jikin.anchoring.checkpoints_notes import Note, decimal, encoded, malformed, octets, text_of
from jikin.anchoring.statements import uint
from jikin.errors import AnchorError, CheckpointError
from jikin.values import Digest, sha256

_ENTRY_MAGIC = b"JKP1"
_LEAF_PREFIX = b"\x00"  # RFC 9162, 2.1.1
_PROOF_FORMAT = "c2sp.org/tlog-proof@v1"
_HEX32 = re.compile(r"[0-9a-f]{64}")
_BLOCK = re.compile(r"block ([0-9]+) ([0-9a-f]+) ([0-9]+)")


def origin_of(pins: RegistryPins) -> str:
    """Return the name of the log about the chain of *pins*: one log for one registry."""
    return f"jikin/{pins.chain}/{pins.registry}"


def entry(pins: RegistryPins, block: Block) -> Digest:
    """Return the leaf of *block*: H(0x00 ‖ "JKP1" ‖ u64 chainId ‖ genesis ‖ u64 number ‖ hash ‖ u64 time)."""
    chain = uint(pins.chain.number, 8) + pins.genesis.raw
    said = uint(block.number, 8) + block.hash.raw + uint(block.time, 8)
    return Digest(sha256(_LEAF_PREFIX + _ENTRY_MAGIC + chain + said))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint's text states: the log *origin* has *size* entries under *root*, the last of them *block*."""

    origin: str
    size: int
    root: Digest
    block: Block

    @property
    def text(self) -> str:
        """Return the text that is signed: five lines, each ended by a line feed."""
        block = f"block {self.block.number} {self.block.hash.raw.hex()} {self.block.time}"
        return f"{self.origin}\n{self.size}\n{encoded(self.root.raw)}\n{block}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Return what the text of a note states; raises CheckpointError (``checkpoint.malformed``)."""
        lines = text.split("\n")
        if len(lines) != 5 or lines[4] or not lines[0]:
            raise malformed("the text of a checkpoint is four lines: origin, size, root, and its block")
        origin, size, root, said = lines[:4]
        block = _BLOCK.fullmatch(said)
        if block is None or not _HEX32.fullmatch(block[2]):
            raise malformed(f'the fourth line is "block NUMBER HASH TIME", got {said[:120]!r}')
        entries = decimal(size, "the size")
        if not 1 <= entries <= merkle.MAX_LEAVES:
            raise malformed(f"a log has 1 to {merkle.MAX_LEAVES:,} entries, got {entries:,}")
        return cls(
            origin,
            entries,
            _digest(root, "the root"),
            Block(
                decimal(block[1], "the block's number"),
                Digest(bytes.fromhex(block[2])),
                decimal(block[3], "the block's time", 63),
            ),
        )


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A signed checkpoint with the *path* that leads from its block's entry, the last one, to its root."""

    note: Note
    checkpoint: Checkpoint
    path: tuple[Digest, ...]

    @classmethod
    def of(cls, note: Note, path: Sequence[Digest]) -> OpenedCheckpoint:
        """Return *note* with the path of its last entry; raises CheckpointError when its text is no checkpoint."""
        return cls(note, Checkpoint.parse(note.text), tuple(path))

    @classmethod
    def parse(cls, data: bytes) -> OpenedCheckpoint:
        """Return the opened checkpoint in the form of c2sp.org/tlog-proof; raises CheckpointError.

        Whether path and signatures hold is not looked at. An ``extra`` line is refused: nothing would vouch for it.
        """
        head, empty, note = text_of(data).partition("\n\n")
        lines = head.split("\n")
        if not empty or len(lines) < 2 or lines[0] != _PROOF_FORMAT or not lines[1].startswith("index "):
            raise malformed(f'an opened checkpoint begins with "{_PROOF_FORMAT}" and "index N"')
        opened = cls.of(Note.parse(note.encode("utf-8")), [_digest(line, "a node of the path") for line in lines[2:]])
        index = decimal(lines[1].removeprefix("index "), "the index")
        if index != opened.checkpoint.size - 1:
            raise malformed(f"a checkpoint of {opened.checkpoint.size} entries is opened at its last, got {index}")
        return opened

    def to_bytes(self) -> bytes:
        """Return it in the form of c2sp.org/tlog-proof."""
        lines = [_PROOF_FORMAT, f"index {self.checkpoint.size - 1}", *(encoded(node.raw) for node in self.path)]
        return "\n".join(lines).encode("ascii") + b"\n\n" + self.note.to_bytes()

    def check(self, pins: RegistryPins) -> None:
        """Return when this is a checkpoint about the chain of *pins* and its block is the last entry of its log.

        Raises CheckpointError: ``checkpoint.origin`` for another chain or registry, ``checkpoint.opening`` when the
        path does not lead from the block's entry to the root. Nothing is said about signatures.
        """
        stated, expected = self.checkpoint, origin_of(pins)
        if stated.origin != expected:
            raise CheckpointError(
                f"the checkpoint is of {stated.origin[:120]!r}, expected {expected!r}", code="checkpoint.origin"
            )
        try:
            root = merkle.root_from_path(entry(pins, stated.block), stated.size - 1, stated.size, self.path)
        except AnchorError as error:
            raise CheckpointError(f"the opening of the checkpoint: {error}", code="checkpoint.opening") from error
        if root != stated.root:
            raise CheckpointError(
                f"block {stated.block.number} is not the last of the {stated.size} entries under the stated root",
                code="checkpoint.opening",
            )


def _digest(text: str, what: str) -> Digest:
    raw = octets(text, what)
    if len(raw) != 32:
        raise malformed(f"{what} is 32 bytes, got {len(raw)}")
    return Digest(raw)
