"""What an officer looks at: certificates as on paper, their history, tasks that wait, the log of acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from issuer import printing, reasons, releasing, revoking, sheets
from issuer.approving import Approval, Officer, Role
from issuer.office import Office
from issuer.signing import content_of
from issuer.store import batches, copies, institutions, seen, tasks, uploads
from issuer.store.batches import Batch, BatchState, Credential, CredentialState
from issuer.store.institutions import Institution
from issuer.store.seen import Numbered
from issuer.store.tasks import StoredTask, TaskState
from jikin.badges import certificate
from jikin.badges.certificate import CertificatePage
from jikin.credentials.columns import Text
from jikin.credentials.pointers import resolve
from jikin.credentials.structure import text_of
from jikin.credentials.types import CredentialType
from jikin.errors import CredentialError, DocumentError, OfficeError
from jikin.status.array import State
from jikin.values import CertificateNumber

PAGE = 50
_NAME_COLUMNS = ("name_ko", "name", "model")  # what a row is called in a list, by type


@dataclass(frozen=True, slots=True)
class Line:
    """A certificate in a list: row id, number as printed, what it is called, for whom, since when, its state."""

    id: int
    number: str = field(repr=False)
    title: Text
    subject: str = field(repr=False)
    issued_at: int
    state: CredentialState


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of certificates, newest first; *before* leads to the next page, None on the last."""

    lines: tuple[Line, ...] = field(repr=False)
    count: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """A status change as people read it. *signatures* are its approvals with the officers' names."""

    stored: StoredTask
    state: State
    reason: str
    effective: int
    numbers: tuple[str, ...] = field(repr=False)
    lines: tuple[Line, ...] = field(repr=False)
    copies: int
    signatures: tuple[tuple[Approval, str], ...] = field(repr=False)
    drafted_by: str | None = field(repr=False)
    published: tuple[int, int] | None  # block and time

    @property
    def reason_text(self) -> Text:
        """Return the reason in words."""
        known = reasons.reasons()
        return known[self.reason].text if self.reason in known else Text(self.reason, self.reason)

    def signature(self, part: str) -> tuple[Approval, str] | None:
        """Return the approval that is *part* ("request" or "approve") with its officer's name."""
        return next((one for one in self.signatures if one[0].part == part), None)


@dataclass(frozen=True, slots=True)
class Seen:
    """A certificate with everything an officer may know of it. *page* is None when it was erased or cannot be shown."""

    line: Line
    credential: Credential
    kind: CredentialType
    batch: Batch
    institution: Institution
    page: CertificatePage | None = field(repr=False)
    changes: tuple[Change, ...] = field(repr=False)
    copies: int
    list_name: str | None = field(repr=False)

    @property
    def moves(self) -> tuple[State, ...]:
        """Return what the certificate can become by two persons' decision, the reversible first."""
        return _MOVES.get(self.line.state, ())

    @property
    def waiting(self) -> Change | None:
        """Return the change that is being decided, if there is one."""
        pending = (TaskState.DRAFT, TaskState.OPEN, TaskState.APPROVED)
        return next((one for one in self.changes if one.stored.state in pending), None)


_MOVES = {
    CredentialState.RELEASED: (State.SUSPENDED, State.REPLACED, State.REVOKED),
    CredentialState.SUSPENDED: (State.VALID, State.REPLACED, State.REVOKED),
}


@dataclass(frozen=True, slots=True)
class Overview:
    """How much waits: batches in work, changes for this officer's signature, other changes, certificates so far.

    *applications* are those not decided, None for an officer who does not review.
    """

    in_work: tuple[Batch, ...]
    mine: tuple[Change, ...] = field(repr=False)
    others: tuple[Change, ...] = field(repr=False)
    certificates: int
    applications: int | None


def overview(office: Office, officer: Officer) -> Overview:
    """Return what waits in the officer's institution."""
    waiting = changes(office, officer, only_waiting=True)
    mine = tuple(one for one in waiting if revoking.part_of(one.stored, officer) is not None)
    with office.database.read() as connection:
        in_work = [one for one in batches.every(connection, officer.institution_id) if _in_work(one)]
        count = seen.count_certificates(connection, officer.institution_id)
        reviews = Role.REVIEW in officer.roles
        undecided = seen.undecided(connection, officer.institution_id) if reviews else None
    others = tuple(one for one in waiting if one not in mine and one.stored.state is not TaskState.DRAFT)
    return Overview(tuple(in_work), mine, others, count, undecided)


