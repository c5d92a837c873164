"""Publishing an approved task: one epoch of its status list, exactly once.

Everything that the status root stands for, encrypted notes included, is stored before anything is sent; then the bytes
are stored; then they are sent. Once an epoch is stored it goes out, also when an approval ends meanwhile: what was
allowed is done once, however often the process was cut off. When another epoch took its place on the chain, this one is
lost: the approvals are looked at again and a new one is made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from issuer import approving, heartbeats, logs, pairing, releasing, replacing, revoking, telling
from issuer.accrediting import RIGHTS
from issuer.approving import Task
from issuer.office import JOINT, STATUS, Office
from issuer.store import audit, batches, institutions, tasks, trees
from issuer.store import keys as key_rows
from issuer.store.batches import Credential, CredentialState
from issuer.store.institutions import Institution, StatusList
from issuer.store.tasks import Epoch, StoredTask, TaskState
from jikin.anchoring.chain import RegistryView
from jikin.anchoring.changes import scan
from jikin.errors import JikinError, OfficeError, RegistryRefusedError, StatusError
from jikin.status.array import State, StatusArray
from jikin.status.fold import check_changes
from jikin.status.notes import Note, SealedNote, seal
from jikin.status.publication import Publication
from jikin.status.root import array_root
from jikin.status.snapshot import StatusSnapshot
from jikin.values import Address, Digest

_TRIES = 5
_DAY = 86_400
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

    Certificates that take the place of corrected ones are issued first. Raises OfficeError ``approval.…`` without two
    valid approvals, ``office.state`` when the states moved meanwhile, ``office.cap`` when too much was changed today.
    """
    stored, institution, status_list = _read(office, task_id)
    if stored.state in (TaskState.DONE, TaskState.REFUSED):
        return
    if _published_as(office, task_id) is None:
        replacing.issue_replacements(office, institution, stored)
    if not _bring(
        office, institution, status_list, lambda: _prepare(office, stored, institution, status_list), task_id
    ):
        raise OfficeError(f"other epochs took the place of this one {_TRIES} times", code="office.epoch-race")


def heartbeat(office: Office, status_list_id: int) -> None:
    """Confirm a list on the chain as it stands, if nothing was published on it for a day (SECURITY 2.4).

    An epoch that was stored and not yet sent goes out instead: that is as good. Raises OfficeError, RegistryError.
    """
    with office.database.read() as connection:
        status_list = institutions.status_list(connection, status_list_id)
        institution = institutions.by_id(connection, status_list.institution_id)
    _bring(office, institution, status_list, lambda: _prepare_heartbeat(office, institution, status_list), None)


def prepare_waiting(office: Office, institution: Institution) -> None:
    """Store the epoch of one approved task, if one waits: a tree that is about to be anchored can take it along.

    What cannot become an epoch now, and what waits for other certificates to be issued first, is left to its own job.
    """
    if not _ONE_AT_A_TIME.acquire(blocking=False):
        return  # one is being published at this moment
    try:
        with office.database.read() as connection:
            approved = tasks.in_state(connection, TaskState.APPROVED, institution.id)
        for stored in approved:
            _, _, status_list = _read(office, stored.task.id)
            if _corrects(stored) or _waiting(office, status_list) is not None:
                continue
            try:
                _prepare(office, stored, institution, status_list)
            except JikinError as error:
                logs.logger().warning("left to its own job", code=error.code)
                continue
            return
    finally:
        _ONE_AT_A_TIME.release()


def _corrects(stored: StoredTask) -> bool:
    return any(change.state == State.REPLACED for change in scan(stored.task.changes))


def _bring(
    office: Office,
    institution: Institution,
    status_list: StatusList,
    prepare: Callable[[], Epoch | None],
    task_id: int | None,
) -> bool:
    """Publish what *prepare* makes (None: nothing is to be done), after whatever waits on this list already.

    Says whether it is published; False when others took its place again and again.
    """
    with _ONE_AT_A_TIME:
        for _ in range(_TRIES):
            waiting = _waiting(office, status_list)
            if waiting is not None and waiting.task_id != task_id:
                _complete(office, institution, status_list, waiting)
                continue
            epoch = waiting or prepare()
            if epoch is None or _complete(office, institution, status_list, epoch):
                return True
    return False


