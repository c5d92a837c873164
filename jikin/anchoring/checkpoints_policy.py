"""Whether a checkpoint is vouched for well enough, and whether two of them contradict each other. Rules alone.

The attacks (SECURITY 5.2): one witness that speaks under several names, an old checkpoint shown as new, one that is
dated ahead to stay new for long, the checkpoint of another chain, and two histories shown to two verifiers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jikin.anchoring.chain import RegistryPins
from jikin.anchoring.checkpoints import Checkpoint, OpenedCheckpoint
from jikin.anchoring.checkpoints_notes import WITNESS, Note, NoteKey, SignatureLine, cosigned_at
from jikin.anchoring.trusted import TrustedBlock, Voucher
from jikin.errors import CheckpointError

MIN_QUORUM = 2  # one witness alone is the node once more, under another name
AHEAD_SECONDS = 60  # how far the clocks of witness and verifier may differ


@dataclass(frozen=True, slots=True)
class WitnessPolicy:
    """Whose cosignatures count: *quorum* different keys of *witnesses*, each not older than *max_age_seconds*."""

    pins: RegistryPins
    witnesses: tuple[NoteKey, ...]
    quorum: int
    max_age_seconds: int

    def __post_init__(self) -> None:
        """Refuse with CheckpointError (``checkpoint.policy``) a policy that nobody or too few could meet."""
        if strange := [key.name for key in self.witnesses if key.type != WITNESS]:
            raise _unfit(f"the keys of {', '.join(strange)} are no witnesses' keys (type 4)")
        keys = len({key.raw for key in self.witnesses})
        if not MIN_QUORUM <= self.quorum <= keys:
            raise _unfit(f"the quorum is {self.quorum}; right would be {MIN_QUORUM} to {keys}, the different keys")
        if self.max_age_seconds < 1:
            raise _unfit(f"the age is {self.max_age_seconds} seconds; right would be at least one")


@dataclass(frozen=True, slots=True)
class Vouched:
    """A checkpoint that holds, and the block that may be trusted for it."""

    opened: OpenedCheckpoint
    trusted: TrustedBlock

    @property
    def checkpoint(self) -> Checkpoint:
        """Return what it states."""
        return self.opened.checkpoint


class SplitViewError(CheckpointError):
    """Two checkpoints, each cosigned by a quorum, that cannot both be true; the two notes are the proof for everybody.

    *first* and *second* are opened checkpoints as ``OpenedCheckpoint.to_bytes`` writes them.
    """

    code = "checkpoint.split-view"

    def __init__(self, why: str, first: OpenedCheckpoint, second: OpenedCheckpoint) -> None:
        """Keep both notes and say *why* they contradict each other."""
        super().__init__(
            f"witnesses cosigned two histories of one chain: {why}",
            hint="keep both notes and show them to the operators of the witnesses; trust neither until they answer",
        )
        self.first = first
        self.second = second


def accept(opened: OpenedCheckpoint, policy: WitnessPolicy, now: int) -> Vouched:
    """Return *opened* as vouched for at *now* (Unix second), counted from the oldest cosignature that is needed.

    Raises CheckpointError: ``checkpoint.origin``, ``checkpoint.opening``, ``checkpoint.signature`` (a known key's line
    that is not by it: the whole note falls), ``checkpoint.witnesses`` for less than the quorum, ``checkpoint.stale``
    and ``checkpoint.future`` when there are enough, and too many of them old or ahead of time.
    """
    times = cosigners(opened, policy)
    oldest, newest = now - policy.max_age_seconds, now + AHEAD_SECONDS
    fresh = sorted((time for time in times.values() if oldest <= time <= newest), reverse=True)
    if len(fresh) >= policy.quorum:
        since = min(fresh[policy.quorum - 1], now)
        return Vouched(opened, TrustedBlock(opened.checkpoint.block, Voucher.WITNESSES, since))
    block = opened.checkpoint.block.number
    if len(times) < policy.quorum:
        raise CheckpointError(
            f"{len(times)} different witnesses of the policy cosigned block {block}, {policy.quorum} are needed",
            code="checkpoint.witnesses",
        )
    if any(time > newest for time in times.values()):
        raise CheckpointError(
            f"cosignatures of block {block} are dated more than {AHEAD_SECONDS} s ahead of our clock",
            code="checkpoint.future",
        )
    raise CheckpointError(
        f"{len(fresh)} of the {policy.quorum} cosignatures of block {block} that are needed are younger than "
        f"{policy.max_age_seconds} s",
        code="checkpoint.stale",
    )


def accept_once(opened: OpenedCheckpoint, policy: WitnessPolicy, now: int) -> Vouched:
    """Return *opened* as vouched for at some time, however long ago: for a proof pack, which says as of when it holds.

    Raises CheckpointError as ``accept``, but for ``checkpoint.stale``.
    """
    times = [time for time in cosigners(opened, policy).values() if time <= now + AHEAD_SECONDS]
    if len(times) < policy.quorum:
        raise CheckpointError(
            f"{len(times)} different witnesses of the policy cosigned block {opened.checkpoint.block.number} until "
            f"now, {policy.quorum} are needed",
            code="checkpoint.witnesses",
        )
    since = min(sorted(times, reverse=True)[policy.quorum - 1], now)
    return Vouched(opened, TrustedBlock(opened.checkpoint.block, Voucher.WITNESSES, since))


def cosigners(opened: OpenedCheckpoint, policy: WitnessPolicy) -> Mapping[bytes, int]:
    """Return when each key of the policy cosigned *opened*, by key; raises CheckpointError as ``accept``.

    Counted are keys, not names: one key under two names is one witness. Of its cosignatures the newest counts.
    """
    opened.check(policy.pins)
    times: dict[bytes, int] = {}
    for line, key in _known_lines(opened.note, policy.witnesses):
        time = cosigned_at(opened.note.text, line, key)
        times[key.raw] = max(time, times.get(key.raw, 0))
    return times


def _known_lines(note: Note, keys: tuple[NoteKey, ...]) -> list[tuple[SignatureLine, NoteKey]]:
    return [(line, key) for line in note.signatures for key in keys if key.signed(line)]


def check_agreement(first: OpenedCheckpoint, second: OpenedCheckpoint, policy: WitnessPolicy) -> None:
    """Return when the two can both be true; raises SplitViewError when they cannot and a quorum cosigned each.

    How old they are does not matter: a history is not rewritten by waiting. A note without a quorum proves nothing
    against anybody (one witness, or one thief of its key, could otherwise stop every verifier) and is passed over.
    """
    why = contradiction(first.checkpoint, second.checkpoint)
    if why is not None and all(by_quorum(each, policy) for each in (first, second)):
        raise SplitViewError(why, first, second)


def contradiction(first: Checkpoint, second: Checkpoint) -> str | None:
    """Return why two checkpoints of one log cannot both be true; None if they can, as far as they alone tell.

    A log only grows, and the numbers of its blocks rise: so size and number are both the same, with everything else the
    same too, or both larger. What lies under two roots of different size is for a consistency proof to say.
    """
    if first.origin != second.origin or first == second:
        return None
    one, other = first.block, second.block
    if one.number == other.number and one.hash != other.hash:
        return f"block {one.number} is {one.hash} in one and {other.hash} in the other"
    if first.size == second.size and first.root != second.root:
        return f"{first.size} entries have the root {first.root} in one and {second.root} in the other"
    grown = first.size != second.size and one.number != other.number
    if not grown or (first.size > second.size) != (one.number > other.number):
        return (
            f"block {one.number} is the last of {first.size} entries in one, "
            f"block {other.number} the last of {second.size} in the other"
        )
    return None


def by_quorum(opened: OpenedCheckpoint, policy: WitnessPolicy) -> bool:
    """Say whether a quorum of the policy cosigned *opened*, whenever that was."""
    try:
        return len(cosigners(opened, policy)) >= policy.quorum
    except CheckpointError:
        return False


def _unfit(why: str) -> CheckpointError:
    return CheckpointError(f"the policy of witnesses: {why}", code="checkpoint.policy")
