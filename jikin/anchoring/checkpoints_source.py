"""Trusted blocks from witnesses: checkpoints are read from wherever they are published, and nobody of those is trusted.

What was accepted once is kept: an older checkpoint is not taken instead of it, and one that contradicts it is not
passed over but told, with both notes.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from jikin.anchoring.chain import Block
from jikin.anchoring.checkpoints import OpenedCheckpoint
from jikin.anchoring.checkpoints_notes import MAX_NOTE_BYTES
from jikin.anchoring.checkpoints_policy import (
    SplitViewError,
    Vouched,
    WitnessPolicy,
    accept,
    accept_once,
    by_quorum,
    check_agreement,
)
from jikin.anchoring.trusted import TrustedBlock
from jikin.errors import ChainUnavailableError, CheckpointError, SettingsError, UnavailableError


class CheckpointReader(Protocol):
    """Where opened checkpoints are published (c2sp.org/tlog-proof)."""

    @property
    def name(self) -> str:
        """Return what the place is called in messages: never a secret of its address."""

    def read(self) -> bytes:
        """Return the newest opened checkpoint there; raises UnavailableError."""


class CheckpointFile:
    """A CheckpointReader of one file."""

    def __init__(self, path: Path) -> None:
        """Remember the file."""
        self._path = path

    @property
    def name(self) -> str:
        """Return the name of the file without its folders."""
        return self._path.name

    def read(self) -> bytes:
        """Return the bytes of the file, one more than a note may have at most; raises ChainUnavailableError."""
        try:
            with self._path.open("rb") as file:
                return file.read(MAX_NOTE_BYTES + 1)
        except OSError as error:
            raise ChainUnavailableError(f"{self.name} cannot be read: {error.strerror}", code=_NONE) from error


class NewestSeen:
    """The newest checkpoint ever accepted, and the proof of a split view; with *file* they outlive the process.

    The proof lies beside *file*, as ``.split-1`` and ``.split-2``, until somebody takes it away by hand.
    """

    def __init__(self, file: Path | None = None) -> None:
        """Begin with what *file* holds; raises SettingsError when that is no checkpoint: it is not just forgotten."""
        self._file = file
        self._seen = _loaded(file)
        first, second = (_loaded(self._beside(f".split-{number}")) for number in (1, 2))
        self._split = None if first is None or second is None else (first, second)

    @property
    def seen(self) -> OpenedCheckpoint | None:
        """Return it, None before the first."""
        return self._seen

    @property
    def split(self) -> tuple[OpenedCheckpoint, OpenedCheckpoint] | None:
        """Return the two that contradict each other, None while there are none."""
        return self._split

    def forget(self) -> None:
        """Remember nothing any more; what lies on the disk is written over by the next that is kept."""
        self._seen = self._split = None

    def keep(self, opened: OpenedCheckpoint) -> None:
        """Remember *opened*; written whole or not at all. Raises SettingsError when it cannot be written."""
        if opened != self._seen:
            self._seen = opened
            _store(self._file, opened)

    def keep_split(self, first: OpenedCheckpoint, second: OpenedCheckpoint) -> None:
        """Remember the proof of a split view, the first that came to light; raises as ``keep``."""
        if self._split is None:
            self._split = (first, second)
            for number, opened in enumerate(self._split, 1):
                _store(self._beside(f".split-{number}"), opened)

    def _beside(self, ending: str) -> Path | None:
        return None if self._file is None else self._file.with_name(self._file.name + ending)


def _loaded(file: Path | None) -> OpenedCheckpoint | None:
    if file is None or not file.exists():
        return None
    try:
        return OpenedCheckpoint.parse(file.read_bytes())
    except (OSError, CheckpointError) as error:
        raise SettingsError(
            f"{file.name} should hold a checkpoint that was seen and cannot be read: {error}",
            code="settings.value",
            hint="look at what happened to it; without it an older checkpoint could be taken for the newest",
        ) from error


def _store(file: Path | None, opened: OpenedCheckpoint) -> None:
    if file is None:
        return
    beside = file.with_name(file.name + ".new")
    try:
        with beside.open("wb") as written:
            written.write(opened.to_bytes())
            written.flush()
            os.fsync(written.fileno())
        beside.replace(file)
    except OSError as error:
        raise SettingsError(f"{file.name} cannot be written: {error.strerror}", code="settings.value") from error


class WitnessedBlocks:
    """A BlockSource and BlockVoucher: the newest block that a quorum of witnesses vouches for, by any of *readers*.

    *clock* gives the Unix second. Safe to use from several threads. The places are read *every_seconds* at most, by one
    thread at a time; in between, and while a place is silent, what was kept is judged anew.
    """

    def __init__(
        self,
        policy: WitnessPolicy,
        readers: Sequence[CheckpointReader],
        clock: Callable[[], int],
        kept: NewestSeen | None = None,
        *,
        every_seconds: int = 10,
    ) -> None:
        """Remember whom to ask; nothing is asked yet.

        Raises SettingsError when what was *kept* is about another chain than the policy's.
        """
        self.policy = policy
        self._readers = tuple(readers)
        self._clock = clock
        self._kept = NewestSeen() if kept is None else kept
        self._every = every_seconds
        self._asked_at: int | None = None
        self._faults: list[str] = []
        self._reading = threading.Lock()
        self._lock = threading.Lock()
        if self._kept.seen is None:
            return
        try:
            self._kept.seen.check(policy.pins)
        except CheckpointError as error:
            raise SettingsError(
                f"the newest checkpoint that was kept is not about the pinned registry: {error}",
                code="settings.value",
                hint="a development chain that was started anew is another chain: remove the file that was kept",
            ) from error
        if not by_quorum(self._kept.seen, policy):
            self._kept.forget()  # other witnesses are trusted now: what the former ones said binds nobody

    @property
    def seen(self) -> OpenedCheckpoint | None:
        """Return the newest checkpoint that was ever accepted, to show other verifiers; None before the first."""
        return self._kept.seen

    def newest(self) -> TrustedBlock:
        """Return the newest block that is vouched for; never an older one than before.

        Raises ChainUnavailableError (``chain.no-checkpoint``) when no checkpoint that is published, nor the one that
        was kept, is vouched for well enough now; SplitViewError when two that a quorum cosigned contradict each other,
        and from then on: which of the histories is the true one is not for a program to say.
        """
        return self.newest_checkpoint().trusted

    def newest_checkpoint(self) -> Vouched:
        """Return the checkpoint that ``newest`` rests on, for a proof pack; raises as ``newest``."""
        # Who has something to judge by does not wait for another thread that waits for a silent place.
        if not self._reading.acquire(blocking=self.seen is None):
            return self._accepted(())
        try:
            now = self._clock()
            if self._asked_at is not None and 0 <= now - self._asked_at < self._every:
                return self._accepted(())
            self._asked_at = now
            return self._accepted(self._read())
        finally:
            self._reading.release()

    def _read(self) -> list[tuple[str, OpenedCheckpoint]]:
        """Return what is published now, and keep what was in the way of the rest."""
        offered, faults = [], []
        for reader in self._readers:
            try:
                offered.append((reader.name, OpenedCheckpoint.parse(reader.read())))
            except (CheckpointError, UnavailableError) as error:
                faults.append(f"{reader.name}: {error}")
        self._faults = faults
        return offered

    def _accepted(self, offered: Sequence[tuple[str, OpenedCheckpoint]]) -> Vouched:
        with self._lock:
            self._check_kept_split()
            try:
                best = self._best(offered, list(self._faults))
            except SplitViewError as error:
                self._remember(error)
                raise
            self._kept.keep(best.opened)
        return best

    def checkpoint_of(self, block: Block) -> bytes | None:
        """Return the opened checkpoint of *block*, if that is the newest seen: what a proof pack carries."""
        seen = self.seen
        return seen.to_bytes() if seen is not None and seen.checkpoint.block == block else None

    def vouch(self, block: Block, checkpoint: bytes | None) -> TrustedBlock:
        """Return *block* as vouched for by the opened *checkpoint* that came with it, however long ago.

        Nobody is asked. Raises ChainUnavailableError (``chain.no-checkpoint``) when none came with it, or one of other
        witnesses or another registry; CheckpointError when it does not hold or speaks of another block; SplitViewError.
        """
        if checkpoint is None:
            raise ChainUnavailableError(f"nothing that came with block {block.number} vouches for it", code=_NONE)
        opened = OpenedCheckpoint.parse(checkpoint)
        if opened.checkpoint.block != block:
            raise CheckpointError(
                f"the checkpoint vouches for block {opened.checkpoint.block.number} {opened.checkpoint.block.hash}, "
                f"not for block {block.number} {block.hash}",
                code="checkpoint.block",
            )
        self.compare(opened)
        try:
            return accept_once(opened, self.policy, self._clock()).trusted
        except CheckpointError as error:
            if error.code in _OF_OTHERS:
                raise ChainUnavailableError(str(error), code=_NONE) from error
            raise

    def compare(self, other: OpenedCheckpoint) -> None:
        """Return when *other*, which somebody else saw, can be true beside what was accepted here.

        Raises SplitViewError when it cannot and a quorum of the policy cosigned it, and from then on.
        """
        with self._lock:
            self._check_kept_split()
            try:
                if (seen := self.seen) is not None:
                    check_agreement(seen, other, self.policy)
            except SplitViewError as error:
                self._remember(error)
                raise

    def _remember(self, split: SplitViewError) -> None:
        with contextlib.suppress(SettingsError):  # a full disk must not hide it; this process knows it in any case
            self._kept.keep_split(split.first, split.second)

    def _check_kept_split(self) -> None:
        if self._kept.split is not None:
            check_agreement(*self._kept.split, self.policy)  # a policy with other witnesses may judge it otherwise

    def _best(self, offered: Sequence[tuple[str, OpenedCheckpoint]], faults: list[str]) -> Vouched:
        """Return the newest that holds; every pair is compared first, so that no order of reading hides a split."""
        now = self._clock()
        known = offered if self.seen is None else [("the newest seen", self.seen), *offered]
        for place, (_, one) in enumerate(known):
            for _, other in known[:place]:
                check_agreement(one, other, self.policy)
        held: list[Vouched] = []
        for name, opened in known:
            if self.seen is not None and opened.checkpoint.size < self.seen.checkpoint.size:
                faults.append(f"{name}: block {opened.checkpoint.block.number} is older than what was seen before")
                continue
            try:
                held.append(accept(opened, self.policy, now))
            except CheckpointError as error:
                faults.append(f"{name}: {error}")
        if not held:
            raise ChainUnavailableError(
                "no block is vouched for: " + ("; ".join(faults) or "no checkpoint is published"),
                code=_NONE,
                hint="ask again when the witnesses have cosigned, or whoever runs their log",
            )
        return max(held, key=lambda each: (each.checkpoint.size, each.trusted.vouched_at))


_NONE = "chain.no-checkpoint"
_OF_OTHERS = frozenset({"checkpoint.origin", "checkpoint.witnesses"})
