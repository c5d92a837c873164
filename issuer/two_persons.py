"""Two persons issue: a list waits for two signatures over its manifest, where its institution demands them.

The worker trusts no state: before it reserves the first number it makes the manifest again from the rows it is about
to issue, and before each signature it compares the record with the one that was approved (SECURITY 3.6).
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from sqlalchemy import Connection

from issuer import approving, assertions, embargo_approval, importing, issue_approval, officers, revoking
from issuer.approving import Approval, Circumstances, Officer, Role
from issuer.embargo_approval import check_task, ended
from issuer.issue_approval import IssueTask, Records
from issuer.office import Office
from issuer.store import audit, batches, embargoes, institutions, issue_tasks
from issuer.store.batches import Batch, BatchState, Credential, Origin, SourceRow
from issuer.store.institutions import Institution
from issuer.store.issue_tasks import StoredTask, TaskState
from jikin.errors import OfficeError
from jikin.status.approvals import MAX_SECONDS
from jikin.values import JsonObject, Signer, format_instant

# A copy says what its original says, which was released by two persons already.
CAN_DEMAND = (Origin.LIST, Origin.OFFER, Origin.APPLICATION)


def demanded(institution: Institution, batch: Batch) -> bool:
    """Say whether *institution* demands two persons for batches of this origin."""
    return batch.origin.value in institution.two_persons


def demand(office: Office, institution: Institution, origins: Sequence[str]) -> Institution:
    """Return the institution, which from now on demands two persons for batches of these origins (none: for no batch).

    Raises OfficeError ``office.origin`` for another word, ``office.in-work`` while a batch that nobody approved is
    being issued: it could be neither finished nor approved any more.
    """
    known = {origin.value for origin in CAN_DEMAND}
    if unknown := sorted(set(origins) - known):
        raise OfficeError(
            f"no origin {unknown[0][:40]!r}; right would be {', '.join(sorted(known))}", code="office.origin"
        )
    begun = (BatchState.ACCEPTED, BatchState.RELEASED)
    with office.database.write() as connection:
        for batch in batches.every(connection, institution.id):
            in_work = batch.state not in begun and batch.origin.value in origins
            if in_work and issue_tasks.live(connection, batch_id=batch.id) is None:
                raise OfficeError(f"batch {batch.id} is being issued; wait until it is released", code="office.in-work")
        institutions.set_two_persons(connection, institution.id, sorted(set(origins)))
        audit.record(
            connection,
            at=office.clock(),
            act="two persons demanded",
            subject=f"institutions/{institution.id}",
            institution_id=institution.id,
            origins=sorted(set(origins)),
        )
        return institutions.by_id(connection, institution.id)


# -------------------------------------------------------------------------------------------------------------- tasks


def task_of(office: Office, batch: Batch, drafted_by: Officer | None = None) -> StoredTask | None:
    """Return the task that *batch* waits for or was released by, a new one when there is none; None: none is demanded.

    One that was not signed in time is followed by a new one.
    """
    with office.database.write() as connection:
        institution = institutions.by_id(connection, batch.institution_id)
        found = issue_tasks.live(connection, batch_id=batch.id)
        if found is not None and not ended(found, office.clock()):
            return found
        sealed = embargoes.of_batch(connection, batch.id)
        if sealed is not None:
            return issue_tasks.live(connection, embargo_id=sealed.id)
        if not demanded(institution, batch) or batch.state is not BatchState.ACCEPTED:
            return found
        if found is not None:
            issue_tasks.set_state(connection, found.task.id, TaskState.REFUSED)
        records = _records(batch, batches.source_rows(connection, batch.id, "good"))
        uid, now = approving.new_uid(), office.clock()
        return issue_tasks.add(
            connection,
            institution_id=institution.id,
            uid=uid,
            manifest=_manifest(batch, uid, records),
            batch_id=batch.id,
            records=records.raw,
            drafted_by=None if drafted_by is None else drafted_by.id,
            at=now,
            expires=now + MAX_SECONDS,
        )


def _records(batch: Batch, rows: Sequence[SourceRow]) -> Records:
    """Return the records of *rows* as hashes, made of what the rows say and not of what was noted about them."""
    return Records.of({row.line: record_hash(batch.type, row.record or {}) for row in rows})


def record_hash(type_id: str, record: JsonObject) -> bytes:
    """Return SHA-256 of type and record."""
    return importing.record_hash(type_id, {name: str(value) for name, value in record.items()})


def _manifest(batch: Batch, uid: bytes, records: Records) -> JsonObject:
    return issue_approval.manifest(
        uid=uid,
        type_id=batch.type,
        count=len(records),
        sources=[batch.source_digest],
        records=records.digest,
        suite=batch.suite,
    )


# --------------------------------------------------------------------------------------------------------- the worker


def require(office: Office, institution: Institution, batch: Batch) -> None:
    """Refuse with OfficeError (``approval.…``) a batch that has to be released by two persons and was not.

    What is missing is written down first, so that officers find it.
    """
    if not demanded(institution, batch):
        return
    with office.database.read() as connection:
        if (sealed := embargoes.of_batch(connection, batch.id)) is not None:
            embargo_approval.check(connection, office, institution, sealed)
            return
    stored = task_of(office, batch)
    if stored is None or stored.state in (TaskState.DRAFT, TaskState.OPEN):
        raise OfficeError(
            f"batch {batch.id} waits for two officers",
            code="approval.missing",
            hint=f"each signs it: jikin approve {stored.name if stored else ''} --officer NAME",
        )


def use(
    connection: Connection, office: Office, institution: Institution, batch: Batch, rows: Sequence[SourceRow]
) -> None:
    """Use up the task of *batch* in the transaction that reserves its numbers: *rows* are what it will be made of.

    Raises OfficeError (``approval.…``) unless two officers have signed exactly these rows.
    """
    if not demanded(institution, batch):
        return
    if (sealed := embargoes.of_batch(connection, batch.id)) is not None:
        embargo_approval.check(connection, office, institution, sealed)  # its records: embargo.check_records
        return
    stored = issue_tasks.live(connection, batch_id=batch.id)
    if stored is None:
        raise OfficeError(f"batch {batch.id} was released by nobody", code="approval.missing")
    check_task(connection, office, institution, stored.task, office.clock())
    if stored.task.manifest != _manifest(batch, stored.task.uid, _records(batch, rows)):
        raise OfficeError(
            "the rows of the batch are not those that were approved",
            code="approval.forged",
            hint="look into the audit log; nothing was issued",
        )
    if not issue_tasks.use(connection, stored.task.id, office.clock()):
        raise OfficeError(f"task {stored.name} was used before", code="approval.used")


def check_records(
    connection: Connection, office: Office, institution: Institution, batch: Batch, waiting: Sequence[Credential]
) -> None:
    """Refuse with OfficeError (``approval.…``) to sign certificates of *batch* that say what nobody approved.

    The approvals themselves are checked again as of the time when they were used.
    """
    if not demanded(institution, batch):
        return
    if (sealed := embargoes.of_batch(connection, batch.id)) is not None:
        embargo_approval.check(connection, office, institution, sealed)  # its records: embargo.check_records
        return
    stored = issue_tasks.live(connection, batch_id=batch.id)
    if stored is None or stored.task.used_at is None:
        raise OfficeError(f"batch {batch.id} was released by nobody", code="approval.missing")
    check_task(connection, office, institution, stored.task, stored.task.used_at)
    records = Records(issue_tasks.records_of(connection, stored.task.id) or b"")
    changed = records.digest.raw.hex() != stored.task.manifest.get("records")
    if changed or any(records.at(one.line) != record_hash(batch.type, one.record or {}) for one in waiting):
        raise OfficeError(
            "a certificate would say something else than what was approved",
            code="approval.forged",
            hint="look into the audit log; nothing more of this batch is signed",
        )


def forget_records(office: Office) -> None:
    """Forget what was kept to compare records with, of batches that are released."""
    with office.database.write() as connection:
        issue_tasks.forget_records(connection)


# -------------------------------------------------------------------------------------------------------- the officers


def read(office: Office, institution: Institution, task_id: int) -> StoredTask:
    """Return the institution's task with that row id; raises OfficeError ``office.task-unknown``."""
    with office.database.read() as connection:
        return _known(connection, institution.id, task_id)


