"""The books of an institution, for its auditor: who approved what, and how much was given out. Nothing personal."""

from __future__ import annotations

from collections.abc import Mapping

from issuer import approving, officers
from issuer.approving import Approval, Officer
from issuer.office import Office
from issuer.store import counts, institutions, tasks
from issuer.store.institutions import Institution
from issuer.store.tasks import StoredTask
from jikin.status.index import IndexPermutation
from jikin.values import ListId
from jikin.verification.auditing.books import (
    ApprovedTask,
    BookedBatch,
    BookedEpoch,
    BookedList,
    Books,
    OfficerKeys,
    SignedPart,
    Site,
)


def write(office: Office, institution: Institution) -> Books:
    """Return the books as they stand now: what an auditor holds against chain and public files."""
    pins, site = office.chain.registry.pins, officers.relying_party(office.settings)
    with office.database.read() as connection:
        staff = institutions.every_officer(connection, institution.id)
        lists = institutions.every_status_list(connection, institution.id)
        published = counts.epochs_with_notes(connection, institution.id)
        made_of = {epoch.task_id: epoch for epoch, _ in published if epoch.task_id is not None}
        used = [one for one in tasks.every(connection, institution.id) if one.task.id in made_of]
        signed = {one.task.id: tasks.approvals_of(connection, one.task.id) for one in used}
        unused = {one.id: counts.unused_entries(connection, one.id) for one in lists}
        leaves = counts.leaves_by_root(connection, institution.id)
        numbers, copies, records = counts.numbers(connection, institution.id)
    uids = {one.task.id: one.task.uid for one in used}
    ids = {one.id: one.list_id for one in lists}
    passkeys = {key.id: key.credential_id for officer in staff for key in officer.passkeys}
    return Books(
        chain=pins.chain,
        registry=pins.registry,
        issuer=institution.did,
        site=Site(site.id, site.origin),
        officers=tuple(_officer(one) for one in staff),
        tasks=tuple(_task(one, signed[one.task.id], passkeys) for one in used),
        epochs=tuple(
            BookedEpoch(
                list_id=ids[epoch.status_list_id],
                epoch=epoch.epoch,
                tasks=() if epoch.task_id is None else (uids[epoch.task_id],),
                notes=brought,
            )
            for epoch, brought in published
        ),
        lists=tuple(BookedList(one.list_id, one.reserved, unused[one.id]) for one in lists),
        batches=tuple(BookedBatch(root, count, released) for root, (count, released) in leaves.items()),
        numbers=numbers,
        copies=copies,
        records=records,
    )


def index_keys(office: Office, institution: Institution) -> Mapping[ListId, IndexPermutation]:
    """Return the permutations of the institution's lists, for its auditor alone: they tell in which order it issued."""
    with office.database.read() as connection:
        lists = institutions.every_status_list(connection, institution.id)
    return {one.list_id: IndexPermutation(one.index_key, one.log2_entries) for one in lists}


def _officer(one: Officer) -> OfficerKeys:
    return OfficerKeys(one.id, one.multikey, {key.credential_id: key.public_key for key in one.passkeys})


def _task(stored: StoredTask, signed: tuple[Approval, ...], passkeys: Mapping[int, bytes]) -> ApprovedTask:
    task = stored.task
    return ApprovedTask(
        uid=task.uid,
        list_id=task.list_id,
        changes=task.changes,
        notes_hash=approving.notes_hash(task),
        alone=task.break_glass,
        approvals=tuple(_signed(one, passkeys) for one in signed),
    )


def _signed(one: Approval, passkeys: Mapping[int, bytes]) -> SignedPart:
    given = one.assertion
    return SignedPart(
        officer=one.officer_id,
        part=one.part,
        kind=one.kind,
        expires=one.expires,
        signature=one.signature,
        credential_id=None if given is None else passkeys.get(given.passkey_id),
        authenticator_data=None if given is None else given.authenticator_data,
        client_data=None if given is None else given.client_data,
    )
