"""Does every status list follow from its epochs, and every published form of it from the list? Pure rules."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import Block, RegistryPins, StatusEpoch, StatusHead, StatusHistory
from jikin.anchoring.changes import scan
from jikin.errors import StatusError
from jikin.status.array import REVOKED_STATES, State, StatusArray
from jikin.status.derived import DerivedLists
from jikin.status.fold import Folded, VoidChange, VoidReason
from jikin.status.index import IndexPermutation
from jikin.status.notes import SealedNote
from jikin.status.root import NO_NOTES, array_root, notes_root, status_root
from jikin.status.snapshot import StatusSnapshot
from jikin.values import Digest, ListId
from jikin.verification.auditing.evidence import IssuerEvidence
from jikin.verification.auditing.findings import AuditCode, AuditFinding

_HEARTBEAT_SECONDS = 26 * 3600  # every 24 h, and two for a chain that was away
_MOVING = Rights.REVOKE | Rights.SUSPEND


@dataclass(frozen=True, slots=True)
class AuditedList:
    """What was found out about one list; *snapshot* is None when its epochs do not make one.

    *opened* of its *epochs* have a status root that was shown to stand for the fold.
    """

    list_id: ListId
    epochs: int
    opened: int
    snapshot: StatusSnapshot | None = field(repr=False)
    findings: tuple[AuditFinding, ...] = field(repr=False)


def check(issuer: IssuerEvidence, pins: RegistryPins, block: Block) -> tuple[AuditedList, ...]:
    """Return what there is to say of each list of the issuer that anything names."""
    return tuple(_Audit(issuer, list_id, pins, block).run() for list_id in issuer.heads)


class _Audit:
    """One list before the auditor."""

    def __init__(self, issuer: IssuerEvidence, list_id: ListId, pins: RegistryPins, block: Block) -> None:
        self._issuer = issuer
        self._list_id = list_id
        self._pins = pins
        self._block = block
        self._epochs = issuer.epochs.get(list_id, ())
        self._findings: list[AuditFinding] = []
        self._opened = 0

    def run(self) -> AuditedList:
        snapshot = self._snapshot()
        if snapshot is not None and snapshot.folded is not None:
            self._void(snapshot.folded)
            self._roots(snapshot, snapshot.folded)
            self._published_lists(snapshot, snapshot.folded)
            self._entries(snapshot.folded)
        self._rights()
        return AuditedList(self._list_id, len(self._epochs), self._opened, snapshot, tuple(self._findings))

    def _say(self, code: AuditCode, detail: str, epoch: int | None = None) -> None:
        where = f"list {self._list_id}" + ("" if epoch is None else f", epoch {epoch}")
        self._findings.append(AuditFinding(code, self._issuer.did.text, where, detail))

    # --- the chain of epochs ---

    def _snapshot(self) -> StatusSnapshot | None:
        head, opened = self._issuer.heads[self._list_id], self._issuer.opened.get(self._list_id)
        if head is None:
            if self._epochs or opened is not None:
                self._say(AuditCode.HEAD_DIFFERS, "events tell of a list that is not on record")
            else:
                self._say(AuditCode.LIST_DIFFERS, "files or books name a list that this issuer never opened")
            return None
        if opened is None:
            self._say(
                AuditCode.EVENT_HIDDEN, f"the list is on record at epoch {head.epoch}; no event tells of its opening"
            )
            return None
        if self._skipped(head):
            return None
        history = StatusHistory(opened.entries, opened.index_key_hash, self._epochs)
        try:
            snapshot = StatusSnapshot.build(
                self._pins, self._issuer.issuer_id, self._list_id, head, history, block=self._block
            )
        except StatusError as error:
            self._say(AuditCode.HEAD_DIFFERS, str(error))
            return None
        if snapshot.contradiction is not None:
            self._say(AuditCode.HEAD_DIFFERS, snapshot.contradiction)
        if head.epoch and self._block.time - head.time > _HEARTBEAT_SECONDS:
            hours = (self._block.time - head.time) // 3600
            self._say(AuditCode.HEARTBEAT_LATE, f"the newest epoch is {hours} hours old", head.epoch)
        return snapshot

    def _skipped(self, head: StatusHead) -> bool:
        """Say whether epochs that the head counts are not among the events."""
        missing = sorted(set(range(1, head.epoch + 1)) - {epoch.epoch for epoch in self._epochs})
        for number in missing:
            self._say(AuditCode.EPOCH_SKIPPED, f"the head is at epoch {head.epoch}, and no event tells of it", number)
        return bool(missing)

    # --- what was moved, and by which right ---

    def _void(self, folded: Folded) -> None:
        for void in folded.void:
            code, detail = _judged(void, folded, self._epochs[void.epoch - 1].rights)
            self._say(code, detail, void.epoch)

    def _rights(self) -> None:
        """Hold the rights recorded with an epoch against those that the owner had given the account by then.

        Several events of one block may stand before or after the epoch's transaction: any of them will do. The right to
        annul is nobody's: the contract records it where owner and accreditor act together.
        """
        for epoch in self._epochs:
            if Rights.ANNUL in epoch.rights:
                continue
            given = [event for event in self._issuer.rights if event.account == epoch.operator]
            before = [event.rights for event in given if event.block < epoch.block][-1:]
            during = [event.rights for event in given if event.block == epoch.block]
            if not any(epoch.rights & _MOVING == rights & _MOVING for rights in (*before, *during)):
                known = ", ".join(str(rights) for rights in (*before, *during)) or "none"
                self._say(
                    AuditCode.RIGHTS_UNRECORDED,
                    f"{epoch.operator} published with {epoch.rights}; given to it by then: {known}",
                    epoch.epoch,
                )

    # --- what the roots stand for ---

    def _roots(self, snapshot: StatusSnapshot, folded: Folded) -> None:
        """Open every status root: the array of the fold, and the latest note of each entry by then."""
        moved, told = folded.moved(), self._told_notes()
        retraced = _Retraced(snapshot.lctx, snapshot.entries, self._notes())
        for epoch in snapshot.epochs:
            if retraced.root_after(epoch.epoch, moved.get(epoch.epoch, {})) == epoch.status_root:
                self._opened += 1
            elif told:
                self._unopened(snapshot, epoch)

    def _notes(self) -> Sequence[SealedNote]:
        books, published = self._issuer.books, self._issuer.published
        if books is not None:
            return [note for one in books.epochs if one.list_id == self._list_id for note in one.notes]
        publication = None if published is None else published.notes.get(self._list_id)
        return () if publication is None else publication.notes

    def _told_notes(self) -> bool:
        """Say whether the notes were shown, so that a root that does not open is more than an unasked question."""
        return self._issuer.books is not None or self._issuer.published is not None

    def _unopened(self, snapshot: StatusSnapshot, epoch: StatusEpoch) -> None:
        published = self._issuer.published
        publication = None if published is None else published.notes.get(self._list_id)
        if epoch.epoch == snapshot.epoch and publication is not None:
            try:
                contradiction = snapshot.check_opening(publication)
            except StatusError as error:
                self._say(AuditCode.ROOT_UNOPENED, str(error), epoch.epoch)
                return
            if contradiction is not None:
                self._say(AuditCode.ROOT_WRONG, contradiction, epoch.epoch)
                return
        if self._issuer.books is None and epoch.epoch < snapshot.epoch:
            return  # an older root needs older notes, which the newest file no longer has
        detail = "neither the fold with the notes that were shown nor any published file leads to it"
        self._say(AuditCode.ROOT_UNOPENED, detail, epoch.epoch)

    # --- what others read ---

    def _published_lists(self, snapshot: StatusSnapshot, folded: Folded) -> None:
        published = self._issuer.published
        if published is None:
            return
        right = DerivedLists.of(folded.array).by_name
        for name, found in published.bits.get(self._list_id, {}).items():
            if found == right[name]:
                continue
            behind = self._epoch_of(name, found, snapshot, folded)
            if behind is None:
                self._say(AuditCode.LIST_DIFFERS, f"the published list {name!r} is of no epoch of this list")
            else:
                detail = f"the published list {name!r} is of epoch {behind}, the chain is at {snapshot.epoch}"
                self._say(AuditCode.LIST_BEHIND, detail)

    def _epoch_of(self, name: str, found: bytes, snapshot: StatusSnapshot, folded: Folded) -> int | None:
        """Return the newest epoch whose list is *found*, None if there is none."""
        moved, array = folded.moved(), StatusArray.all_valid(snapshot.entries)
        fitting = 0 if DerivedLists.of(array).by_name[name] == found else None
        for epoch in sorted(moved):
            array = array.with_states(moved[epoch])
            if DerivedLists.of(array).by_name[name] == found:
                fitting = epoch
        return fitting

    # --- which entries there are ---

    def _entries(self, folded: Folded) -> None:
        """Hold changed and published entries against the permutation that was committed to (SECURITY 2.5)."""
        permutation, opened = self._issuer.permutations.get(self._list_id), self._issuer.opened[self._list_id]
        if permutation is None:
            return
        if permutation.key_hash != opened.index_key_hash:
            detail = f"the key hashes to {permutation.key_hash}, committed was {opened.index_key_hash}"
            self._say(AuditCode.INDEX_KEY_DIFFERS, detail)
            return
        reserved = self._reserved()
        changed = {change.index for epoch in self._epochs for change in scan(epoch.changes)}
        for index in sorted(index for index in changed if index < folded.array.entries):
            if reserved is not None and permutation.serial(index) >= reserved:
                self._say(AuditCode.INDEX_FOREIGN, f"entry {index} was changed; {reserved} entries were given out")
        self._published_entries(permutation, reserved)

    def _published_entries(self, permutation: IndexPermutation, reserved: int | None) -> None:
        published = self._issuer.published
        if published is None or published.entries is None or reserved is None:
            return
        here = [entry.index for entry in published.entries if entry.list_id == self._list_id]
        for index in here:
            if index >= 1 << permutation.log2_entries or permutation.serial(index) >= reserved:
                detail = f"a number record names entry {index}; {reserved} entries were given out"
                self._say(AuditCode.INDEX_FOREIGN, detail)

    def _reserved(self) -> int | None:
        books = self._issuer.books
        lists: Mapping[ListId, int] = {} if books is None else {one.list_id: one.reserved for one in books.lists}
        return lists.get(self._list_id)


class _Retraced:
    """The list as it stood after one epoch after another. A root is kept as long as nothing under it moves."""

    def __init__(self, lctx: Digest, entries: int, notes: Sequence[SealedNote]) -> None:
        """Begin with the opening; *notes* are all that are known, of whatever epochs."""
        self._lctx = lctx
        self._array = StatusArray.all_valid(entries)
        self._array_root = array_root(lctx, self._array)
        self._waiting = deque(sorted(notes, key=lambda note: note.epoch))
        self._leaves: dict[int, Digest] = {}
        self._notes_root = NO_NOTES

    def root_after(self, epoch: int, moved: Mapping[int, State]) -> Digest:
        """Return the status root after the next *epoch*, which *moved* these entries."""
        if moved:
            self._array = self._array.with_states(moved)
            self._array_root = array_root(self._lctx, self._array)
        if self._waiting and self._waiting[0].epoch <= epoch:
            while self._waiting and self._waiting[0].epoch <= epoch:
                note = self._waiting.popleft()
                self._leaves[note.index] = note.leaf(self._lctx)
            self._notes_root = notes_root([self._leaves[index] for index in sorted(self._leaves)])
        return status_root(self._lctx, epoch, self._array_root, self._notes_root, len(self._leaves))


def _judged(void: VoidChange, folded: Folded, rights: Rights) -> tuple[AuditCode, str]:
    """Return which rule a void change breaks, and the change in words."""
    index, asked = void.change.index, State(void.change.state)
    if void.reason in (VoidReason.OUT_OF_ORDER, VoidReason.BEYOND_THE_LIST):
        return AuditCode.MOVE_WITHOUT_RIGHT, f"the change of entry {index} is void: {void.reason.value}"
    before = [move.state for move in folded.moves(index) if move.epoch < void.epoch]
    old = before[-1] if before else State.VALID
    why = f"with {rights}" if void.reason is VoidReason.NOT_ALLOWED else f"any more: {void.reason.value}"
    detail = f"entry {index} was {old.name.lower()} and cannot become {asked.name.lower()} {why}"
    mighty = bool(rights & (Rights.REVOKE | Rights.ANNUL))
    brought_back = old in REVOKED_STATES and asked not in REVOKED_STATES and mighty
    return AuditCode.UNREVOKED if brought_back else AuditCode.MOVE_WITHOUT_RIGHT, detail
