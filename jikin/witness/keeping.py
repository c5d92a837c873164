"""The keeper of a log: it adds the newest deep block, has the witnesses cosign it, and shows what a quorum cosigned."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from jikin.anchoring.checkpoints import OpenedCheckpoint
from jikin.anchoring.checkpoints_notes import Note, NoteKey, SignatureLine, cosigned_at, sign
from jikin.errors import CheckpointError, UnavailableError
from jikin.values import Signer
from jikin.witness.node import Blocks, deep
from jikin.witness.state import State
from jikin.witness.wire import AddCheckpoint, OldSizeError

_MOST_STEPS = 500  # per witness and round: one that was away long is brought up in several
_STEP_SECONDS = 10.0  # likewise: no further step is begun after that


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


class _Errand(threading.Thread):
    """One witness being asked. A daemon: a witness that never answers must not keep the program from ending."""

    def __init__(
        self, ask: Callable[[WitnessDoor, Note, int], SignatureLine | str], door: WitnessDoor, note: Note, size: int
    ) -> None:
        super().__init__(name="log-errand", daemon=True)
        self.note = note
        self.answer: SignatureLine | str = f"{door.key.name}: the request failed"
        self._ask = partial(ask, door, note, size)
        self.start()

    def run(self) -> None:
        self.answer = self._ask()


@dataclass(frozen=True, slots=True)
class Log:
    """A log: its *signer*, its own node, the doors of its witnesses, and what was written down.

    *depth* as for witnesses; *quorum*: how many witnesses must have cosigned before a checkpoint is shown. *clock*: the
    Unix second. *patience_seconds*: how long a round waits for them; one that is silent does not hold up the others.
    """

    signer: Signer = field(repr=False)
    blocks: Blocks
    witnesses: Sequence[WitnessDoor]
    state: State
    depth: int
    quorum: int
    clock: Callable[[], int] = field(repr=False)
    patience_seconds: float = 15.0
    _errands: dict[bytes, _Errand] = field(default_factory=dict, repr=False)
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
            answers = self._asked(note, len(log))
            lines = [answer for answer in answers if isinstance(answer, SignatureLine)]
            faults = tuple(answer for answer in answers if isinstance(answer, str))
            published = len(lines) >= self.quorum
            if published:
                whole = Note(note.text, (*note.signatures, *lines))
                self.state.publish(OpenedCheckpoint.of(whole, log.opening(len(log))))
            return Round(len(log), len(lines), published, faults)

    def _asked(self, note: Note, size: int) -> list[SignatureLine | str]:
        """Ask all witnesses at once and return what each answered in time, or what is in the way."""
        for door in self.witnesses:
            running = self._errands.get(door.key.raw)
            if running is None or not running.is_alive():  # else it is still silent about an earlier round
                self._errands[door.key.raw] = _Errand(self._cosigned, door, note, size)
        deadline = time.monotonic() + self.patience_seconds
        answers: list[SignatureLine | str] = []
        for door in self.witnesses:
            errand = self._errands[door.key.raw]
            if errand.note is note:
                errand.join(max(0.0, deadline - time.monotonic()))
            in_time = errand.note is note and not errand.is_alive()
            answers.append(errand.answer if in_time else f"{door.key.name}: it does not answer in time")
        return answers

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

    def _cosigned(self, door: WitnessDoor, note: Note, newest: int) -> SignatureLine | str:
        """Return the witness's cosignature of *note*, the checkpoint of *newest* entries, or what is in the way."""
        try:
            return self._brought_up(door, note, newest)
        except (CheckpointError, UnavailableError) as error:
            self._sizes.pop(door.key.raw, None)
            return f"{door.key.name}: {error}"

    def _brought_up(self, door: WitnessDoor, note: Note, newest: int) -> SignatureLine:
        """Bring the witness to *newest* entries, one by one, and return its cosignature of the last."""
        log, begun = self.state.log, time.monotonic()
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
            if time.monotonic() - begun > _STEP_SECONDS:
                break
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
