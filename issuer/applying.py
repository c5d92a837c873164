"""Applications for machine certificates: applied, received, reviewed, decided; each step by somebody, at some time.

An application gets a public receipt number at once; whoever knows it sees how far it is and nothing confidential. The
decision is by another officer than the review. What is certified goes through the ordinary steps of issuing, a batch of
one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from issuer import approving, importing
from issuer.approving import Officer, Role
from issuer.notices import Notice, Notifier
from issuer.office import Office
from issuer.store import applications, audit, batches, institutions
from issuer.store.applications import Application, ApplicationState, Step
from issuer.store.batches import Credential, Origin, SourceRow
from issuer.store.institutions import Institution
from jikin.credentials.columns import RecordFault
from jikin.credentials.types import CredentialType
from jikin.errors import OfficeError
from jikin.values.numbers import check_symbols, random_symbols, tidy_symbols

TYPE = "machine-safety-certification"
# What the office fills in: the receipt number, and the day of the decision.
OFFICE_COLUMNS = frozenset({"application_number", "certified_on"})
PAGE_ROWS = 50
_SYMBOLS = 13
_MAX_CONTACT = 120
_MAX_NOTE = 1000
_NEXT: Mapping[ApplicationState, tuple[ApplicationState, ...]] = {
    ApplicationState.APPLIED: (ApplicationState.RECEIVED,),
    ApplicationState.RECEIVED: (ApplicationState.REVIEWED,),
    ApplicationState.REVIEWED: (ApplicationState.CERTIFIED, ApplicationState.REFUSED),
}
DECISIONS = (ApplicationState.CERTIFIED, ApplicationState.REFUSED)


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a form: an application with its *receipt* as printed, or *faults* of what was written."""

    receipt: str | None
    faults: tuple[RecordFault, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an application is, as anybody may know it who has the receipt number; times are Unix seconds."""

    receipt: str
    institution_id: int
    type: str
    model: str | None
    machine: Mapping[str, str] | None
    state: ApplicationState
    steps: tuple[tuple[ApplicationState, int], ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """An application as an officer sees it: its steps with the names of who did them, and the certificate it became."""

    application: Application
    receipt: str
    steps: tuple[tuple[Step, str | None], ...] = field(repr=False)
    certificate: Credential | None = field(repr=False)


# ------------------------------------------------------------------------------------------------------ receipt numbers


def printed(symbols: str) -> str:
    """Return a receipt number as printed: S26-7F3Q-9XK4-37."""
    return "-".join((symbols[:3], symbols[3:7], symbols[7:11], symbols[11:]))


def parse_receipt(text: str) -> str | None:
    """Return the symbols of a typed receipt number, forgiving as certificate numbers are; None when it cannot be one.

    Its last two symbols check the others, so that a typing error is not somebody else's application.
    """
    symbols = tidy_symbols(text[:40])
    # 32 letters and digits without I L O U
    if len(symbols) != _SYMBOLS or not symbols.isascii() or not symbols.isalnum() or "U" in symbols:
        return None
    return symbols if check_symbols(symbols[:-2]) == symbols[-2:] else None


def _new_receipt(year: int) -> str:
    body = f"S{year % 100:02d}{random_symbols(8)}"
    return body + check_symbols(body)


# -------------------------------------------------------------------------------------------------------- applying


def taker(office: Office) -> Institution | None:
    """Return the institution that takes applications here, None when none is accredited for machines."""
    with office.database.read() as connection:
        known = institutions.every(connection)
    return next((one for one in known if TYPE in office.profile(one).types), None)


def apply(
    office: Office, institution: Institution, cells: Mapping[str, str], contact: str, notifier: Notifier
) -> Applied:
    """Return the application of what was written into the form's *cells* (by column key), or what is wrong with them.

    Columns that the office fills in are not read. The receipt number goes out as a notice, too.
    """
    kind = office.types.named(TYPE)
    importing.may_issue(institution, kind)
    symbols = _new_receipt(office.today.year)
    keys = [key for key in kind.columns if key not in OFFICE_COLUMNS]
    match = kind.match_header(keys)
    written = kind.record(match, [cells.get(key, "") for key in keys])
    faults = kind.check_record(_complete(written, symbols, office.today), today=office.today)
    if faults:
        return Applied(None, faults)
    with office.database.write() as connection:
        made = applications.add(
            connection,
            institution_id=institution.id,
            receipt=symbols,
            type=kind.id,
            record=written,
            contact=contact.strip()[:_MAX_CONTACT],
            at=office.clock(),
        )
        audit.record(
            connection,
            at=office.clock(),
            act="application made",
            subject=f"applications/{made.id}",
            institution_id=institution.id,
        )
    _tell(
        made, notifier, f"신청을 받았습니다. 접수번호 {printed(symbols)}\nWe have your application: {printed(symbols)}"
    )
    return Applied(printed(symbols))


def _complete(written: Mapping[str, str], symbols: str, day: date) -> dict[str, str]:
    return {**written, "application_number": printed(symbols), "certified_on": day.isoformat()}


def _tell(application: Application, notifier: Notifier, text: str) -> None:
    if application.contact is not None:
        notifier.send(Notice(application.contact, printed(application.receipt), text))


# -------------------------------------------------------------------------------------------------------- progress


def progress(office: Office, typed: str) -> Progress | None:
    """Return how far the application with that receipt number is, None for a number that is none or unknown.

    Said are machine and model, never company, person or what an officer wrote.
    """
    symbols = parse_receipt(typed)
    if symbols is None:
        return None
    with office.database.read() as connection:
        found = applications.by_receipt(connection, symbols)
        if found is None:
            return None
        steps = applications.steps_of(connection, found.id)
    kind, record = office.types.named(found.type), found.record or {}
    return Progress(
        receipt=printed(symbols),
        institution_id=found.institution_id,
        type=found.type,
        model=str(record["model"]) if "model" in record else None,
        machine=machine_of(kind, record),
        state=found.state,
        steps=tuple((step.state, step.at) for step in steps),
    )


def machine_of(kind: CredentialType, record: Mapping[str, object]) -> Mapping[str, str] | None:
    """Return the name of the kind of machine in ko and en, None when its code is not known."""
    entry = kind.tables["machine"].get(str(record.get("machine_code", "")))
    return None if entry is None else {"ko": entry["name_ko"], "en": entry["name_en"]}


# ---------------------------------------------------------------------------------------------------------- officers


def listed(office: Office, officer: Officer, before: int | None = None) -> tuple[Application, ...]:
    """Return the newest applications of the officer's institution; raises OfficeError without the role for it."""
    approving.need(officer, Role.REVIEW)
    with office.database.read() as connection:
        return applications.newest(connection, officer.institution_id, PAGE_ROWS, before)


def detail(office: Office, officer: Officer, application_id: int) -> Detail:
    """Return an application with its steps; raises OfficeError ``office.application.not-found``, ``approval.role``."""
    approving.need(officer, Role.REVIEW)
    with office.database.read() as connection:
        found = applications.by_id(connection, application_id)
        if found is None or found.institution_id != officer.institution_id:
            raise _unknown(application_id)
        names = {one.id: one.name for one in institutions.every_officer(connection, officer.institution_id)}
        steps = applications.steps_of(connection, found.id)
        made = batches.credentials_of(connection, found.batch_id, limit=1) if found.batch_id is not None else ()
    named = tuple((step, None if step.officer_id is None else names.get(step.officer_id)) for step in steps)
    return Detail(found, printed(found.receipt), named, made[0] if made else None)


def _unknown(application_id: int) -> OfficeError:
    return OfficeError(f"there is no application {application_id}", code="office.application.not-found")


def step(
    office: Office,
    officer: Officer,
    application_id: int,
    after: ApplicationState,
    note: str = "",
    *,
    notifier: Notifier,
) -> Application:
    """Return the application, moved on to *after* by *officer*, with what they wrote to it.

    Raises OfficeError: ``approval.role``; ``office.application.state`` when it does not stand right before that;
    ``approval.same-officer`` when who reviewed it wants to decide it.
    """
    approving.need(officer, Role.REVIEW)
    now, note = office.clock(), note.strip()[:_MAX_NOTE]
    with office.database.write() as connection:
        found = applications.by_id(connection, application_id)
        if found is None or found.institution_id != officer.institution_id:
            raise _unknown(application_id)
        if after not in _NEXT.get(found.state, ()) or not applications.advance(
            connection, found.id, found.state, after
        ):
            raise OfficeError(
                f"the application is {found.state.value} and cannot become {after.value}",
                code="office.application.state",
                hint="somebody else may have been faster; look at it again",
            )
        if after in DECISIONS:
            _check_second(applications.steps_of(connection, found.id), officer)
        applications.add_step(connection, found.id, Step(after, officer.id, note or None, now))
        if after is ApplicationState.CERTIFIED:
            batch = _issue(office, connection, found)
            applications.issued_by(connection, found.id, batch)
        audit.record(
            connection,
            at=now,
            act="application moved on",
            subject=f"applications/{found.id}",
            institution_id=found.institution_id,
            officer_id=officer.id,
            state=after.value,
        )
        moved = applications.by_id(connection, found.id) or found
    _tell(moved, notifier, _NOTICES[after])
    return moved


_NOTICES: Mapping[ApplicationState, str] = {
    ApplicationState.RECEIVED: "접수했습니다.\nYour application was received.",
    ApplicationState.REVIEWED: "심사를 마쳤습니다.\nYour application was reviewed.",
    ApplicationState.CERTIFIED: "안전인증을 하기로 했습니다.\nYour machine is certified.",
    ApplicationState.REFUSED: "안전인증을 하지 않기로 했습니다.\nYour machine is not certified.",
}


def _check_second(steps: tuple[Step, ...], officer: Officer) -> None:
    if any(one.state is ApplicationState.REVIEWED and one.officer_id == officer.id for one in steps):
        raise OfficeError(
            "who reviewed an application does not decide it; right would be another officer",
            code="approval.same-officer",
        )


def _issue(office: Office, connection: Connection, found: Application) -> int:
    """Return the batch of one that issues the certificate, accepted."""
    kind = office.types.named(found.type)
    written = {name: str(value) for name, value in (found.record or {}).items()}
    record = _complete(written, found.receipt, office.today)
    if faults := kind.check_record(record, today=office.today):
        raise OfficeError(
            f"no certificate can be issued: {faults[0].reason_en}", code="office.subject", hint=faults[0].fix_en
        )
    hashed = importing.record_hash(kind.id, record)
    batch = batches.add(
        connection,
        institution_id=found.institution_id,
        type=kind.id,
        suite=office.settings.suite,
        idempotency_key=f"application {found.id}",
        source_digest=hashed,
        source=[SourceRow(1, "good", record, hashed)],
        at=office.clock(),
        origin=Origin.APPLICATION,
    )
    return batch.id