def _known(connection: Connection, institution_id: int, task_id: int) -> StoredTask:
    stored = issue_tasks.find(connection, task_id)
    if stored is None or stored.task.institution_id != institution_id:
        raise OfficeError(
            f"there is no task {issue_tasks.PREFIX}{task_id}",
            code="office.task-unknown",
            hint="`jikin tasks` lists what waits",
        )
    return stored


def waiting(office: Office, institution: Institution) -> tuple[StoredTask, ...]:
    """Return what waits for a signature now, oldest first."""
    with office.database.read() as connection:
        found = issue_tasks.every(connection, institution.id, only_waiting=True)
    return tuple(one for one in found if not ended(one, office.clock()))


def waiting_for(office: Office, batch: Batch) -> StoredTask | None:
    """Return the task that *batch* waits for, None when nobody has to sign it any more, or had to."""
    with office.database.read() as connection:
        found = issue_tasks.live(connection, batch_id=batch.id)
    return found if found is not None and found.state in (TaskState.DRAFT, TaskState.OPEN) else None


def for_officer(office: Office, officer: Officer) -> tuple[StoredTask, ...]:
    """Return what waits for a signature that *officer* can give now, oldest first."""
    with office.database.read() as connection:
        institution = institutions.by_id(connection, officer.institution_id)
    found = []
    for stored in waiting(office, institution):
        with office.database.read() as connection, contextlib.suppress(OfficeError):
            part_of(connection, stored, officer)
            found.append(stored)
    return tuple(found)