def _in_work(batch: Batch) -> bool:
    return batch.state is not BatchState.RELEASED and batch.error_code != batches.NOTHING_SIGNED


def institution_names(office: Office, officer: Officer) -> Text:
    """Return what the officer's institution is called."""
    with office.database.read() as connection:
        names = office.profile(institutions.by_id(connection, officer.institution_id)).names
    return Text(names.ko, names.en)


def listed(office: Office, officer: Officer, before: int | None = None) -> Listed:
    """Return the newest certificates of the officer's institution, those with row ids below *before*."""
    with office.database.read() as connection:
        found = seen.certificates(connection, officer.institution_id, before=before, limit=PAGE + 1)
        count = seen.count_certificates(connection, officer.institution_id)
    lines = tuple(_line(office, one) for one in found[:PAGE])
    return Listed(lines, count, found[PAGE - 1].id if len(found) > PAGE else None)


def find(office: Office, officer: Officer, text: str) -> int:
    """Return the row id of the certificate with the number *text*; raises NumberError, OfficeError."""
    number = CertificateNumber.parse(text)
    with office.database.read() as connection:
        found = batches.by_number(connection, number.symbols)
    if found is None or found.institution_id != officer.institution_id or found.state not in seen.HANDED_OUT:
        raise OfficeError(
            f"{number} is no certificate of this institution", code="office.number-unknown", hint="check the number"
        )
    return found.id


def look(office: Office, officer: Officer, credential_id: int, language: str) -> Seen:
    """Return the certificate with that row id; raises OfficeError ``office.certificate-unknown``."""
    credential, batch, institution = _credential(office, officer, credential_id)
    with office.database.read() as connection:
        found = seen.tasks_on(connection, credential.status_list_id, credential.status_index)
        many = len(copies.copies_of(connection, [credential.id]))
        name = uploads.names(connection, institution.id).get(batch.id)
    kind = office.types.named(credential.type)
    return Seen(
        line=_line(office, credential),
        credential=credential,
        kind=kind,
        batch=batch,
        institution=institution,
        page=_page(office, institution, credential, kind, language),
        changes=_changes(office, institution.id, found),
        copies=many,
        list_name=name,
    )


def _credential(office: Office, officer: Officer, credential_id: int) -> tuple[Credential, Batch, Institution]:
    with office.database.read() as connection:
        credential = batches.find_row(connection, credential_id)
        if (
            credential is None
            or credential.institution_id != officer.institution_id
            or credential.copy_of is not None
            or credential.state not in seen.HANDED_OUT
        ):
            raise OfficeError(f"there is no certificate {credential_id}", code="office.certificate-unknown")
        return (
            credential,
            batches.by_id(connection, credential.batch_id),
            institutions.by_id(connection, credential.institution_id),
        )


def _page(
    office: Office, institution: Institution, credential: Credential, kind: CredentialType, language: str
) -> CertificatePage | None:
    if credential.record is None:
        return None
    profile, settings = office.profile(institution), office.settings
    try:
        return certificate.compose(
            kind,
            {name: str(value) for name, value in credential.record.items()},
            number=CertificateNumber(credential.number),
            issuer_name={"ko": profile.names.ko, "en": profile.names.en},
            issued_on=datetime.fromtimestamp(credential.valid_from, ZoneInfo(settings.timezone)).date(),
            check_base=settings.check_at or profile.base_url,
            seal=institution.seal,
            language=language,
            note=settings.print_note,
        )
    except (CredentialError, DocumentError):
        return None


def pdf(office: Office, officer: Officer, credential_id: int, language: str) -> tuple[str, bytes]:
    """Return file name and PDF of the certificate, with credential and receipt inside; raises OfficeError."""
    credential, batch, institution = _credential(office, officer, credential_id)
    (issued,) = releasing.issued(office, institution, batch, [credential])
    kind = office.types.named(credential.type)
    with sheets.Press(1, 1) as press:
        sheet = printing.Printer(office, institution, press, language).sheet(issued, kind)
        page = sheets.page_of(sheet)
    if isinstance(page, DocumentError):
        raise page
    return f"{CertificateNumber(credential.number)}.pdf", page


