"""Revoke, suspend, reinstate: requested by one officer, approved by another, published as one epoch of the list.

A request fixes what will be published, changes and notes, and is itself the first of the two signatures. The worker
that publishes (``epochs``) computes every hash again and refuses without both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from issuer import approving, assertions, correcting, officers, reasons
from issuer.accrediting import RIGHTS
from issuer.approving import Approval, Circumstances, Officer, Role
from issuer.assertions import WebAuthnApproval
from issuer.office import STATUS, Office
from issuer.store import audit, batches, copies, counts, institutions, tasks
from issuer.store.batches import Credential, CredentialState
from issuer.store.institutions import Institution, StatusList
from issuer.store.task_rows import NewTaskRow
from issuer.store.tasks import NewTask, StoredTask, TaskState
from jikin.anchoring.chain import RegistryView
from jikin.anchoring.changes import MAX_CHANGES, Change, pack
from jikin.errors import OfficeError
from jikin.status.array import State, StatusArray
from jikin.status.fold import allowed_moves
from jikin.status.snapshot import StatusSnapshot
from jikin.values import CertificateNumber, JsonObject, Signer, format_instant

_DAY = 86_400
# Why a task was refused by a person; they begin like every other refusal of a task.
DECLINED = "approval.declined"
WITHDRAWN = "approval.withdrawn"
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
    corrected: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    tell: bool = False

    def state_of(self, credential: Credential) -> State:
        """Return what becomes of *credential*; copies carry their original's number."""
        return State.REPLACED if credential.number in self.corrected else self.state


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

    plans, credentials = _plans(office, institution, officer, asked)
    with office.database.write() as connection:  # tasks and their first signatures are stored all or none
        _check_complete(connection, credentials)
        return tuple(sign(connection, tasks.add(connection, plan)) for plan in plans)


def draft(office: Office, institution: Institution, officer: Officer, asked: Request) -> tuple[StoredTask, ...]:
    """Return the tasks as written down, one for each status list; each waits for *officer*'s own passkey first.

    Raises OfficeError as ``request`` does.
    """
    plans, credentials = _plans(office, institution, officer, asked)
    with office.database.write() as connection:
        _check_complete(connection, credentials)
        return tuple(tasks.add(connection, replace(plan, drafted_by=officer.id)) for plan in plans)


def draft_unsigned(
    office: Office, institution: Institution, asked: Request, token_id: int | None
) -> tuple[StoredTask, ...]:
    """Return the tasks as a program asks for them, one for each status list: by itself it changes nothing.

    An officer who may request takes them up by signing, and another one approves. Raises OfficeError as ``request``.
    """
    plans, credentials = _plans(office, institution, None, asked)
    with office.database.write() as connection:
        _check_complete(connection, credentials)
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


def _plans(
    office: Office, institution: Institution, officer: Officer | None, asked: Request
) -> tuple[tuple[NewTask, ...], Sequence[Credential]]:
    """Return what is to be stored, and every certificate and copy that it speaks of."""
    if officer is not None:
        _check_role(officer, asked)
    credentials = _credentials(office, institution, asked)
    for state in {asked.state_of(one) for one in credentials}:
        reasons.check(asked.reason, state)
    if officer is not None:
        _check_cap(office, officer, len(credentials))
    records = _corrected_records(office, asked, credentials)
    view = office.chain.registry.view()
    effective = _effective(asked, credentials, view)
    with office.database.read() as connection:
        lists = {one.id: one for one in institutions.every_status_list(connection, institution.id)}
    plans = []
    for status_list in lists.values():
        here = [one for one in credentials if one.status_list_id == status_list.id]
        if here:
            here = _reachable(array_now(view, institution, status_list), here, asked)
        if here:
            plans.append(_plan(office, status_list, here, _Wish(asked, effective, records)))
    return tuple(plans), credentials


def _check_cap(office: Office, officer: Officer, changes: int) -> None:
    """Refuse a request beyond what one officer may ask for within 24 hours (SECURITY 2.2)."""
    with office.database.read() as connection:
        before = counts.changes_since(connection, officer.id, office.clock() - _DAY)
    most = office.settings.status_changes_per_day
    if before + changes > most:
        raise OfficeError(
            f"officer {officer.id} has asked for {before:,} changes within 24 hours, and asks for {changes:,} more; "
            f"at most {most:,} are allowed",
            code="office.cap",
            hint="ask a colleague, or wait; status_changes_per_day sets the limit",
        )


def _corrected_records(
    office: Office, asked: Request, credentials: Sequence[Credential]
) -> Mapping[int, tuple[dict[str, str], bytes]]:
    """Return the corrected record and its salt by row id of the original; raises OfficeError.

    ``office.request`` for a replacement without anything to put right, and for corrections of several types at once.
    """
    if asked.state is State.REPLACED and {one.symbols for one in asked.numbers} - set(asked.corrected):
        raise OfficeError(
            "a certificate is replaced by one that says something else; nothing was named that it shall say",
            code="office.request",
            hint="`jikin correct NUMBER --set COLUMN=VALUE`",
        )
    originals = [one for one in credentials if one.copy_of is None and one.number in asked.corrected]
    if len({one.type for one in originals}) > 1:
        raise OfficeError("a request corrects certificates of one type", code="office.request")
    return {
        one.id: (
            correcting.corrected_record(office, office.types.named(one.type), one, asked.corrected[one.number]),
            correcting.new_salt(),
        )
        for one in originals
    }