def part_of(connection: Connection, stored: StoredTask, officer: Officer) -> str:
    """Return which signature *officer* can give: "request" or "approve"; raises OfficeError (``approval.…``)."""
    given = {one.officer_id for one in issue_tasks.approvals_of(connection, stored.task.id)}
    if officer.id in given:
        raise OfficeError("who requests does not approve; right would be another officer", code="approval.same-officer")
    if stored.state is TaskState.DRAFT:
        if stored.drafted_by not in (None, officer.id):
            raise OfficeError("whoever asks signs first", code="approval.role")
        approving.need(officer, Role.ISSUE)
        return "request"
    approving.need(officer, Role.APPROVE)
    return "approve"


def approve(office: Office, officer: Officer, signer: Signer, task_id: int) -> StoredTask:
    """Return the task with *officer*'s signature by key file: the request's, or the second person's approval."""
    with office.database.write() as connection:
        stored, institution = _open(connection, office, officer, task_id)
        part = part_of(connection, stored, officer)
        context = office.context(institution)
        made = approving.approve(stored.task, officer, signer, part=part, context=context, now=office.clock())
        return _signed(connection, office, institution, stored, made)


def signing_options(office: Office, officer: Officer, task_id: int) -> JsonObject:
    """Return what the browser needs for *officer*'s signature on the task; raises OfficeError."""
    with office.database.read() as connection:
        stored, institution = _open(connection, office, officer, task_id)
        part_of(connection, stored, officer)
    return officers.signing_options(office, officer, _challenge(office, institution, stored.task))


def sign(office: Office, officer: Officer, task_id: int, response: str) -> StoredTask:
    """Return the task with *officer*'s signature by passkey; *response* answers ``signing_options``.

    Raises OfficeError (``approval.…``), ProtocolError.
    """
    with office.database.read() as connection:
        stored, institution = _open(connection, office, officer, task_id)
        part_of(connection, stored, officer)
    now = office.clock()
    expires = approving.ends(stored.task, now)
    signature, assertion = officers.signed(office, officer, response, _challenge(office, institution, stored.task))
    with office.database.write() as connection:
        stored, institution = _open(connection, office, officer, task_id)
        part = part_of(connection, stored, officer)
        made = Approval(task_id, officer.id, part, assertions.NAME, expires, signature, now, assertion)
        return _signed(connection, office, institution, stored, made)


def _challenge(office: Office, institution: Institution, task: IssueTask) -> bytes:
    expires = approving.ends(task, office.clock())
    return approving.challenge(office.context(institution), task.about, expires, task.act)


def _open(connection: Connection, office: Office, officer: Officer, task_id: int) -> tuple[StoredTask, Institution]:
    stored = _known(connection, officer.institution_id, task_id)
    if stored.state not in (TaskState.DRAFT, TaskState.OPEN):
        raise OfficeError(f"task {stored.name} is {stored.state.value}, it does not wait", code="office.task-state")
    if ended(stored, office.clock()):
        raise OfficeError(
            f"task {stored.name} ended at {format_instant(stored.task.expires)}",
            code="approval.expired",
            hint="ask for the issue again: it gets a new task",
        )
    return stored, institutions.by_id(connection, stored.task.institution_id)


def _signed(
    connection: Connection, office: Office, institution: Institution, stored: StoredTask, made: Approval
) -> StoredTask:
    """Return the task with *made* stored; raises OfficeError when it does not hold."""
    everybody, given = institutions.every_officer(connection, institution.id), _given(office, institution)
    approving.verify(stored.task, made, everybody, given)
    before = issue_tasks.approvals_of(connection, stored.task.id)
    state = TaskState.OPEN
    if made.part == "approve":
        issue_approval.check(stored.task, [*before, made], everybody, given)
        state = TaskState.APPROVED
    issue_tasks.add_approval(connection, made)
    issue_tasks.set_state(connection, stored.task.id, state)
    audit.record(
        connection,
        at=office.clock(),
        act="issue approved" if made.part == "approve" else "issue requested",
        subject=f"issue_tasks/{stored.task.id}",
        institution_id=institution.id,
        officer_id=made.officer_id,
    )
    return _known(connection, institution.id, stored.task.id)


def _given(office: Office, institution: Institution) -> Circumstances:
    return revoking.circumstances(office, institution)


def decline(office: Office, officer: Officer, task_id: int) -> StoredTask:
    """Return the task, sent back by an officer who may issue or approve; what it was for can be asked for anew."""
    with office.database.write() as connection:
        _waits, institution = _open(connection, office, officer, task_id)
        if Role.ISSUE not in officer.roles:
            approving.need(officer, Role.APPROVE)
        issue_tasks.set_state(connection, task_id, TaskState.REFUSED)
        audit.record(
            connection,
            at=office.clock(),
            act="issue declined",
            subject=f"issue_tasks/{task_id}",
            institution_id=institution.id,
            officer_id=officer.id,
        )
        return _known(connection, institution.id, task_id)
