"""One entry of a status list, opened from the list's head alone: what a proof pack carries instead of the history.

    head ← chained from the head before it and the status root;  status root ← array root, notes root, number of notes
    array root ← the chunk of 256 entries with its path;         notes root ← the entry's note with its path

So nobody but the issuer's operator can have said it. Whether the operator's root is the fold of the recorded changes is
shown by the history alone, which comes along where it is short. Without it a thief of an operator's key could show a
revoked entry as valid: then at least a right to revoke must stand behind the epoch, and readers say what was not seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import Block, RegistryPins, StatusHead, StatusHistory
from jikin.anchoring.merkle import root_from_path
from jikin.anchoring.statements import chained_head, context_hash, opening_head
from jikin.errors import AnchorError, StatusError
from jikin.status.array import ENTRIES_PER_BYTE, State, check_index
from jikin.status.notes import SealedNote
from jikin.status.root import CHUNK_BYTES, chunk_leaf, list_context, status_root
from jikin.status.snapshot import StatusSnapshot
from jikin.values import Address, Digest, IssuerId, ListId

CHUNK_ENTRIES = CHUNK_BYTES * ENTRIES_PER_BYTE


@dataclass(frozen=True, slots=True)
class NoteProof:
    """The note of an entry, its place among the list's notes, and its path in their tree."""

    note: SealedNote
    position: int
    path: tuple[Digest, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class EpochProof:
    """How the newest head was made, and the chunk with the entry; *changes_hash* is keccak-256 of the changes."""

    previous: Digest
    operator: Address
    rights: Rights
    changes_hash: Digest
    array_root: Digest
    notes_root: Digest
    note_count: int
    chunk: bytes = field(repr=False)
    path: tuple[Digest, ...] = field(repr=False)
    note: NoteProof | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class EntryProof:
    """What opens entry *index* of a list: *opened* is the list's newest epoch, or the index key hash of epoch 0.

    *history* is every epoch of the list, where that is short enough to come along.
    """

    list_id: ListId
    index: int
    opened: EpochProof | Digest
    history: StatusHistory | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """The state of one entry as of *block*, as its operator published it. *note* is the one on record, if it came.

    *folded*: the state is the fold of the whole history, too; *since* is then the time of the epoch that set it (Unix
    seconds, None: never). *rights* are those under which the newest epoch was published.
    """

    list_id: ListId
    index: int
    lctx: Digest
    head: StatusHead
    block: Block
    state: State
    note: SealedNote | None
    rights: Rights
    folded: bool
    since: int | None = None


def open_entry(
    pins: RegistryPins, issuer_id: IssuerId, head: StatusHead, block: Block, proof: EntryProof
) -> OpenedEntry:
    """Return the entry that *proof* opens under *head*, which was proven as of *block*.

    Raises StatusError: ``status.opening`` for a proof that does not lead to the head, ``status.index`` for an entry
    that the list does not have, ``status.contradiction`` where the history that came along says otherwise.
    """
    lctx = list_context(context_hash(pins.chain, pins.registry, issuer_id), proof.list_id, head.entries)
    check_index(proof.index, head.entries)
    if isinstance(proof.opened, Digest):
        _check_newly_opened(pins, issuer_id, head, proof.list_id, proof.opened)
        return OpenedEntry(proof.list_id, proof.index, lctx, head, block, State.VALID, None, Rights.NONE, folded=True)
    epoch = proof.opened
    _check_head(lctx, head, epoch)
    try:
        state = _state(lctx, head.entries, epoch, proof.index)
        note = None if epoch.note is None else _note(lctx, epoch, epoch.note, proof.index)
    except AnchorError as error:
        raise _refuse(str(error)) from error
    entry = OpenedEntry(proof.list_id, proof.index, lctx, head, block, state, note, epoch.rights, folded=False)
    return entry if proof.history is None else _with_history(pins, issuer_id, entry, proof.history)


def _with_history(pins: RegistryPins, issuer_id: IssuerId, entry: OpenedEntry, history: StatusHistory) -> OpenedEntry:
    """Return *entry* held against the fold of *history*.

    Raises StatusError (``status.contradiction``) when it is another list's, or the published array is not its fold.
    """
    snapshot = StatusSnapshot.build(pins, issuer_id, entry.list_id, entry.head, history, block=entry.block)
    folded = snapshot.state(entry.index)  # raises where the history does not lead to the head
    if snapshot.contradiction is not None or folded is not entry.state:
        raise StatusError(
            f"entry {entry.index} is published as {entry.state.name.lower()}, and the recorded changes make it "
            f"{folded.name.lower()}",
            code="status.contradiction",
        )
    since = snapshot.since(entry.index)
    return replace(entry, folded=True, since=None if since is None else since.time)


def _check_newly_opened(
    pins: RegistryPins, issuer_id: IssuerId, head: StatusHead, list_id: ListId, index_key_hash: Digest
) -> None:
    """Refuse with StatusError a list that is said to have had no epoch yet and has one, or was opened otherwise."""
    start = opening_head(
        chain=pins.chain,
        registry=pins.registry,
        issuer_id=issuer_id,
        list_id=list_id,
        entries=head.entries,
        index_key_hash=index_key_hash,
    )
    if head.epoch != 0 or head.head != start:
        raise _refuse(f"the head of epoch {head.epoch} is not that of a list without any change")


def _check_head(lctx: Digest, head: StatusHead, epoch: EpochProof) -> None:
    if head.epoch == 0:
        raise _refuse("the list has had no epoch yet")
    try:
        root = status_root(lctx, head.epoch, epoch.array_root, epoch.notes_root, epoch.note_count)
        made = chained_head(
            previous=epoch.previous,
            epoch=head.epoch,
            status_root=root,
            operator=epoch.operator,
            rights=epoch.rights,
            changes_hash=epoch.changes_hash,
            time=head.time,
            block=head.block,
        )
    except AnchorError as error:
        raise _refuse(str(error)) from error
    if made != head.head:
        raise _refuse(f"what is shown of epoch {head.epoch} does not lead to the head on record")


def _state(lctx: Digest, entries: int, epoch: EpochProof, index: int) -> State:
    number = index // CHUNK_ENTRIES
    leaf = chunk_leaf(lctx, number, epoch.chunk)
    if root_from_path(leaf, number, entries // CHUNK_ENTRIES, epoch.path) != epoch.array_root:
        raise _refuse("the chunk with the entry is not part of the array")
    place = index % CHUNK_ENTRIES
    return State(epoch.chunk[place // ENTRIES_PER_BYTE] >> 2 * (place % ENTRIES_PER_BYTE) & 3)


def _note(lctx: Digest, epoch: EpochProof, proof: NoteProof, index: int) -> SealedNote:
    if proof.note.index != index:
        raise _refuse(f"the note is of entry {proof.note.index}")
    if root_from_path(proof.note.leaf(lctx), proof.position, epoch.note_count, proof.path) != epoch.notes_root:
        raise _refuse("the note is not one of the list's")
    return proof.note


def _refuse(message: str) -> StatusError:
    return StatusError(f"the entry is not opened: {message}", code="status.opening")