def _check_complete(connection: Connection, credentials: Sequence[Credential]) -> None:
    """Refuse when a copy has its entry since *credentials* were read: it would be left out."""
    known = {one.id for one in credentials}
    originals = [one.id for one in credentials if one.copy_of is None]
    if any(copy.id not in known for copy in copies.copies_of(connection, originals)):
        raise OfficeError("a holder received a copy a moment ago; right would be to request again", code="office.state")


def _check_role(officer: Officer, asked: Request) -> None:
    if asked.alone and asked.state is not State.SUSPENDED:
        raise OfficeError(
            "one person alone may suspend and nothing else",
            code="approval.missing",
            hint="suspend alone now, and revoke together with a colleague",
        )
    approving.need(officer, Role.SUSPEND if asked.alone else Role.REQUEST)


def _credentials(office: Office, institution: Institution, asked: Request) -> list[Credential]:
    """Return the released certificates with these numbers and all their copies, in the order of their entries."""
    wanted = {number.symbols: number for number in asked.numbers}
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
        found += copies.copies_of(connection, [one.id for one in found])
    return sorted(found, key=lambda one: one.status_index)


def with_copies(connection: Connection, originals: Sequence[Credential]) -> list[Credential]:
    """Return certificates and every copy of them, in the order of their entries: what one change is about."""
    copied = copies.copies_of(connection, [one.id for one in originals])
    return sorted((*originals, *copied), key=lambda one: one.status_index)


def check_complete(
    connection: Connection, credentials: Sequence[Credential], present: StatusArray, states: Collection[State]
) -> None:
    """Refuse with OfficeError ``office.state`` a change that leaves out a copy: one was made since it was asked for.

    *present* are the list's states before the change, *states* those that it leads to.
    """
    named = {one.id for one in credentials}
    here = {one.status_list_id for one in credentials}
    originals = [one for one in credentials if one.copy_of is None]
    left_out = (one for one in with_copies(connection, originals) if one.id not in named)
    if any(one.status_list_id in here and present.state(one.status_index) not in states for one in left_out):
        raise OfficeError(
            "a holder has received a copy since the change was asked for, and it would stay as it is",
            code="office.state",
            hint="request the change again; it then names every copy",
        )


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


def _reachable(array: StatusArray, credentials: Sequence[Credential], asked: Request) -> list[Credential]:
    """Return *credentials* without the copies that are as asked already; raises OfficeError ``office.state``."""
    moves = allowed_moves(RIGHTS[STATUS])
    found = []
    for one in credentials:
        present, state = array.state(one.status_index), asked.state_of(one)
        if one.copy_of is not None and present is state:
            continue
        if (int(present), int(state)) not in moves:
            raise OfficeError(
                f"{CertificateNumber(one.number)} is {present.name.lower()} and cannot become {state.name.lower()}",
                code="office.state",
            )
        found.append(one)
    return found


@dataclass(frozen=True, slots=True)
class _Wish:
    """A request and what was found out: since when it counts, and by original the corrected record with its salt."""

    asked: Request
    effective: int
    records: Mapping[int, tuple[dict[str, str], bytes]] = field(repr=False)

    def note(self, one: Credential) -> JsonObject:
        """Return what officers sign of *one*; a corrected record enters under its salt alone."""
        note: JsonObject = {
            "index": one.status_index,
            "state": int(self.asked.state_of(one)),
            "reason": self.asked.reason,
            "effective": self.effective,
        }
        corrected = self.records.get(one.copy_of or one.id)
        if corrected is None:
            return note
        record, salt = corrected
        return {**note, correcting.NOTE_MEMBER: correcting.commitment(salt, one.type, record)}

    def rows(self, credentials: Sequence[Credential]) -> list[NewTaskRow]:
        """Return the rows of the originals among *credentials* whose holders are told or that are corrected."""
        told = [one for one in credentials if one.copy_of is None and (self.asked.tell or one.id in self.records)]
        found = ((one.id, *self.records.get(one.id, (None, correcting.new_salt()))) for one in told)
        return [NewTaskRow(credential_id, record, salt) for credential_id, record, salt in found]


def _plan(office: Office, status_list: StatusList, credentials: Sequence[Credential], wish: _Wish) -> NewTask:
    now = office.clock()
    changes = [Change(one.status_index, int(wish.asked.state_of(one))) for one in credentials]
    return NewTask(
        institution_id=status_list.institution_id,
        uid=approving.new_uid(),
        status_list_id=status_list.id,
        changes=pack(changes, 1 << status_list.log2_entries),
        notes=[wish.note(one) for one in credentials],
        break_glass=wish.asked.alone,
        created_at=now,
        expires=now + int(office.settings.approval_hours * 3600),
        rows=wish.rows(credentials),
    )


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
