"""Revoke, suspend, reinstate: requested by one officer, approved by another, published as one epoch of the list.

A request fixes what will be published, changes and notes, and is itself the first of the two signatures. The worker
that publishes (``epochs``) computes every hash again and refuses without both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from issuer import approving, reasons
from issuer.accrediting import RIGHTS
from issuer.approving import Approval, Circumstances, Officer, Role
from issuer.office import STATUS, Office
from issuer.store import audit, batches, institutions, tasks
from issuer.store.batches import Credential, CredentialState
from issuer.store.institutions import Institution, StatusList
from issuer.store.tasks import NewTask, StoredTask, TaskState
from jikin.anchoring.chain import RegistryView
from jikin.anchoring.changes import MAX_CHANGES, Change, pack
from jikin.errors import OfficeError
from jikin.status.array import State, StatusArray
from jikin.status.fold import allowed_moves
from jikin.status.snapshot import StatusSnapshot
from jikin.values import CertificateNumber, Signer, format_instant

_DAY = 86_400
_NOT_RELEASED = frozenset({CredentialState.RESERVED, CredentialState.SIGNED, CredentialState.FAILED})


@dataclass(frozen=True, slots=True)
class Request:
    """What an officer asks for: *numbers* get *state* because of *reason*, since *effective* (Unix second; None: now).

    *whole_day* says that only a day was named and *effective* is its beginning: on the day of issue the change then
    counts from the issue. *alone* asks for the emergency brake: a suspension that rests on one officer.
    """

    numbers: Sequence[CertificateNumber]
    state: State
    reason: str
    effective: int | None = None
    whole_day: bool = False
    alone: bool = False


def request(
    office: Office, institution: Institution, officer: Officer, signer: Signer, asked: Request
) -> tuple[StoredTask, ...]:
    """Return the tasks that now wait for approval, one for each status list; the request is the first signature.

    Raises OfficeError for an unknown number (``office.number-unknown``), a state that cannot be reached from the
    present one (``office.state``), an effective date in the future or too early (``office.effective``), a wrong role.
    """
    reasons.check(asked.reason, asked.state)
    _check_role(officer, asked)
    credentials = _credentials(office, institution, asked.numbers)
    view = office.chain.registry.view()
    effective = _effective(asked, credentials, view)
    with office.database.read() as connection:
        lists = {one.id: one for one in institutions.every_status_list(connection, institution.id)}
    drafts = []
    for status_list in lists.values():
        here = [one for one in credentials if one.status_list_id == status_list.id]
        if here:
            _check_reachable(array_now(view, institution, status_list), here, asked.state)
            drafts.append((status_list, here))
    return tuple(_store(office, officer, signer, _draft(office, *draft, asked, effective)) for draft in drafts)


def _check_role(officer: Officer, asked: Request) -> None:
    if asked.alone and asked.state is not State.SUSPENDED:
        raise OfficeError(
            "one person alone may suspend and nothing else",
            code="approval.missing",
            hint="suspend alone now, and revoke together with a colleague",
        )
    needed = Role.SUSPEND if asked.alone else Role.REQUEST
    if needed not in officer.roles:
        raise OfficeError(
            f"officer {officer.id} has not the role {str(needed.name).lower()}; found: "
            f"{', '.join(approving.role_names(officer.roles)) or 'none'}",
            code="approval.role",
        )


def _credentials(office: Office, institution: Institution, numbers: Sequence[CertificateNumber]) -> list[Credential]:
    """Return the released certificates with these numbers, each once, in the order of their entries."""
    wanted = {number.symbols: number for number in numbers}
    if not 0 < len(wanted) <= MAX_CHANGES:
        raise OfficeError(f"a request names 1 to {MAX_CHANGES:,} numbers, found {len(wanted):,}", code="office.request")
    found = []
    with office.database.read() as connection:
        for symbols, number in wanted.items():
            one = batches.by_number(connection, symbols)
            if one is None or one.institution_id != institution.id:
                raise OfficeError(f"{number} is no certificate of {institution.domain}", code="office.number-unknown")
            if one.state in _NOT_RELEASED:
                raise OfficeError(
                    f"{number} has not been released: its batch {one.batch_id} is still being issued",
                    code="office.not-released",
                )
            found.append(one)
    return sorted(found, key=lambda one: one.status_index)


def _effective(asked: Request, credentials: Sequence[Credential], view: RegistryView) -> int:
    """Return since when the change counts: never later than the newest block, so not later than the epoch's own."""
    newest = view.block.time
    if asked.effective is None:
        return newest
    if asked.effective > newest:
        raise OfficeError(
            f"the effective date {format_instant(asked.effective)} lies in the future: the newest block is of "
            f"{format_instant(newest)}; right would be a time up to then",
            code="office.effective",
        )
    latest = max(one.valid_from for one in credentials)
    if asked.whole_day and asked.effective < latest < asked.effective + _DAY:
        return min(latest, newest)
    if asked.effective < latest:
        raise OfficeError(
            f"the effective date {format_instant(asked.effective)} is earlier than the certificate's own beginning, "
            f"{format_instant(latest)}",
            code="office.effective",
        )
    return asked.effective


