"""The certificates that take the place of corrected ones: issued by the same steps as every other, each exactly once.

Only when the new one is released is the old one marked as replaced, with the new one's digest in its note. So nobody is
ever left with neither, and whoever holds the old one learns which certificate stands in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from issuer import accrediting, approving, combining, correcting, importing, issuing, releasing, revoking
from issuer.accrediting import RIGHTS
from issuer.office import STATUS, Office
from issuer.steps import go_through
from issuer.store import batches, institutions, task_rows, tasks
from issuer.store.batches import Batch, BatchState, Credential, NewCredential, Origin, SourceRow
from issuer.store.institutions import Institution, StatusList
from issuer.store.task_rows import TaskRow
from issuer.store.tasks import StoredTask
from jikin.errors import OfficeError
from jikin.status.array import State
from jikin.status.fold import allowed_moves
from jikin.status.index import IndexPermutation
from jikin.values import CertificateNumber, Digest

# After numbers and entries are reserved here, with the first dates of issue, a correction goes the way of every batch.
_STEPS = (
    issuing.sign_chunk,
    combining.plant,
    issuing.prepare_anchor,
    issuing.anchor,
    releasing.verify_chunk,
    releasing.release,
)


def replacement_digests(
    connection: Connection, credentials: Sequence[Credential], changes: Mapping[int, State]
) -> Mapping[int, Digest]:
    """Return by list entry the anchor digest of the certificate that takes its place; raises OfficeError.

    ``office.correction-waits``: a copy in another list is to be marked before its original's correction was issued.
    """
    found: dict[int, Digest] = {}
    for one, replacement in _replacements(connection, credentials, changes):
        if replacement.digest is None:
            raise OfficeError(f"credential {replacement.id} has no digest", code="office.order")
        found[one.status_index] = replacement.digest
    return found


def replacement_numbers(
    connection: Connection, credentials: Sequence[Credential], changes: Mapping[int, State]
) -> Mapping[int, CertificateNumber]:
    """Return by list entry the number of the certificate that takes its place; raises OfficeError."""
    return {
        one.status_index: CertificateNumber(replacement.number)
        for one, replacement in _replacements(connection, credentials, changes)
    }


def _replacements(
    connection: Connection, credentials: Sequence[Credential], changes: Mapping[int, State]
) -> list[tuple[Credential, Credential]]:
    replaced = [one for one in credentials if changes[one.status_index] is State.REPLACED]
    known = task_rows.replacements(connection, [one.copy_of or one.id for one in replaced])
    for one in replaced:
        if (one.copy_of or one.id) not in known:
            raise OfficeError(
                f"the certificate that takes the place of credential {one.copy_of or one.id} is not issued yet",
                code="office.correction-waits",
            )
    return [(one, known[one.copy_of or one.id]) for one in replaced]


# ---------------------------------------------------------------------------------------------------------- issuing


def issue_replacements(office: Office, institution: Institution, stored: StoredTask) -> None:
    """Issue the certificates that take the place of those that an approved task corrects; each once.

    Raises OfficeError ``approval.…`` when the task is not approved for exactly these records.
    """
    with office.database.read() as connection:
        rows = task_rows.of_task(connection, stored.task.id)
    if not any(row.record is not None for row in rows) and stored.batch_id is None:
        return
    batch_id = stored.batch_id if stored.batch_id is not None else _reserve(office, institution, stored)
    go_through(_STEPS, lambda step: step(office, batch_id) or 0)
    with office.database.read() as connection:
        batch = batches.by_id(connection, batch_id)
    if batch.state is not BatchState.RELEASED:
        raise OfficeError(f"the correction stopped: its batch {batch_id} is {batch.state.value}", code="office.order")
    with office.database.write() as connection:
        issued = {one.line: one for one in batches.credentials_of(connection, batch_id)}
        for line, row in enumerate(_corrected(task_rows.of_task(connection, stored.task.id)), start=1):
            if row.replacement_id is None and line in issued:
                task_rows.replaced(connection, row.id, issued[line].id)


def _corrected(rows: Sequence[TaskRow]) -> list[TaskRow]:
    """Return the rows with a corrected record, in the order of the replacements' lines."""
    return [row for row in rows if row.corrects]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A certificate that says something wrong, and the row with what the corrected one will say."""

    row: TaskRow
    old: Credential

    @property
    def record(self) -> dict[str, str]:
        """Return the corrected record."""
        return {name: str(value) for name, value in (self.row.record or {}).items()}


def _pairs(connection: Connection, task_id: int) -> list[_Pair]:
    rows = _corrected(task_rows.of_task(connection, task_id))
    return [_Pair(row, batches.by_row(connection, row.credential_id)) for row in rows]


def _reserve(office: Office, institution: Institution, stored: StoredTask) -> int:
    """Return the batch of the replacements: numbers, entries and first dates of issue, all in one transaction."""
    with office.database.read() as connection:
        waiting = _pairs(connection, stored.task.id)
        lists = {one.id: one for one in institutions.every_status_list(connection, institution.id)}
    _check_reachable(office, institution, waiting, lists)
    count = len(waiting)
    status_list = accrediting.ensure_status_list(office, institution, room=count)
    with office.database.write() as connection:
        current = tasks.by_id(connection, stored.task.id)
        if current.batch_id is not None:
            return current.batch_id  # another worker was faster
        approvals = tasks.approvals_of(connection, stored.task.id)
        staff = institutions.every_officer(connection, institution.id)
        approving.check(current.task, approvals, staff, revoking.circumstances(office, institution))
        pairs = _pairs(connection, stored.task.id)
        _check_committed(current, pairs)
        batch = _batch(office, connection, current, pairs)
        numbers = issuing.free_numbers(connection, office.today.year, institution.number_code, len(pairs))
        first = institutions.reserve_entries(connection, status_list.id, len(pairs))
        permutation = IndexPermutation(status_list.index_key, status_list.log2_entries)
        entries = [permutation.entry(first + offset) for offset in range(len(pairs))]
        reserved = [
            _new_credential(line, pair, number, entry)
            for line, (pair, number, entry) in enumerate(zip(pairs, numbers, entries, strict=True), start=1)
        ]
        batches.reserve(connection, batch, status_list.id, reserved, office.clock())
        batches.advance(connection, batch.id, BatchState.RESERVED)
        tasks.set_batch(connection, stored.task.id, batch.id)
        return batch.id


def _check_reachable(
    office: Office, institution: Institution, pairs: Sequence[_Pair], lists: Mapping[int, StatusList]
) -> None:
    """Refuse with OfficeError ``office.state`` to issue anew what has ended since it was approved.

    Else a certificate that was revoked meanwhile would have a successor in force, and nobody to say whose it is.
    """
    view = office.chain.registry.view()
    arrays = {
        list_id: revoking.array_now(view, institution, lists[list_id])
        for list_id in {pair.old.status_list_id for pair in pairs}
    }
    for pair in pairs:
        present = arrays[pair.old.status_list_id].state(pair.old.status_index)
        if (int(present), int(State.REPLACED)) not in allowed_moves(RIGHTS[STATUS]):
            raise OfficeError(
                f"credential {pair.old.id} is {present.name.lower()} by now and is not replaced any more",
                code="office.state",
            )


def _check_committed(stored: StoredTask, pairs: Sequence[_Pair]) -> None:
    """Refuse records other than those that were signed: whoever can write here must not choose what is certified."""
    said = {int(str(note["index"])): note.get(correcting.NOTE_MEMBER) for note in stored.task.notes}
    for pair in pairs:
        if said.get(pair.old.status_index) != correcting.commitment(pair.row.salt, pair.old.type, pair.record):
            raise OfficeError(
                f"the corrected record of credential {pair.old.id} is not the one that was approved",
                code="approval.forged",
                hint="look into the audit log",
            )


def _batch(office: Office, connection: Connection, stored: StoredTask, pairs: Sequence[_Pair]) -> Batch:
    return batches.add(
        connection,
        institution_id=stored.task.institution_id,
        type=pairs[0].old.type,
        suite=office.settings.suite,
        idempotency_key=f"correction {stored.task.uid.hex()}",
        source_digest=approving.subject(stored.task).raw,
        source=[SourceRow(line, "good", None, None) for line in range(1, len(pairs) + 1)],
        at=office.clock(),
        origin=Origin.CORRECTION,
    )


def _new_credential(line: int, pair: _Pair, number: str, entry: int) -> NewCredential:
    """Return the certificate to be: another record, number and entry; the first date of issue and the end are kept."""
    return NewCredential(
        line=line,
        number=number,
        record=pair.record,
        record_hash=importing.record_hash(pair.old.type, pair.record),
        status_index=entry,
        valid_from=pair.old.valid_from,
        valid_until=pair.old.valid_until,
    )
