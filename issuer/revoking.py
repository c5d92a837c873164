"""Revoke, suspend, reinstate: requested by one officer, approved by another, published as one epoch of the list.

A request fixes what will be published, changes and notes, and is itself the first of the two signatures. The worker
that publishes (``epochs``) computes every hash again and refuses without both.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from issuer import approving, assertions, officers, planning
from issuer.approving import Approval, Circumstances, Officer, Role
from issuer.assertions import WebAuthnApproval
from issuer.office import Office
from issuer.planning import Request, array_now, check_complete, snapshot_now, with_copies
from issuer.store import audit, institutions, tasks
from issuer.store.institutions import Institution
from issuer.store.tasks import StoredTask, TaskState
from jikin.errors import OfficeError
from jikin.values import JsonObject, Signer, format_instant

__all__ = [
    "DECLINED",
    "WITHDRAWN",
    "Request",
    "approvals",
    "approve",
    "array_now",
    "check_complete",
    "circumstances",
    "decline",
    "draft",
    "draft_unsigned",
    "part_of",
    "request",
    "sign",
    "signing_options",
    "snapshot_now",
    "with_copies",
]

_DAY = 86_400
# Why a task was refused by a person; they begin like every other refusal of a task.
DECLINED = "approval.declined"
WITHDRAWN = "approval.withdrawn"


def request(
    office: Office, institution: Institution, officer: Officer, signer: Signer, asked: Request
) -> tuple[StoredTask, ...]:
    """Return the tasks that now wait for approval, one for each status list; the request is the first signature.

    A number stands for its certificate and every copy that holders have of it. Raises OfficeError for an unknown number
    (``office.number-unknown``), a state that cannot be reached from the present one (``office.state``), an effective
    date in the future or too early (``office.effective``), a wrong role.
    """

    def sign(connection: Connection, stored: StoredTask) -> StoredTask:
        context = office.context(institution)
        made = approving.approve(stored.task, officer, signer, part="request", context=context, now=office.clock())
        return _requested(office, connection, stored, made)

    plans, credentials = planning.plans(office, institution, officer, asked)
    with office.database.write() as connection:  # tasks and their first signatures are stored all or none
        planning.check_copies(connection, credentials)
        return tuple(sign(connection, tasks.add(connection, plan)) for plan in plans)


def draft(office: Office, institution: Institution, officer: Officer, asked: Request) -> tuple[StoredTask, ...]:
    """Return the tasks as written down, one for each status list; each waits for *officer*'s own passkey first.

    Raises OfficeError as ``request`` does.
    """
    plans, credentials = planning.plans(office, institution, officer, asked)
    with office.database.write() as connection:
        planning.check_copies(connection, credentials)
        return tuple(tasks.add(connection, replace(plan, drafted_by=officer.id)) for plan in plans)


def draft_unsigned(
    office: Office, institution: Institution, asked: Request, token_id: int | None
) -> tuple[StoredTask, ...]:
    """Return the tasks as a program asks for them, one for each status list: by itself it changes nothing.

    An officer who may request takes them up by signing, and another one approves. Raises OfficeError as ``request``.
    """
    plans, credentials = planning.plans(office, institution, None, asked)
    with office.database.write() as connection:
        planning.check_copies(connection, credentials)
        stored = tuple(tasks.add(connection, replace(plan, by_program=True)) for plan in plans)
        for one in stored:
            audit.record(
                connection,
                at=office.clock(),
                act="status change asked for",
                subject=f"tasks/{one.task.id}",
                institution_id=institution.id,
                token=token_id,
            )
        return stored


def _requested(office: Office, connection: Connection, stored: StoredTask, signed: Approval) -> StoredTask:
    """Return the task as it stands after its first signature."""
    tasks.add_approval(connection, signed)
    state = TaskState.APPROVED if stored.task.break_glass else TaskState.OPEN
    tasks.set_state(connection, stored.task.id, state)
    audit.record(
        connection,
        at=office.clock(),
        act="status change requested",
        subject=f"tasks/{stored.task.id}",
        institution_id=stored.task.institution_id,
        officer_id=signed.officer_id,
        changes=len(stored.task.changes) // 3,
        alone=stored.task.break_glass,
    )
    return tasks.by_id(connection, stored.task.id)


# ---------------------------------------------------------------------------------------------------------- approving


def approve(office: Office, officer: Officer, signer: Signer, task_id: int) -> StoredTask:
    """Return the task with *officer*'s approval; raises OfficeError (``approval.…``) when it is none or too late.

    What a program asked for is requested by it first: then it is open, and waits for another officer.
    """
    with office.database.write() as connection:
        stored, institution = _waiting(office, connection, officer, task_id)
        context = office.context(institution)
        if stored.by_program:
            approving.need(officer, Role.REQUEST)
            signed = approving.approve(
                stored.task, officer, signer, part="request", context=context, now=office.clock()
            )
            return _requested(office, connection, stored, signed)
        signed = approving.approve(stored.task, officer, signer, part="approve", context=context, now=office.clock())
        return _approved(office, connection, stored, signed)


def _approved(office: Office, connection: Connection, stored: StoredTask, signed: Approval) -> StoredTask:
    """Return the task, approved by *signed* as the second person; raises OfficeError when that is not enough."""
    institution = institutions.by_id(connection, stored.task.institution_id)
    before = tasks.approvals_of(connection, stored.task.id)
    officers_here = institutions.every_officer(connection, institution.id)
    approving.check(stored.task, [*before, signed], officers_here, circumstances(office, institution))
    tasks.add_approval(connection, signed)
    tasks.set_state(connection, stored.task.id, TaskState.APPROVED)
    audit.record(
        connection,
        at=office.clock(),
        act="status change approved",
        subject=f"tasks/{stored.task.id}",
        institution_id=institution.id,
        officer_id=signed.officer_id,
    )
    return tasks.by_id(connection, stored.task.id)


def _waiting(office: Office, connection: Connection, officer: Officer, task_id: int) -> tuple[StoredTask, Institution]:
    """Return a task of *officer*'s institution that still waits for a signature; raises OfficeError."""
    stored = tasks.by_id(connection, task_id)
    if stored.task.institution_id != officer.institution_id:
        raise OfficeError(f"there is no task {task_id}", code="office.task", hint="`jikin tasks` lists what waits")
    if stored.state not in (TaskState.DRAFT, TaskState.OPEN):
        raise OfficeError(f"task {task_id} is {stored.state.value}, it does not wait", code="office.task-state")
    if stored.ends <= office.clock():
        raise OfficeError(
            f"task {task_id} ended at {format_instant(stored.ends)}",
            code="approval.expired",
            hint="request the change again",
        )
    return stored, institutions.by_id(connection, stored.task.institution_id)