def array_now(view: RegistryView, institution: Institution, status_list: StatusList) -> StatusArray:
    """Return the states of a list as the chain has them; raises OfficeError when it contradicts itself."""
    snapshot = snapshot_now(view, institution, status_list)
    if snapshot.folded is None:
        raise OfficeError(f"the status list cannot be folded: {snapshot.contradiction}", code="office.contradiction")
    return snapshot.folded.array


def snapshot_now(view: RegistryView, institution: Institution, status_list: StatusList) -> StatusSnapshot:
    """Return the list as *view* shows it; raises OfficeError when it is not open."""
    snapshot = StatusSnapshot.read(view, institution.issuer_id, status_list.list_id)
    if snapshot is None:
        raise OfficeError("the status list is not open in the registry", code="office.status-list")
    return snapshot


def _check_reachable(array: StatusArray, credentials: Sequence[Credential], state: State) -> None:
    moves = allowed_moves(RIGHTS[STATUS])
    for one in credentials:
        present = array.state(one.status_index)
        if (int(present), int(state)) not in moves:
            raise OfficeError(
                f"{CertificateNumber(one.number)} is {present.name.lower()} and cannot become {state.name.lower()}",
                code="office.state",
            )


def _draft(
    office: Office, status_list: StatusList, credentials: Sequence[Credential], asked: Request, effective: int
) -> NewTask:
    now = office.clock()
    return NewTask(
        institution_id=status_list.institution_id,
        uid=approving.new_uid(),
        status_list_id=status_list.id,
        changes=pack(
            [Change(one.status_index, int(asked.state)) for one in credentials], 1 << status_list.log2_entries
        ),
        notes=[
            {
                "index": one.status_index,
                "state": int(asked.state),
                "reason": asked.reason,
                "effective": effective,
            }
            for one in credentials
        ],
        break_glass=asked.alone,
        created_at=now,
        expires=now + int(office.settings.approval_hours * 3600),
    )


def _store(office: Office, officer: Officer, signer: Signer, draft: NewTask) -> StoredTask:
    """Store the task with the requester's own signature, both or neither."""
    with office.database.write() as connection:
        stored = tasks.add(connection, draft)
        context = office.context(institutions.by_id(connection, draft.institution_id))
        signed = approving.approve(stored.task, officer, signer, part="request", context=context, now=office.clock())
        tasks.add_approval(connection, signed)
        if draft.break_glass:
            tasks.set_state(connection, stored.task.id, TaskState.APPROVED)
        audit.record(
            connection,
            at=office.clock(),
            act="status change requested",
            subject=f"tasks/{stored.task.id}",
            institution_id=draft.institution_id,
            officer_id=officer.id,
            changes=len(draft.changes) // 3,
            alone=draft.break_glass,
        )
        return tasks.by_id(connection, stored.task.id)


# ---------------------------------------------------------------------------------------------------------- approving


def approve(office: Office, officer: Officer, signer: Signer, task_id: int) -> StoredTask:
    """Return the task with *officer*'s approval; raises OfficeError (``approval.…``) when it is none or too late."""
    with office.database.write() as connection:
        stored = tasks.by_id(connection, task_id)
        if stored.task.institution_id != officer.institution_id:
            raise OfficeError(f"there is no task {task_id}", code="office.task", hint="`jikin tasks` lists what waits")
        if stored.state is not TaskState.OPEN:
            raise OfficeError(f"task {task_id} is {stored.state.value}, it does not wait", code="office.task-state")
        institution = institutions.by_id(connection, stored.task.institution_id)
        context = office.context(institution)
        if stored.task.expires <= office.clock():
            raise OfficeError(
                f"task {task_id} ended at {format_instant(stored.task.expires)}",
                code="approval.expired",
                hint="request the change again",
            )
        signed = approving.approve(stored.task, officer, signer, part="approve", context=context, now=office.clock())
        before = tasks.approvals_of(connection, task_id)
        officers = institutions.every_officer(connection, institution.id)
        approving.check(stored.task, [*before, signed], officers, circumstances(office, institution))
        tasks.add_approval(connection, signed)
        tasks.set_state(connection, task_id, TaskState.APPROVED)
        audit.record(
            connection,
            at=office.clock(),
            act="status change approved",
            subject=f"tasks/{task_id}",
            institution_id=institution.id,
            officer_id=officer.id,
        )
        return tasks.by_id(connection, task_id)


def circumstances(office: Office, institution: Institution) -> Circumstances:
    """Return what approvals are checked against now."""
    return Circumstances(office.context(institution), office.clock(), office.settings.backdating_days * _DAY)


def approvals(office: Office, task_id: int) -> tuple[Approval, ...]:
    """Return the approvals of a task."""
    with office.database.read() as connection:
        return tasks.approvals_of(connection, task_id)
