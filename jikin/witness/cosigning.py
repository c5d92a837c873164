"""A witness: it cosigns a checkpoint after it has seen every block of the log on its own node, and never two for one.

The order is the rule (SECURITY 5.2): look, write down, flush, and only then sign. Whoever kills the process in between
gets no signature for a block that is not written down, and so no second history later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from jikin.anchoring import consistency
from jikin.anchoring.chain import Block
from jikin.anchoring.checkpoints import Checkpoint, OpenedCheckpoint
from jikin.anchoring.checkpoints_notes import Note, NoteKey, SignatureLine, check_signature, cosign
from jikin.errors import AnchorError, ChainUnavailableError, CheckpointError
from jikin.values import Signer
from jikin.witness.node import Blocks
from jikin.witness.state import State
from jikin.witness.wire import AddCheckpoint, OldSizeError


@dataclass(frozen=True, slots=True)
class Witness:
    """One witness of one log: its *name* and *signer*, the log's key, its own node, and what it has said so far.

    *depth*: how many blocks confirm a block, itself the first, before it is cosigned. *clock*: the Unix second.
    """

    name: str
    signer: Signer = field(repr=False)
    log_key: NoteKey
    blocks: Blocks
    state: State
    depth: int
    clock: Callable[[], int] = field(repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add_checkpoint(self, request: AddCheckpoint) -> SignatureLine:
        """Return our cosignature of the checkpoint in *request*.

        Raises CheckpointError, by code: ``checkpoint.origin`` (another log), ``checkpoint.log-signature`` (not by the
        log's key), ``checkpoint.old-size``, ``checkpoint.step`` (more than one new entry), ``checkpoint.inconsistent``
        (no continuation of what was cosigned), ``checkpoint.block`` (our node has another block there, now or any
        more), ``checkpoint.order``, ``checkpoint.too-early`` (not deep enough yet); ChainUnavailableError.
        """
        checkpoint = request.checkpoint()
        log = self.state.log
        if checkpoint.origin != log.origin:
            raise CheckpointError(f"only the log {log.origin!r} is witnessed here", code="checkpoint.origin")
        self._check_log_signature(request.note)
        if request.old_size > checkpoint.size:
            raise CheckpointError("the old size is above the checkpoint's", code="checkpoint.malformed")
        with self._lock:
            if request.old_size != len(log):
                raise OldSizeError(len(log))
            self._check_step(request, checkpoint)
            self._check_block(checkpoint.block)
            if checkpoint.size > len(log):
                self.state.append(checkpoint.block)
            # From here on the disk knows that this hash, and no other, has this number.
            line = cosign(request.note.text, self.name, self.signer, self.clock())
            kept = (*(each for each in request.note.signatures if self.log_key.signed(each)), line)
            opening = log.opening(checkpoint.size)
            self.state.publish(OpenedCheckpoint(Note(request.note.text, kept), checkpoint, opening))
            return line

    def _check_log_signature(self, note: Note) -> None:
        lines = [line for line in note.signatures if self.log_key.signed(line)]
        if not lines:
            raise CheckpointError(f"the log {self.log_key.name!r} has not signed the checkpoint", code=_LOG_SIGNATURE)
        try:
            for line in lines:
                check_signature(note.text, line, self.log_key)
        except CheckpointError as error:
            raise CheckpointError(str(error), code=_LOG_SIGNATURE) from error

    def _check_step(self, request: AddCheckpoint, checkpoint: Checkpoint) -> None:
        """Return when the checkpoint is the one that was cosigned last, or has exactly one entry more."""
        log, size = self.state.log, len(self.state.log)
        if checkpoint.size > size + 1:
            # Entries in between would be vouched for unseen. The log brings a witness that was away up one by one.
            raise CheckpointError(
                f"the checkpoint has {checkpoint.size} entries, {size} are cosigned here: right would be one more",
                code="checkpoint.step",
            )
        try:
            if size:
                consistency.check(size, log.checkpoint().root, checkpoint.size, checkpoint.root, request.proof)
            elif request.proof:
                raise AnchorError("from an empty log on there is nothing to prove")
        except AnchorError as error:
            raise CheckpointError(str(error), code=_INCONSISTENT) from error
        expected = log.checkpoint() if checkpoint.size == size else log.following(checkpoint.block)
        if checkpoint != expected:
            raise CheckpointError(
                f"the checkpoint is no continuation of the {size} entries that were cosigned here", code=_INCONSISTENT
            )

    def _check_block(self, block: Block) -> None:
        """Return when our own node has this very block, deep enough; raises CheckpointError."""
        newest = self.blocks.newest()
        if newest.number < block.number + self.depth - 1:
            raise CheckpointError(
                f"block {block.number} is to be {self.depth} blocks deep, and our newest is {newest.number}",
                code="checkpoint.too-early",
            )
        try:
            own = self.blocks.at(block.number)
        except ChainUnavailableError as error:
            if error.code != "chain.block-missing":
                raise
            raise CheckpointError(f"our node has no block {block.number}", code="checkpoint.too-early") from error
        if own != block:
            raise CheckpointError(
                f"our node has {own.hash} of second {own.time} as block {block.number}, "
                f"the checkpoint {block.hash} of second {block.time}",
                code="checkpoint.block",
            )


_LOG_SIGNATURE = "checkpoint.log-signature"
_INCONSISTENT = "checkpoint.inconsistent"
