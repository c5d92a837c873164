"""Two persons for a list under an embargo: they sign before it is anchored, and it is checked again when it is opened.

The release may be weeks away, longer than an approval holds: so the task is used up by anchoring, and what it released
is fixed by the root, which stands in its manifest together with the second of the release.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from issuer import approving, issue_approval, revoking
from issuer.approving import Officer
from issuer.issue_approval import IssueTask
from issuer.office import Office
from issuer.store import institutions, issue_tasks
from issuer.store.batches import Origin
from issuer.store.embargoes import Embargo, EmbargoState
from issuer.store.institutions import Institution
from issuer.store.issue_tasks import StoredTask, TaskState
from jikin.errors import OfficeError
from jikin.status.approvals import MAX_SECONDS
from jikin.values import JsonObject


def check_task(connection: Connection, office: Office, institution: Institution, task: IssueTask, at: int) -> None:
    """Refuse with OfficeError (``approval.…``) a task that two officers have not signed as of *at* (Unix second)."""
    everybody = institutions.every_officer(connection, institution.id)
    given = replace(revoking.circumstances(office, institution), now=at)
    issue_approval.check(task, issue_tasks.approvals_of(connection, task.id), everybody, given)


def ended(stored: StoredTask, now: int) -> bool:
    """Say whether the task was not used in time and has to be asked for anew."""
    return stored.state is not TaskState.USED and stored.task.expires <= now


def draft(
    connection: Connection, office: Office, institution: Institution, sealed: Embargo, drafted_by: Officer | None
) -> None:
    """Write down the task of a list under an embargo, where two persons are demanded for lists.

    Its manifest names the root over all candidates, which fixes every record, and the second of the release.
    """
    if Origin.LIST.value in institution.two_persons:
        uid, now = approving.new_uid(), office.clock()
        issue_tasks.add(
            connection,
            institution_id=institution.id,
            uid=uid,
            manifest=_manifest(sealed, uid),
            embargo_id=sealed.id,
            drafted_by=None if drafted_by is None else drafted_by.id,
            at=now,
            expires=now + MAX_SECONDS,
        )


def task_of(office: Office, sealed: Embargo) -> StoredTask | None:
    """Return the task that a sealed list waits for or was released by; None: none is demanded.

    One that was not signed in time is followed by a new one.
    """
    with office.database.write() as connection:
        institution = institutions.by_id(connection, sealed.institution_id)
        found = issue_tasks.live(connection, embargo_id=sealed.id)
        if found is not None and not ended(found, office.clock()):
            return found
        if sealed.state is not EmbargoState.SEALED:
            return found
        if found is not None:
            issue_tasks.set_state(connection, found.task.id, TaskState.REFUSED)
        draft(connection, office, institution, sealed, None)
        return issue_tasks.live(connection, embargo_id=sealed.id)


def _manifest(sealed: Embargo, uid: bytes) -> JsonObject:
    return issue_approval.manifest(
        uid=uid,
        type_id=sealed.type,
        count=sealed.tree_size,
        sources=[sealed.tag],
        records=sealed.root,
        suite=sealed.suite,
        embargo_until=sealed.until,
    )


def is_released(office: Office, sealed: Embargo) -> bool:
    """Say whether nothing more has to be signed for a sealed list; the worker checks it again."""
    with office.database.read() as connection:
        institution = institutions.by_id(connection, sealed.institution_id)
        found = issue_tasks.live(connection, embargo_id=sealed.id)
    if found is None:
        return Origin.LIST.value not in institution.two_persons
    return found.state in (TaskState.APPROVED, TaskState.USED)


def use(office: Office, institution: Institution, sealed: Embargo) -> None:
    """Use up the task of a sealed list before it is anchored; raises OfficeError (``approval.…``)."""
    if Origin.LIST.value not in institution.two_persons:
        return
    with office.database.write() as connection:
        stored = issue_tasks.live(connection, embargo_id=sealed.id)
        if stored is not None and stored.task.used_at is None:
            _hold(connection, office, institution, sealed, stored)
            issue_tasks.use(connection, stored.task.id, office.clock())
        else:
            check(connection, office, institution, sealed)


def check(connection: Connection, office: Office, institution: Institution, sealed: Embargo) -> None:
    """Refuse with OfficeError (``approval.…``) a list under an embargo that two persons had to release and did not."""
    if Origin.LIST.value not in institution.two_persons:
        return
    stored = issue_tasks.live(connection, embargo_id=sealed.id)
    if stored is None or stored.task.used_at is None:
        raise OfficeError(f"embargo {sealed.id} was released by nobody", code="approval.missing")
    _hold(connection, office, institution, sealed, stored)


def _hold(
    connection: Connection, office: Office, institution: Institution, sealed: Embargo, stored: StoredTask
) -> None:
    """Refuse approvals that do not hold, now or at the time when they were used, for exactly this list."""
    at = office.clock() if stored.task.used_at is None else stored.task.used_at
    check_task(connection, office, institution, stored.task, at)
    if stored.task.manifest != _manifest(sealed, stored.task.uid):
        raise OfficeError(
            "the sealed list, or its time, is not the one that was approved",
            code="approval.forged",
            hint="look into the audit log; nothing was anchored or opened",
        )