# ---------------------------------------------------------------------------------------------------------- by passkey


def part_of(stored: StoredTask, officer: Officer) -> str | None:
    """Return which signature *officer* can give *stored*: "request", "approve", or None.

    Who asked never approves; what a program asked for is requested by whichever officer may. Whether the role suffices
    is else for the signature's own check to say.
    """
    if stored.by_program:
        return "request" if Role.REQUEST in officer.roles else None
    if stored.state is TaskState.DRAFT:
        return "request" if stored.drafted_by == officer.id else None
    if stored.state is TaskState.OPEN and stored.drafted_by != officer.id and Role.APPROVE in officer.roles:
        return "approve"
    return None


def signing_options(office: Office, officer: Officer, task_id: int) -> JsonObject:
    """Return what the browser needs for *officer*'s signature on the task; raises OfficeError."""
    with office.database.read() as connection:
        stored, institution = _waiting(office, connection, officer, task_id)
        _part(connection, stored, officer)
    expires = approving.ends(stored.task, office.clock())
    challenge = approving.challenge(office.context(institution), approving.subject(stored.task), expires)
    return officers.signing_options(office, officer, challenge)


def sign(office: Office, officer: Officer, task_id: int, response: str) -> StoredTask:
    """Return the task with *officer*'s signature by passkey: the request's where it is a draft, else the approval.

    *response* is the browser's answer to ``signing_options``. Raises OfficeError (``approval.…``), ProtocolError.
    """
    with office.database.read() as connection:
        stored, institution = _waiting(office, connection, officer, task_id)
        part = _part(connection, stored, officer)
    now, context = office.clock(), office.context(institution)
    expires = approving.ends(stored.task, now)
    about = approving.subject(stored.task)
    signature, assertion = officers.signed(office, officer, response, approving.challenge(context, about, expires))
    made = Approval(task_id, officer.id, part, assertions.NAME, expires, signature, now, assertion)
    with office.database.write() as connection:
        stored, institution = _waiting(office, connection, officer, task_id)
        if _part(connection, stored, officer) != part:
            raise OfficeError("the task was signed a moment ago", code="office.task-state")
        if part == "approve":
            return _approved(office, connection, stored, made)
        approving.verify(stored.task, made, [officer], circumstances(office, institution))
        return _requested(office, connection, stored, made)


def _part(connection: Connection, stored: StoredTask, officer: Officer) -> str:
    part = part_of(stored, officer)
    given = {one.officer_id for one in tasks.approvals_of(connection, stored.task.id)}
    if officer.id in given:
        raise OfficeError("who requests does not approve; right would be another officer", code="approval.same-officer")
    if part is None:
        raise OfficeError(
            f"officer {officer.id} cannot sign task {stored.task.id}; found: "
            f"{', '.join(approving.role_names(officer.roles)) or 'none'}",
            code="approval.role",
        )
    return part


def decline(office: Office, officer: Officer, task_id: int) -> StoredTask:
    """Return the task, sent back: by whoever asked, or by an officer who may approve. It can be requested anew."""
    with office.database.write() as connection:
        stored, institution = _waiting(office, connection, officer, task_id)
        mine = officer.id in {stored.drafted_by, *(one.officer_id for one in tasks.approvals_of(connection, task_id))}
        if not mine:
            approving.need(officer, Role.REQUEST if stored.by_program else Role.APPROVE)
        code = WITHDRAWN if mine else DECLINED
        tasks.set_state(connection, task_id, TaskState.REFUSED, code=code)
        audit.record(
            connection,
            at=office.clock(),
            act="status change withdrawn" if mine else "status change declined",
            subject=f"tasks/{task_id}",
            institution_id=institution.id,
            officer_id=officer.id,
        )
        return tasks.by_id(connection, task_id)


def circumstances(office: Office, institution: Institution) -> Circumstances:
    """Return what approvals are checked against now."""
    site = officers.relying_party(office.settings)
    kinds = (*approving.STANDARD_KINDS, WebAuthnApproval(site.id, site.origin))
    return Circumstances(office.context(institution), office.clock(), office.settings.backdating_days * _DAY, kinds)


def approvals(office: Office, task_id: int) -> tuple[Approval, ...]:
    """Return the approvals of a task."""
    with office.database.read() as connection:
        return tasks.approvals_of(connection, task_id)
