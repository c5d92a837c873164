"""What a request for a change of status becomes: one task for each list, with changes and notes fixed to the byte.

Everything is looked at before anybody signs: numbers, roles, what can still be reached from the present state, dates,
the day's allowance, and what a corrected certificate would say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from issuer import approving, correcting, reasons
from issuer.accrediting import RIGHTS
from issuer.approving import Officer, Role
from issuer.office import STATUS, Office
from issuer.store import batches, copies, counts, institutions
from issuer.store.batches import Credential, CredentialState
from issuer.store.institutions import Institution, StatusList
from issuer.store.task_rows import NewTaskRow
from issuer.store.tasks import NewTask
from jikin.anchoring.chain import RegistryView
from jikin.anchoring.changes import MAX_CHANGES, Change, pack
from jikin.errors import OfficeError
from jikin.status.array import State, StatusArray
from jikin.status.fold import allowed_moves
from jikin.status.snapshot import StatusSnapshot
from jikin.values import CertificateNumber, JsonObject, format_instant

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
    corrected: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    tell: bool = False

    def state_of(self, credential: Credential) -> State:
        """Return what becomes of *credential*; copies carry their original's number."""
        return State.REPLACED if credential.number in self.corrected else self.state


def plans(
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


def check_copies(connection: Connection, credentials: Sequence[Credential]) -> None:
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
        known = batches.by_numbers(connection, list(wanted))
        for symbols, number in wanted.items():
            one = known.get(symbols)
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
