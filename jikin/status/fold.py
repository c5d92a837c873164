"""Truth: the fold of all changes under the rights recorded with them (``docs/spec/statements.md``, line 7).

The contract records who changed what and with which rights, but it cannot know the array. So readers decide which
moves count: a key that may only suspend can do nothing else, whatever root it publishes (SECURITY 2.1).

    revoke    0 → 1, 2, 3    2 → 0, 1, 3
    suspend   0 → 2          2 → 0

Revoked and replaced never move again: no right that undoes them is defined in ``Rights``. A change that does not rise
above the entries before it in its epoch, lies beyond the list, or is not allowed is void; the rest of the epoch stands.
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

_MOVES: Mapping[Rights, frozenset[tuple[int, int]]] = {
    Rights.REVOKE: frozenset({(0, 1), (0, 2), (0, 3), (2, 0), (2, 1), (2, 3)}),
    Rights.SUSPEND: frozenset({(0, 2), (2, 0)}),
}


class VoidReason(Enum):
    """Why a change does not count; the value is the word in messages."""

    OUT_OF_ORDER = "out of order"
    BEYOND_THE_LIST = "beyond the list"
    NOT_ALLOWED = "not allowed by the rights"


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


def allowed_moves(rights: Rights) -> frozenset[tuple[int, int]]:
    """Return the (old, new) states that an epoch published with *rights* can move between."""
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
    for epoch in history.epochs:
        _apply(epoch, raw, moves, void)
    return Folded(StatusArray(bytes(raw)), tuple(void), moves)


def _apply(epoch: StatusEpoch, raw: bytearray, moves: dict[int, list[int]], void: list[VoidChange]) -> None:
    """Apply one epoch to *raw* in place.

    Order is judged against the highest entry of the list seen so far in the epoch, whether or not its own change was
    allowed; an entry beyond the list is as if it were not there.
    """
    allowed = allowed_moves(epoch.rights)
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
        if (byte >> shift & 3, change.state) not in allowed:
            void.append(VoidChange(epoch.epoch, change, VoidReason.NOT_ALLOWED))
            continue
        raw[index >> 2] = byte & ~(3 << shift) & 0xFF | change.state << shift
        moves.setdefault(index, []).append(epoch.epoch << 2 | change.state)


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
