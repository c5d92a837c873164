"""Trusted blocks from witnesses: checkpoints are read from wherever they are published, and nobody of those is trusted.

What was accepted once is kept: an older checkpoint is not taken instead of it, and one that contradicts it is not
passed over but told, with both notes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from jikin.anchoring.checkpoints import OpenedCheckpoint
from jikin.anchoring.checkpoints_notes import MAX_NOTE_BYTES
from jikin.anchoring.checkpoints_policy import Vouched, WitnessPolicy, accept, check_agreement
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
    """The newest checkpoint that was ever accepted; with *file* it outlives the process."""

    def __init__(self, file: Path | None = None) -> None:
        """Begin with what *file* holds; raises SettingsError when that is no checkpoint: it is not just forgotten."""
        self._file = file
        self._seen: OpenedCheckpoint | None = None
        if file is None or not file.exists():
            return
        try:
            self._seen = OpenedCheckpoint.parse(file.read_bytes())
        except (OSError, CheckpointError) as error:
            raise SettingsError(
                f"{file.name} should hold the newest checkpoint seen and cannot be read: {error}",
                code="settings.value",
                hint="look at what happened to it; without it an older checkpoint could be taken for the newest",
            ) from error

    @property
    def seen(self) -> OpenedCheckpoint | None:
        """Return it, None before the first."""
        return self._seen

    def keep(self, opened: OpenedCheckpoint) -> None:
        """Remember *opened*; written whole or not at all. Raises SettingsError when it cannot be written."""
        if opened == self._seen:
            return
        self._seen = opened
        if self._file is None:
            return
        beside = self._file.with_name(self._file.name + ".new")
        try:
            with beside.open("wb") as file:
                file.write(opened.to_bytes())
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._file)
        except OSError as error:
            raise SettingsError(
                f"{self._file.name} cannot be written: {error.strerror}", code="settings.value"
            ) from error


class WitnessedBlocks:
    """A BlockSource: the newest block that a quorum of witnesses vouches for, by any of *readers*.

    *clock* gives the Unix second. Safe to use from several threads.
    """

    def __init__(
        self,
        policy: WitnessPolicy,
        readers: Sequence[CheckpointReader],
        clock: Callable[[], int],
        kept: NewestSeen | None = None,
    ) -> None:
        """Remember whom to ask; nothing is asked yet.

        Raises SettingsError when what was *kept* is about another chain than the policy's.
        """
        self.policy = policy
        self._readers = tuple(readers)
        self._clock = clock
        self._kept = NewestSeen() if kept is None else kept
        self._lock = threading.Lock()
        try:
            if self._kept.seen is not None:
                self._kept.seen.check(policy.pins)
        except CheckpointError as error:
            raise SettingsError(
                f"the newest checkpoint that was kept is not about the pinned registry: {error}",
                code="settings.value",
                hint="a development chain that was started anew is another chain: remove the file that was kept",
            ) from error

    @property
    def seen(self) -> OpenedCheckpoint | None:
        """Return the newest checkpoint that was ever accepted, to show other verifiers; None before the first."""
        return self._kept.seen

    def newest(self) -> TrustedBlock:
        """Return the newest block that is vouched for; never an older one than before.

        Raises ChainUnavailableError (``chain.no-checkpoint``) when no checkpoint that is published, nor the one that
        was kept, is vouched for well enough now; SplitViewError when two that a quorum cosigned contradict each other.
        """
        return self.newest_checkpoint().trusted

    def newest_checkpoint(self) -> Vouched:
        """Return the checkpoint that ``newest`` rests on, for a proof pack; raises as ``newest``."""
        offered, faults = [], []
        for reader in self._readers:
            try:
                offered.append((reader.name, OpenedCheckpoint.parse(reader.read())))
            except (CheckpointError, UnavailableError) as error:
                faults.append(f"{reader.name}: {error}")
        with self._lock:
            best = self._best(offered, faults)
            self._kept.keep(best.opened)
        return best

    def compare(self, other: OpenedCheckpoint) -> None:
        """Return when *other*, which somebody else saw, can be true beside what was accepted here.

        Raises SplitViewError when it cannot and a quorum of the policy cosigned it.
        """
        if (seen := self.seen) is not None:
            check_agreement(seen, other, self.policy)

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
