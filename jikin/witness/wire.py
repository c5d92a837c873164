"""What a log sends a witness (c2sp.org/tlog-witness, add-checkpoint), as a value, read and written."""

from __future__ import annotations

from dataclasses import dataclass

from jikin.anchoring.checkpoints import Checkpoint
from jikin.anchoring.checkpoints_notes import Note, decimal, encoded, malformed, octets, text_of
from jikin.errors import CheckpointError
from jikin.values import Digest

SIZE_TYPE = "text/x.tlog.size"
_MAX_PROOF = 63  # nodes; the specification's limit


class OldSizeError(CheckpointError):
    """The witness has cosigned another size than the one that the request begins with: *size* entries."""

    code = "checkpoint.old-size"

    def __init__(self, size: int) -> None:
        """Keep the size that is right."""
        super().__init__(f"the newest checkpoint cosigned here has {size} entries")
        self.size = size


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A new checkpoint: from how many entries it goes on, the consistency proof from there, and the signed note."""

    old_size: int
    proof: tuple[Digest, ...]
    note: Note

    @classmethod
    def parse(cls, data: bytes) -> AddCheckpoint:
        """Return the request in *data*; raises CheckpointError (``checkpoint.malformed``)."""
        head, empty, note = text_of(data).partition("\n\n")
        old, *nodes = head.split("\n")
        if not empty or not old.startswith("old "):
            raise malformed('a request begins with "old SIZE", the proof and an empty line')
        if len(nodes) > _MAX_PROOF:
            raise malformed(f"a proof has at most {_MAX_PROOF} nodes, got {len(nodes)}")
        proof = [octets(node, "a node of the proof") for node in nodes]
        if any(len(node) != 32 for node in proof):
            raise malformed("a node of the proof is 32 bytes")
        size = decimal(old.removeprefix("old "), "the old size")
        return cls(size, tuple(Digest(node) for node in proof), Note.parse(note.encode("utf-8")))

    def checkpoint(self) -> Checkpoint:
        """Return what the note states; raises CheckpointError."""
        return Checkpoint.parse(self.note.text)

    def to_bytes(self) -> bytes:
        """Return the body of the request."""
        lines = [f"old {self.old_size}", *(encoded(node.raw) for node in self.proof)]
        return "\n".join(lines).encode("ascii") + b"\n\n" + self.note.to_bytes()