def _published_as(office: Office, task_id: int) -> Epoch | None:
    """Return the epoch that the task became, None while there is none."""
    with office.database.read() as connection:
        return tasks.epoch_of(connection, task_id)


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
    _check_cap(office, institution, view, len(stored.task.changes) // 3)
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
        salts = trees.salts_of(connection, [one.id for one in credentials])
        by_entry = {one.status_index: salts[one.id] for one in credentials if one.id in salts}
        replacements = replacing.replacement_digests(connection, credentials, changes)
        sealed = _seal(stored, snapshot, number, by_entry, replacements)
        return _store(connection, status_list, snapshot, array, task=stored.task, sealed=sealed)


def _prepare_heartbeat(office: Office, institution: Institution, status_list: StatusList) -> Epoch | None:
    """Return an epoch without changes, stored; None while the list's newest is young enough."""
    view = office.chain.registry.view()
    snapshot = revoking.snapshot_now(view, institution, status_list)
    if not heartbeats.is_due(snapshot.head, view.block, office.settings):
        return None
    present = revoking.array_now(view, institution, status_list)
    with office.database.write() as connection:
        return _store(connection, status_list, snapshot, present, task=None, sealed=())


def _store(
    connection: Connection,
    status_list: StatusList,
    snapshot: StatusSnapshot,
    array: StatusArray,
    *,
    task: Task | None,
    sealed: Sequence[SealedNote],
) -> Epoch:
    """Return the next epoch of the list, stored: *array* and all notes up to it, those of *sealed* added."""
    number, root = snapshot.epoch + 1, array_root(snapshot.lctx, array)
    before = tasks.notes_up_to(connection, status_list.id, snapshot.epoch)
    publication = Publication.make(snapshot.lctx, number, root, [*before, *sealed])
    return tasks.add_epoch(
        connection,
        status_list_id=status_list.id,
        task=task,
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


def _check_cap(office: Office, institution: Institution, view: RegistryView, changes: int) -> None:
    """Refuse what would exceed the day's changes of the accounts that publish (SECURITY 2.2).

    Counted on the chain itself, over all lists of the institution: whoever writes into this database, or publishes past
    this office with the same keys, uses up the same allowance.
    """
    accounts = _publishing_accounts(office, institution)
    with office.database.read() as connection:
        lists = institutions.every_status_list(connection, institution.id)
    since, published = view.block.time - _DAY, 0
    for one in lists:
        if one.opened_at is not None:
            epochs = revoking.snapshot_now(view, institution, one).epochs
            published += sum(len(e.changes) // 3 for e in epochs if e.operator in accounts and e.time > since)
    most = office.settings.status_changes_per_day
    if published + changes > most:
        raise OfficeError(
            f"{published:,} changes were published within 24 hours, and {changes:,} more are asked for; at most "
            f"{most:,} are allowed",
            code="office.cap",
            hint="it is tried again; or raise status_changes_per_day after looking at what was changed",
        )


def _publishing_accounts(office: Office, institution: Institution) -> set[Address]:
    with office.database.read() as connection:
        found = [key_rows.find(connection, institution.id, purpose) for purpose in (STATUS, JOINT)]
    return {Address.parse(key.public) for key in found if key is not None}


def _seal(
    stored: StoredTask,
    snapshot: StatusSnapshot,
    number: int,
    salts: Mapping[int, bytes],
    replacements: Mapping[int, Digest],
) -> tuple[SealedNote, ...]:
    """Return the notes, each for whoever holds its certificate; where the salt was erased there is none.

    *replacements*: by entry the anchor digest of the certificate that takes its place.
    """
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
                replacement=replacements.get(index),
            )
            made.append(seal(said, snapshot.lctx, salts[index]))
    return tuple(made)


# ---------------------------------------------------------------------------------------------------------- publishing


def _complete(office: Office, institution: Institution, status_list: StatusList, epoch: Epoch) -> bool:
    """Send a stored epoch and note it as published; False when another one took its place."""
    way = pairing.to_publish(office, institution, epoch)
    try:
        view = way.go()
    except RegistryRefusedError:
        now = office.chain.registry.view()
        if way.errand.done_at(now) is not None:
            view = way.go()  # refused because another transaction had brought this very epoch there a moment before
        elif _overtaken(now, institution, status_list, epoch):
            with office.database.write() as connection:
                tasks.lost(connection, epoch.id)
            return False
        else:
            raise
    _note_published(office, institution, status_list, epoch, stored=_task_of(office, epoch), view=view)
    return True


def _task_of(office: Office, epoch: Epoch) -> StoredTask | None:
    if epoch.task_id is None:
        return None
    with office.database.read() as connection:
        return tasks.by_id(connection, epoch.task_id)


def _overtaken(view: RegistryView, institution: Institution, status_list: StatusList, epoch: Epoch) -> bool:
    (head,) = view.status_heads(institution.issuer_id, [status_list.list_id])
    return head is not None and head.head != epoch.previous_head


def _note_published(
    office: Office,
    institution: Institution,
    status_list: StatusList,
    epoch: Epoch,
    *,
    stored: StoredTask | None,
    view: RegistryView,
) -> None:
    """Publish lists, notes and number records, then note the task as done: so a cut in between loses nothing."""
    snapshot = revoking.snapshot_now(view, institution, status_list)
    publish_files(office, institution, status_list, snapshot)
    changes: dict[int, State] = {}
    credentials: Sequence[Credential] = ()
    if stored is not None:
        changes = {change.index: State(change.state) for change in scan(stored.task.changes)}
        with office.database.read() as connection:
            credentials = batches.by_entries(connection, status_list.id, list(changes))
            replaced = replacing.replacement_numbers(connection, credentials, changes)
        effective = {int(str(note["index"])): int(str(note["effective"])) for note in stored.task.notes}
        ended = {index: since for index, since in effective.items() if changes[index] is not State.VALID}
        releasing.renew_records(office, institution, credentials, ended, replaced)
        telling.notify(office, stored)
    at = snapshot.epochs[epoch.epoch - 1]
    with office.database.write() as connection:
        tasks.published(connection, epoch.id, block=at.block, time=at.time)
        for state in set(changes.values()):
            ids = [one.id for one in credentials if changes[one.status_index] is state]
            batches.set_state(connection, ids, _STATES[state])
        if stored is not None:
            tasks.set_state(connection, stored.task.id, TaskState.DONE)
        audit.record(
            connection,
            at=office.clock(),
            act="epoch published" if stored is not None else "heartbeat published",
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
