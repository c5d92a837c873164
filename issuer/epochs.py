"""Publishing an approved task: one epoch of its status list, exactly once.

Everything that the status root stands for, encrypted notes included, is stored before anything is sent; then the bytes
are stored; then they are sent. Once an epoch is stored it goes out, also when an approval ends meanwhile: what was
allowed is done once, however often the process was cut off. When another epoch took its place on the chain, this one is
lost: the approvals are looked at again and a new one is made.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from issuer import approving, releasing, revoking
from issuer.accrediting import RIGHTS
from issuer.office import STATUS, Office
from issuer.sending import Errand
from issuer.store import audit, batches, institutions, tasks
from issuer.store.batches import CredentialState
from issuer.store.institutions import Institution, StatusList
from issuer.store.tasks import Epoch, StoredTask, TaskState
from issuer.store.transactions import Purpose
from jikin.anchoring.acts import PublishStatus
from jikin.anchoring.chain import RegistryView
from jikin.anchoring.changes import scan
from jikin.errors import OfficeError, RegistryRefusedError, StatusError
from jikin.status.array import State, StatusArray
from jikin.status.fold import check_changes
from jikin.status.notes import Note, SealedNote, seal
from jikin.status.publication import Publication
from jikin.status.root import array_root
from jikin.status.snapshot import StatusSnapshot

_TRIES = 5
_STATES: Mapping[State, CredentialState] = {
    State.VALID: CredentialState.RELEASED,
    State.REVOKED: CredentialState.REVOKED,
    State.SUSPENDED: CredentialState.SUSPENDED,
    State.REPLACED: CredentialState.REPLACED,
}
# One epoch after another: each names the head before it.
_ONE_AT_A_TIME = threading.Lock()


def publish(office: Office, task_id: int) -> None:
    """Bring an approved task onto the chain; done tasks are left alone.

    Raises OfficeError ``approval.…`` without two valid approvals, ``office.state`` when the states moved meanwhile.
    """
    stored, institution, status_list = _read(office, task_id)
    if stored.state in (TaskState.DONE, TaskState.REFUSED):
        return
    with _ONE_AT_A_TIME:
        for _ in range(_TRIES):
            waiting = _waiting(office, status_list)
            if waiting is not None and waiting.task_id != task_id:
                _complete(office, institution, status_list, waiting)
                continue
            epoch = waiting or _prepare(office, stored, institution, status_list)
            if _complete(office, institution, status_list, epoch):
                return
    raise OfficeError(f"other epochs took the place of this one {_TRIES} times", code="office.epoch-race")


def _read(office: Office, task_id: int) -> tuple[StoredTask, Institution, StatusList]:
    with office.database.read() as connection:
        stored = tasks.by_id(connection, task_id)
        return (
            stored,
            institutions.by_id(connection, stored.task.institution_id),
            institutions.status_list(connection, stored.status_list_id),
        )


def _waiting(office: Office, status_list: StatusList) -> Epoch | None:
    with office.database.read() as connection:
        return tasks.prepared_on(connection, status_list.id)


# ---------------------------------------------------------------------------------------------------------- preparing


def _prepare(office: Office, stored: StoredTask, institution: Institution, status_list: StatusList) -> Epoch:
    """Return the epoch that the task becomes, checked and stored; raises OfficeError when it may not be."""
    view = office.chain.registry.view()
    snapshot = revoking.snapshot_now(view, institution, status_list)
    present = revoking.array_now(view, institution, status_list)
    number = snapshot.epoch + 1
    with office.database.write() as connection:
        approvals = tasks.approvals_of(connection, stored.task.id)
        officers = institutions.every_officer(connection, institution.id)
        approving.check(stored.task, approvals, officers, revoking.circumstances(office, institution))
        _check_effective(stored, view)
        array = _changed(present, stored)
        changes = {change.index: State(change.state) for change in scan(stored.task.changes)}
        credentials = batches.by_entries(connection, status_list.id, list(changes))
        revoking.check_complete(connection, credentials, present, set(changes.values()))
        salts = batches.salts_of(connection, [one.id for one in credentials])
        by_entry = {one.status_index: salts[one.id] for one in credentials if one.id in salts}
        sealed = _seal(stored, snapshot, number, by_entry)
        before = tasks.notes_up_to(connection, status_list.id, snapshot.epoch)
        root = array_root(snapshot.lctx, array)
        publication = Publication.make(snapshot.lctx, number, root, [*before, *sealed])
        return tasks.add_epoch(
            connection,
            stored=stored,
            epoch=number,
            previous_head=snapshot.head.head,
            status_root=publication.status_root(snapshot.lctx),
            array_root=root,
            notes_root=publication.notes_root,
            sealed=sealed,
        )


def _changed(array: StatusArray, stored: StoredTask) -> StatusArray:
    """Return *array* with the task's changes; raises OfficeError when one would be void by now."""
    changes = scan(stored.task.changes)
    try:
        check_changes(array, changes, RIGHTS[STATUS])
    except StatusError as error:
        raise OfficeError(f"the states have moved since the request: {error}", code="office.state") from error
    return array.with_states({change.index: State(change.state) for change in changes})


