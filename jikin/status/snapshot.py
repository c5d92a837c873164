"""One list as of one block: the fold, held against the head on record (``docs/spec/statements.md``, lines 6 and 7).

The head on chain chains every epoch, so a history that leaves one out, adds one or changes a byte does not lead to it.
What does not agree is a *contradiction*: a finding of its own, never valid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from jikin.anchoring.chain import Block, RegistryPins, RegistryView, StatusEpoch, StatusHead, StatusHistory
from jikin.anchoring.changes import MAX_CHANGES
from jikin.anchoring.statements import context_hash, next_head, opening_head
from jikin.errors import AnchorError, StatusError
from jikin.status.array import REVOKED_STATES, State
from jikin.status.fold import FINAL_AFTER_SECONDS, Folded, Move, fold
from jikin.status.notes import SealedNote
from jikin.status.publication import Publication
from jikin.status.root import array_root, list_context, status_root
from jikin.values import Digest, IssuerId, ListId


@dataclass(frozen=True, slots=True)
class StatusSnapshot:
    """A status list as of *block* (the block at which the head was read, not that of the last change).

    *contradiction* is a sentence when sources disagree, else None. *folded* is None when not even the history leads to
    the head: then nothing can be said of any entry.
    """

    issuer_id: IssuerId
    list_id: ListId
    lctx: Digest
    entries: int
    head: StatusHead
    block: Block
    contradiction: str | None
    folded: Folded | None = field(repr=False)
    epochs: tuple[StatusEpoch, ...] = field(repr=False)

    @classmethod
    def build(
        cls,
        pins: RegistryPins,
        issuer_id: IssuerId,
        list_id: ListId,
        head: StatusHead,
        history: StatusHistory,
        *,
        block: Block,
    ) -> StatusSnapshot:
        """Return the list that *history* makes, checked against *head*; both were read as of *block*.

        Raises StatusError for a number of entries that no list has.
        """
        lctx = list_context(context_hash(pins.chain, pins.registry, issuer_id), list_id, head.entries)
        opening = _opening(pins, issuer_id, list_id, history)
        contradiction = next(_disagreements(opening, head, history, block), None)
        folded = fold(history) if contradiction is None else None
        return cls(issuer_id, list_id, lctx, head.entries, head, block, contradiction, folded, history.epochs)

    @classmethod
    def read(cls, view: RegistryView, issuer_id: IssuerId, list_id: ListId) -> StatusSnapshot | None:
        """Return the list as *view* shows it, None if this issuer never opened it; raises ChainUnavailableError."""
        (head,) = view.status_heads(issuer_id, [list_id])
        history = None if head is None else view.status_history(issuer_id, list_id)
        if head is None or history is None:
            return None
        return cls.build(view.pins, issuer_id, list_id, head, history, block=view.block)

    @property
    def epoch(self) -> int:
        """Return the number of the newest epoch; 0 is the opening."""
        return self.head.epoch

    def state(self, index: int) -> State:
        """Return the state of entry *index*.

        Raises StatusError: ``status.index`` for an entry that the list does not have, ``status.contradiction`` where
        the snapshot contradicts itself and the entry would be valid. Ended states stand, whatever root was published.
        """
        state = None if self.folded is None else self.folded.array.state(index)
        if state is None or (self.contradiction is not None and state is State.VALID):
            raise StatusError(self.contradiction or "no fold", code="status.contradiction")
        return state

    def moves(self, index: int) -> tuple[tuple[StatusEpoch, State], ...]:
        """Return what happened to entry *index*, oldest first: the epoch on record and the state it set."""
        return tuple((self._epoch(move), move.state) for move in self._folded().moves(index))

    def since(self, index: int) -> StatusEpoch | None:
        """Return the epoch that gave entry *index* its state, None if it has been valid since the opening."""
        moves = self._folded().moves(index)
        return self._epoch(moves[-1]) if moves else None

    def final_at(self, index: int) -> int | None:
        """Return from which Unix second on the end of entry *index* is final, None while the entry has not ended.

        Until then owner and accreditor together can annul it (SECURITY 2.2).
        """
        since = self.since(index)
        ended = self._folded().array.state(index) in REVOKED_STATES
        return since.time + FINAL_AFTER_SECONDS if ended and since is not None else None

    def state_at(self, index: int, instant: int) -> State:
        """Return the state that was on record for entry *index* at *instant*: the epochs up to that Unix second."""
        state = State.VALID
        for epoch, later in self.moves(index):
            if epoch.time > instant:
                break
            state = later
        return state

    def note(self, publication: Publication, index: int) -> SealedNote | None:
        """Return the note on the present state of entry *index*, None if there is none.

        *publication* must be one that ``check_opening`` accepted. A note of an earlier epoch than the entry's last move
        speaks of an earlier state and is left out.
        """
        note = publication.note(index)
        since = self.since(index)
        return note if note is not None and since is not None and note.epoch >= since.epoch else None

    def check_opening(self, publication: Publication) -> str | None:
        """Say whether *publication* opens the status root on record: None, or the contradiction in a sentence.

        Raises StatusError (``status.publication.*``) for a file that opens nothing: of another epoch, or roots that are
        not on record. Such a file proves nothing about the issuer; it is as if there were none. A contradiction is
        proven when the file opens the root on record with another array than the fold.
        """
        newest = self.epochs[-1] if self.epochs else None
        if newest is None or publication.epoch != newest.epoch:
            raise StatusError(
                f"the file is of epoch {publication.epoch}, the list is at epoch {self.epoch}",
                code="status.publication.epoch",
            )
        publication.check_notes(self.lctx)
        if publication.status_root(self.lctx) != newest.status_root:
            raise StatusError(
                f"the file does not open the status root of epoch {newest.epoch}", code="status.publication.root"
            )
        folded_root = array_root(self.lctx, self._folded().array)
        if (
            status_root(self.lctx, newest.epoch, folded_root, publication.notes_root, len(publication.notes))
            == newest.status_root
        ):
            return None
        return f"the status root of epoch {newest.epoch} stands for another array than its recorded changes make"

    def contradicted(self, contradiction: str) -> StatusSnapshot:
        """Return this snapshot with a contradiction that was found later."""
        return replace(self, contradiction=contradiction)

    def _epoch(self, move: Move) -> StatusEpoch:
        return self.epochs[move.epoch - 1]  # epochs are numbered from 1 without gaps, or there is no fold

    def _folded(self) -> Folded:
        if self.folded is None:
            raise StatusError(self.contradiction or "no fold", code="status.contradiction")
        return self.folded


def _opening(pins: RegistryPins, issuer_id: IssuerId, list_id: ListId, history: StatusHistory) -> Digest:
    return opening_head(
        chain=pins.chain,
        registry=pins.registry,
        issuer_id=issuer_id,
        list_id=list_id,
        entries=history.entries,
        index_key_hash=history.index_key_hash,
    )


def _disagreements(opening: Digest, head: StatusHead, history: StatusHistory, block: Block) -> Iterator[str]:
    """Yield every way in which the history is not the one that leads to the head on record."""
    if history.entries != head.entries:
        yield f"the list was opened with {history.entries} entries, and {head.entries} are on record"
    numbers = [epoch.epoch for epoch in history.epochs]
    if numbers != list(range(1, head.epoch + 1)):
        yield f"the head is at epoch {head.epoch}, and the events are of {len(numbers)} epochs"
    yield from _wrong_epochs(history, block)
    newest = history.epochs[-1] if history.epochs else None
    if newest is not None and (newest.time, newest.block) != (head.time, head.block):
        yield f"the newest epoch is of block {newest.block}, and the head says block {head.block}"
    if head.time > block.time or head.block > block.number:
        yield f"the head is of block {head.block}, later than block {block.number} as of which it was read"
    try:
        computed = _chained(opening, history)
    except AnchorError as error:
        yield f"the events cannot be hashed: {error}"
    else:
        if computed != head.head:
            yield "the recorded changes do not lead to the head on record"


def _wrong_epochs(history: StatusHistory, block: Block) -> Iterator[str]:
    for epoch in history.epochs:
        if len(epoch.changes) % 3 or len(epoch.changes) > 3 * MAX_CHANGES:
            yield f"epoch {epoch.epoch} has {len(epoch.changes)} bytes of changes, no {MAX_CHANGES:,} or fewer threes"
        if epoch.time > block.time or epoch.block > block.number:
            yield f"epoch {epoch.epoch} is of block {epoch.block}, later than block {block.number}"
    for before, after in pairwise(history.epochs):
        if after.previous_block != before.block:
            yield f"epoch {after.epoch} names block {after.previous_block} as the one before it, not {before.block}"
        if after.time < before.time or after.block < before.block:
            yield f"epoch {after.epoch} is of block {after.block}, before epoch {before.epoch}"


def _chained(opening: Digest, history: StatusHistory) -> Digest:
    """Return the head to which *opening* and the epochs lead."""
    head = opening
    for epoch in history.epochs:
        head = next_head(
            previous=head,
            epoch=epoch.epoch,
            status_root=epoch.status_root,
            operator=epoch.operator,
            rights=epoch.rights,
            changes=epoch.changes,
            time=epoch.time,
            block=epoch.block,
        )
    return head
