"""Truth: the fold of all changes under the rights recorded with them (``docs/spec/statements.md``, line 7).

The contract records who changed what and with which rights, but it cannot know the array. So readers decide which
moves count: a key that may only suspend can do nothing else, whatever root it publishes (SECURITY 2.1).

    revoke    0 → 1, 2, 3    2 → 0, 1, 3
    suspend   0 → 2          2 → 0
    annul     1 → 0          3 → 0         in the seven days after the epoch that set the state, and never later

Otherwise revoked and replaced never move again: a thief of one key can end certificates, and owner and accreditor
together have a week to take that back (SECURITY 2.2). A change that does not rise above the entries before it in its
epoch, lies beyond the list, or is not allowed is void; the rest of the epoch stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import StatusEpoch, StatusHistory
from jikin.anchoring.changes import Change, scan
from jikin.errors import StatusError
from jikin.status.array import ENTRIES_PER_BYTE, State, StatusArray, check_entries, check_index
from jikin.values import format_instant

# A state that ended a certificate is final when its epoch is this old: an annulment is younger, by a second at least.
FINAL_AFTER_SECONDS = 7 * 86_400

NEVER = (1 << 40) - 1  # the last second that the registry's slots have room for

_MOVES: Mapping[Rights, frozenset[tuple[int, int]]] = {
    Rights.REVOKE: frozenset({(0, 1), (0, 2), (0, 3), (2, 0), (2, 1), (2, 3)}),
    Rights.SUSPEND: frozenset({(0, 2), (2, 0)}),
    Rights.ANNUL: frozenset({(1, 0), (3, 0)}),
}


class VoidReason(Enum):
    """Why a change does not count; the value is the word in messages."""

    OUT_OF_ORDER = "out of order"
    BEYOND_THE_LIST = "beyond the list"
    NOT_ALLOWED = "not allowed by the rights"
    FINAL = "final, seven days after its epoch"


@dataclass(frozen=True, slots=True)
class VoidChange:
    """A published change that does not count: in which epoch, what it asked for, and why not."""

    epoch: int
    change: Change
    reason: VoidReason


@dataclass(frozen=True, slots=True)
class Move:
    """Entry got *state* in epoch *epoch*."""

    epoch: int
    state: State


@dataclass(frozen=True, slots=True)
class Folded:
    """The array after the last epoch, when each entry moved, and what was void."""

    array: StatusArray
    void: tuple[VoidChange, ...]
    # entry → epoch · 4 + state of each move, oldest first: plain numbers, since a list can have millions of moves
    _moves: Mapping[int, Sequence[int]] = field(repr=False)

    def moves(self, index: int) -> tuple[Move, ...]:
        """Return the moves of entry *index*, oldest first; none for one that was always valid. Raises StatusError."""
        check_index(index, self.array.entries)
        return tuple(Move(packed >> 2, State(packed & 3)) for packed in self._moves.get(index, ()))

    def moved(self) -> Mapping[int, Mapping[int, State]]:
        """Return for each epoch that moved anything: entry → its new state. For whoever retraces the epochs."""
        found: dict[int, dict[int, State]] = {}
        for index, moves in self._moves.items():
            for packed in moves:
                found.setdefault(packed >> 2, {})[index] = State(packed & 3)
        return found


def allowed_moves(rights: Rights) -> frozenset[tuple[int, int]]:
    """Return the (old, new) states that an epoch published with *rights* can move between.

    Those of an annulment are bound to a time besides; see the top.
    """
    return frozenset().union(*(moves for right, moves in _MOVES.items() if right in rights))


def fold(history: StatusHistory) -> Folded:
    """Return what the changes of *history* make of a list that was all valid.

    Raises StatusError for a size that no list has, AnchorError for changes that are no multiple of three bytes. Whether
    the history is the one on record is for the snapshot to say.
    """
    check_entries(history.entries)
    raw = bytearray(history.entries // ENTRIES_PER_BYTE)
    moves: dict[int, list[int]] = {}
    void: list[VoidChange] = []
    times: dict[int, int] = {}
    for epoch in history.epochs:
        times[epoch.epoch] = epoch.time
        _apply(epoch, raw, moves, void, times)
    return Folded(StatusArray(bytes(raw)), tuple(void), moves)


def _apply(
    epoch: StatusEpoch,
    raw: bytearray,
    moves: dict[int, list[int]],
    void: list[VoidChange],
    times: Mapping[int, int],
) -> None:
    """Apply one epoch to *raw* in place; *times* are those of the epochs up to this one.

    Order is judged against the highest entry of the list seen so far in the epoch, whether or not its own change was
    allowed; an entry beyond the list is as if it were not there.
    """
    allowed, annulling = allowed_moves(epoch.rights), Rights.ANNUL in epoch.rights
    highest = -1
    for change in scan(epoch.changes):
        index = change.index
        if index >> 2 >= len(raw):
            void.append(VoidChange(epoch.epoch, change, VoidReason.BEYOND_THE_LIST))
            continue
        if index <= highest:
            void.append(VoidChange(epoch.epoch, change, VoidReason.OUT_OF_ORDER))
            continue
        highest = index
        shift = 2 * (index & 3)
        byte = raw[index >> 2]
        old = byte >> shift & 3
        if (old, change.state) not in allowed:
            void.append(VoidChange(epoch.epoch, change, VoidReason.NOT_ALLOWED))
            continue
        # An end (1 or 3) moves by an annulment alone; it was set by the entry's last move.
        if annulling and old & 1 and epoch.time - times[moves[index][-1] >> 2] >= FINAL_AFTER_SECONDS:
            void.append(VoidChange(epoch.epoch, change, VoidReason.FINAL))
            continue
        raw[index >> 2] = byte & ~(3 << shift) & 0xFF | change.state << shift
        moves.setdefault(index, []).append(epoch.epoch << 2 | change.state)


def final_at(folded: Folded, epochs: Sequence[StatusEpoch], index: int) -> int | None:
    """Return from which Unix second on the end of entry *index* stands for good, None for one that has not ended.

    *folded* is the fold of *epochs*. Until then owner and accreditor together can take it back.
    """
    moves = folded.moves(index)
    if not moves or moves[-1].state not in (State.REVOKED, State.REPLACED):
        return None
    set_in = moves[-1].epoch
    return next(epoch.time for epoch in epochs if epoch.epoch == set_in) + FINAL_AFTER_SECONDS


def check_annulment(folded: Folded, epochs: Sequence[StatusEpoch], changes: Sequence[Change], time: int) -> int:
    """Return the last Unix second in which an annulment with *changes* would not be void in any part.

    For the two who sign, as the deadline of their signature. Refuses with StatusError the first change that would be
    void at *time*; *folded* is the fold of *epochs*.
    """
    check_changes(folded.array, changes, Rights.ANNUL)
    last = NEVER
    for change in changes:
        final = final_at(folded, epochs, change.index)
        if final is None:  # never: check_changes has let ended entries alone through
            continue
        last = min(last, final - 1)
        if time >= final:
            raise StatusError(
                f"entry {change.index} stands for good since {format_instant(final)}: an end can be taken back for "
                f"{FINAL_AFTER_SECONDS // 86_400} days",
                code="status.final",
            )
    return last


def check_changes(array: StatusArray, changes: Sequence[Change], rights: Rights) -> None:
    """Refuse with StatusError the first of *changes* that would be void on *array* under *rights*.

    For the issuing office, before it publishes: what is void there would be void for everybody.
    """
    allowed = allowed_moves(rights)
    for change in changes:
        old = array.state(change.index)
        if (int(old), change.state) not in allowed:
            raise StatusError(
                f"entry {change.index} is {old.name.lower()} and cannot become {State(change.state).name.lower()} "
                f"with the rights {rights!r}",
                code="status.void",
            )