def _check_effective(stored: StoredTask, view: RegistryView) -> None:
    """Refuse a note later than the newest block: the epoch's own block may have the same time."""
    latest = max(int(str(note["effective"])) for note in stored.task.notes)
    if latest > view.block.time:
        raise OfficeError(
            f"an effective date ({latest}) is later than the newest block ({view.block.time})", code="office.effective"
        )


def _seal(
    stored: StoredTask, snapshot: StatusSnapshot, number: int, salts: Mapping[int, bytes]
) -> tuple[SealedNote, ...]:
    """Return the notes, each for whoever holds its certificate; where the salt was erased there is none."""
    made = []
    for note in stored.task.notes:
        index = int(str(note["index"]))
        if index in salts:
            said = Note(
                index=index,
                epoch=number,
                state=State(int(str(note["state"]))),
                reason=str(note["reason"]),
                effective=int(str(note["effective"])),
            )
            made.append(seal(said, snapshot.lctx, salts[index]))
    return tuple(made)


# ---------------------------------------------------------------------------------------------------------- publishing


def _complete(office: Office, institution: Institution, status_list: StatusList, epoch: Epoch) -> bool:
    """Send a stored epoch and note it as published; False when another one took its place."""
    with office.database.read() as connection:
        stored = tasks.by_id(connection, epoch.task_id)
    act = PublishStatus(
        institution.issuer_id, status_list.list_id, epoch.previous_head, epoch.status_root, stored.task.changes
    )

    def done_at(view: RegistryView) -> int | None:
        (head,) = view.status_heads(institution.issuer_id, [status_list.list_id])
        if head is None or head.epoch < epoch.epoch:
            return None
        history = view.status_history(institution.issuer_id, status_list.list_id)
        published = history.epochs[epoch.epoch - 1] if history is not None else None
        return published.block if published is not None and published.status_root == epoch.status_root else None

    errand = Errand(Purpose("PublishStatus", epoch_id=epoch.id), lambda _view: act, done_at)
    try:
        view = office.outbox(institution, STATUS).carry_out(errand)
    except RegistryRefusedError:
        if not _overtaken(office, institution, status_list, epoch):
            raise
        with office.database.write() as connection:
            tasks.lost(connection, epoch.id)
        return False
    _note_published(office, institution, status_list, epoch, stored=stored, view=view)
    return True


def _overtaken(office: Office, institution: Institution, status_list: StatusList, epoch: Epoch) -> bool:
    (head,) = office.chain.registry.view().status_heads(institution.issuer_id, [status_list.list_id])
    return head is not None and head.head != epoch.previous_head


def _note_published(
    office: Office,
    institution: Institution,
    status_list: StatusList,
    epoch: Epoch,
    *,
    stored: StoredTask,
    view: RegistryView,
) -> None:
    """Publish lists, notes and number records, then note the task as done: so a cut in between loses nothing."""
    snapshot = revoking.snapshot_now(view, institution, status_list)
    publish_files(office, institution, status_list, snapshot)
    changes = {change.index: State(change.state) for change in scan(stored.task.changes)}
    effective = {int(str(note["index"])): int(str(note["effective"])) for note in stored.task.notes}
    with office.database.read() as connection:
        credentials = batches.by_entries(connection, status_list.id, list(changes))
    ended = {index: since for index, since in effective.items() if changes[index] is not State.VALID}
    releasing.renew_records(office, institution, credentials, ended)
    at = snapshot.epochs[epoch.epoch - 1]
    now = office.clock()
    with office.database.write() as connection:
        tasks.published(connection, epoch.id, block=at.block, time=at.time)
        for state in set(changes.values()):
            ids = [one.id for one in credentials if changes[one.status_index] is state]
            batches.set_state(connection, ids, _STATES[state])
        tasks.set_state(connection, stored.task.id, TaskState.DONE)
        audit.record(
            connection,
            at=now,
            act="epoch published",
            subject=f"epochs/{epoch.id}",
            institution_id=institution.id,
            epoch=epoch.epoch,
            changes=len(changes),
        )


def publish_files(office: Office, institution: Institution, status_list: StatusList, snapshot: StatusSnapshot) -> None:
    """Write the W3C lists and the notes of a list as the chain has it; raises OfficeError for a contradiction."""
    if snapshot.folded is None or snapshot.contradiction is not None:
        raise OfficeError(f"the status list contradicts itself: {snapshot.contradiction}", code="office.contradiction")
    public, array = office.public(institution), snapshot.folded.array
    if snapshot.epochs:
        with office.database.read() as connection:
            notes = tasks.notes_up_to(connection, status_list.id, snapshot.epoch)
        publication = Publication.make(snapshot.lctx, snapshot.epoch, array_root(snapshot.lctx, array), notes)
        try:
            contradiction = snapshot.check_opening(publication)
        except StatusError as error:
            contradiction = str(error)
        if contradiction is not None:
            raise OfficeError(
                f"what this office knows does not open the status root on the chain: {contradiction}",
                code="office.contradiction",
                hint="another office may have published with the same account",
            )
        public.notes(status_list.list_id, publication)
    public.status_list(
        office.profile(institution),
        status_list.list_id,
        array,
        seal=office.seal(institution, office.settings.suite),
        valid_from=snapshot.head.time,
        created=office.clock(),
    )
