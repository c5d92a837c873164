"""The newest checkpoints that verifiers saw, held against each other (SECURITY 5.2).

One verifier cannot notice that it alone is shown another history. So each says with a report which checkpoint it saw
last, and may be told what others saw. Only checkpoints count that a quorum of witnesses cosigned: of two of those that
contradict each other the proof is public, and nothing that rests on the chain is valid until it is cleared up.
"""

from __future__ import annotations

from dataclasses import dataclass

from jikin.anchoring.checkpoints import OpenedCheckpoint
from jikin.anchoring.checkpoints_policy import SplitViewError
from jikin.anchoring.checkpoints_source import WitnessedBlocks
from jikin.errors import CheckpointError, SettingsError, UnavailableError

MAX_TEXT = 1 << 14  # bytes of a checkpoint that a stranger brings; ours have one or two thousand


@dataclass(frozen=True, slots=True)
class SplitView:
    """Two opened checkpoints (c2sp.org/tlog-proof) that a quorum cosigned each, and *why* they cannot both be true."""

    why: str
    first: str
    second: str

    @classmethod
    def of(cls, error: SplitViewError) -> SplitView:
        """Return what *error* proves."""
        return cls(str(error), _text(error.first), _text(error.second))


@dataclass(frozen=True, slots=True)
class SeenCheckpoints:
    """The checkpoint that a verifier saw last, and the split view that came to light, if one did."""

    newest: str | None = None
    split: SplitView | None = None


def look(witnessed: WitnessedBlocks) -> SeenCheckpoints:
    """Return the newest head that is vouched for now, or the split view that came to light in looking for it."""
    split = None
    try:
        witnessed.newest()
    except SplitViewError as error:
        split = SplitView.of(error)
    except (UnavailableError, SettingsError):
        pass  # nothing newer, or no disk to keep it on: what was seen before is still what was seen last
    return SeenCheckpoints(None if witnessed.seen is None else _text(witnessed.seen), split)


def compare(known: SeenCheckpoints, witnessed: WitnessedBlocks, theirs: str) -> SeenCheckpoints:
    """Return *known* after a stranger told the checkpoint *theirs*, which it saw last.

    What is no checkpoint, is of another registry, or lacks a quorum of our witnesses is passed over: a stranger who
    could make a verifier doubt by a mere claim could make it doubt everything.
    """
    if known.split is not None or len(theirs) > MAX_TEXT:
        return known
    try:
        witnessed.compare(OpenedCheckpoint.parse(theirs.encode("utf-8", "replace")))
    except SplitViewError as error:
        return SeenCheckpoints(known.newest, SplitView.of(error))
    except CheckpointError:
        return known
    return known


def _text(opened: OpenedCheckpoint) -> str:
    return opened.to_bytes().decode("utf-8")
