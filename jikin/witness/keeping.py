"""The keeper of a log: it adds the newest deep block, has the witnesses cosign it, and shows what a quorum cosigned."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from jikin.anchoring.checkpoints import OpenedCheckpoint
from jikin.anchoring.checkpoints_notes import Note, NoteKey, SignatureLine, cosigned_at, sign
from jikin.errors import CheckpointError, UnavailableError
from jikin.values import Signer
from jikin.witness.node import Blocks, deep
from jikin.witness.state import State
from jikin.witness.wire import AddCheckpoint, OldSizeError

_MOST_STEPS = 500  # per witness and round: one that was away long is brought up in several


class WitnessDoor(Protocol):
    """A witness as the log reaches it."""

    @property
    def key(self) -> NoteKey:
        """Return the key by which its cosignatures are known."""

    def add(self, request: AddCheckpoint) -> Sequence[SignatureLine]:
        """Return the cosignatures it answers; raises OldSizeError, CheckpointError (refused), UnavailableError."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round came to: how many witnesses cosigned, whether it is published, and what was in the way."""

    size: int
    cosigned: int
    published: bool
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """A log: its *signer*, its own node, the doors of its witnesses, and what was written down.

    *depth* as for witnesses; *quorum*: how many witnesses must have cosigned before a checkpoint is shown. *clock*: the
    Unix second.
    """

    signer: Signer = field(repr=False)
    blocks: Blocks
    witnesses: Sequence[WitnessDoor]
    state: State
    depth: int
    quorum: int
    clock: Callable[[], int] = field(repr=False)
    _sizes: dict[bytes, int] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def round(self) -> Round:
        """Add the newest deep block, if it is new, and have the newest checkpoint cosigned, also when it is not new.

        Raises CheckpointError (``checkpoint.block``) when the chain has lost a block of the log: nothing is signed any
        more then, for the log would have to take something back. ChainUnavailableError.
        """
        with self._lock:
            self._grow()
            log = self.state.log
            if not len(log):
                return Round(0, 0, published=False, faults=("the chain is not long enough yet",))
            note = self._note(len(log))
            with ThreadPoolExecutor(max(1, len(self.witnesses))) as pool:
                answers = list(pool.map(lambda door: self._cosigned(door, note), self.witnesses))
            lines = [answer for answer in answers if isinstance(answer, SignatureLine)]
            faults = tuple(answer for answer in answers if isinstance(answer, str))
            published = len(lines) >= self.quorum
            if published:
                whole = Note(note.text, (*note.signatures, *lines))
                self.state.publish(OpenedCheckpoint.of(whole, log.opening(len(log))))
            return Round(len(log), len(lines), published, faults)

    def _grow(self) -> None:
        newest = deep(self.blocks, self.depth)
        last = self.state.log.last
        if last is not None and (now := self.blocks.at(last.number)) != last:
            raise CheckpointError(
                f"block {last.number} was {last.hash} when it was logged, and the node has {now.hash} now: "
                f"a reorganisation deeper than {self.depth} blocks, or another chain",
                code="checkpoint.block",
                hint="find out what happened to the chain; a log cannot take an entry back",
            )
        if newest is not None and (last is None or newest.number > last.number):
            self.state.append(newest)

    def _note(self, size: int) -> Note:
        checkpoint = self.state.log.checkpoint(size)
        return Note(checkpoint.text, (sign(checkpoint.text, checkpoint.origin, self.signer),))

    def _cosigned(self, door: WitnessDoor, note: Note) -> SignatureLine | str:
        """Return the witness's cosignature of *note*, the newest checkpoint, or what is in the way."""
        try:
            return self._brought_up(door, note)
        except (CheckpointError, UnavailableError) as error:
            self._sizes.pop(door.key.raw, None)
            return f"{door.key.name}: {error}"

    def _brought_up(self, door: WitnessDoor, note: Note) -> SignatureLine:
        """Bring the witness to the newest checkpoint, entry by entry, and return its cosignature of that one."""
        log = self.state.log
        newest = len(log)
        known, corrected = self._sizes.get(door.key.raw, newest), False
        for _ in range(_MOST_STEPS):
            following = min(known + 1, newest)
            signed = note if following == newest else self._note(following)
            request = AddCheckpoint(known, log.consistency(known, following), signed)
            try:
                lines = door.add(request)
            except OldSizeError as error:
                if error.size > newest:
                    raise CheckpointError(
                        f"it has cosigned {error.size} entries of this log, which has {newest}: entries were lost here",
                        code="checkpoint.size",
                    ) from error
                if corrected:  # it would keep us busy for ever
                    raise
                known, corrected = error.size, True
                continue
            known = self._sizes[door.key.raw] = following
            if following == newest:
                return self._by(door.key, note.text, lines)
        raise CheckpointError(
            f"it is at {known} of {newest} entries, and is brought up further", code="checkpoint.step"
        )

    @staticmethod
    def _by(key: NoteKey, text: str, lines: Sequence[SignatureLine]) -> SignatureLine:
        for line in lines:
            if key.signed(line):
                cosigned_at(text, line, key)
                return line
        raise CheckpointError("it answered no cosignature by its key", code="checkpoint.witnesses")