def _line(office: Office, credential: Credential) -> Line:
    kind = office.types.named(credential.type)
    document = content_of(credential.document) if credential.document is not None else None
    value = None if document is None else resolve(document, kind.title_pointer)
    title = Text(text_of(value, "ko") or kind.name.ko, text_of(value, "en") or kind.name.en)
    record = credential.record or {}
    subject = next((str(record[name]) for name in _NAME_COLUMNS if record.get(name)), "")
    number = str(CertificateNumber(credential.number))
    return Line(credential.id, number, title, subject, credential.valid_from, credential.state)


# --------------------------------------------------------------------------------------------------------------- tasks


def changes(office: Office, officer: Officer, *, only_waiting: bool = False) -> tuple[Change, ...]:
    """Return the status changes of the officer's institution: those that wait, or the newest of all.

    What somebody else wrote down and has not signed is left out.
    """
    with office.database.read() as connection:
        if only_waiting:
            found: Sequence[StoredTask] = seen.waiting(connection, officer.institution_id, office.clock())
        else:
            found = seen.newest_tasks(connection, officer.institution_id, PAGE)
    mine = [one for one in found if not _of_another(one, officer)]
    return _changes(office, officer.institution_id, mine)


def change(office: Office, officer: Officer, task_id: int) -> Change:
    """Return the status change with that task id; raises OfficeError ``office.task-unknown``."""
    with office.database.read() as connection:
        stored = tasks.find(connection, task_id)
    if stored is None or stored.task.institution_id != officer.institution_id or _of_another(stored, officer):
        raise OfficeError(f"there is no request {task_id}", code="office.task-unknown")
    return _changes(office, officer.institution_id, [stored])[0]


def _of_another(stored: StoredTask, officer: Officer) -> bool:
    """Say whether another officer wrote it down and has not signed it; what a program asked for is for all to see."""
    return stored.state is TaskState.DRAFT and not stored.by_program and stored.drafted_by != officer.id


def _is_draft(change: Change) -> bool:
    return change.stored.state is TaskState.DRAFT


def next_draft(office: Office, officer: Officer) -> int | None:
    """Return the oldest task that *officer* wrote down and has still to sign, None when there is none."""
    waiting = changes(office, officer, only_waiting=True)
    return next((one.stored.task.id for one in waiting if one.stored.drafted_by == officer.id and _is_draft(one)), None)


def _changes(office: Office, institution_id: int, found: Sequence[StoredTask]) -> tuple[Change, ...]:
    with office.database.read() as connection:
        names = {one.id: one.name for one in institutions.every_officer(connection, institution_id)}
        published = seen.published_at(connection, [one.task.id for one in found])
        made = []
        for stored in found:
            entries = [int(str(note["index"])) for note in stored.task.notes]
            credentials = batches.by_entries(connection, stored.status_list_id, entries)
            lines = tuple(_line(office, one) for one in credentials if one.copy_of is None)
            first = stored.task.notes[0]
            made.append(
                Change(
                    stored=stored,
                    state=State(int(str(first["state"]))),
                    reason=str(first["reason"]),
                    effective=int(str(first["effective"])),
                    numbers=tuple(dict.fromkeys(str(CertificateNumber(one.number)) for one in credentials)),
                    lines=lines,
                    copies=sum(one.copy_of is not None for one in credentials),
                    signatures=tuple(
                        (one, names.get(one.officer_id, "")) for one in tasks.approvals_of(connection, stored.task.id)
                    ),
                    drafted_by=names.get(stored.drafted_by) if stored.drafted_by is not None else None,
                    published=published.get(stored.task.id),
                )
            )
    return tuple(made)


# --------------------------------------------------------------------------------------------------------------- audit


@dataclass(frozen=True, slots=True)
class Acts:
    """A page of the log of acts, newest first, with the officers' names; *before* leads to the next page."""

    entries: tuple[tuple[Numbered, str | None], ...] = field(repr=False)
    before: int | None


def acts(office: Office, officer: Officer, before: int | None = None) -> Acts:
    """Return the newest acts of the officer's institution with row ids below *before*."""
    with office.database.read() as connection:
        names = {one.id: one.name for one in institutions.every_officer(connection, officer.institution_id)}
        found = seen.acts(connection, officer.institution_id, before=before, limit=PAGE + 1)
    named = tuple((one, None if one.act.officer_id is None else names.get(one.act.officer_id)) for one in found[:PAGE])
    return Acts(named, found[PAGE - 1].id if len(found) > PAGE else None)
