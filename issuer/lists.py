"""A result list in the console: uploaded, looked at, issued. The verbs of ``importing`` for somebody with a browser."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from issuer import approving, importing, sheets
from issuer.approving import Officer, Role
from issuer.importing import Preview
from issuer.office import Office
from issuer.store import audit, batches, institutions, uploads
from issuer.store.batches import Batch, BatchState, Origin, SourceRow
from issuer.store.institutions import Institution
from issuer.store.uploads import Uploaded
from jikin.credentials.types import CredentialType
from jikin.errors import OfficeError

MAX_BYTES = 20 << 20
_MAX_NAME = 120


@dataclass(frozen=True, slots=True)
class Looked:
    """An uploaded list and what would happen to each of its rows."""

    uploaded: Uploaded
    kind: CredentialType
    preview: Preview = field(repr=False)


def types(office: Office, officer: Officer) -> tuple[CredentialType, ...]:
    """Return what *officer*'s institution may issue, by id; raises OfficeError for one who may not issue."""
    approving.need(officer, Role.ISSUE)
    profile = office.profile(_institution(office, officer))
    return tuple(office.types.named(id_) for id_ in sorted(profile.types))


def upload(office: Office, officer: Officer, type_id: str, name: str, data: bytes) -> int:
    """Return the row id of the list, kept for a day; raises OfficeError for one that cannot be read at all."""
    approving.need(officer, Role.ISSUE)
    institution, kind = _institution(office, officer), _kind(office, officer, type_id)
    if len(data) > MAX_BYTES:
        raise OfficeError(f"the file has {len(data):,} bytes; at most {MAX_BYTES:,}", code="csv.too-large")
    _look(office, institution, kind, data)
    with office.database.write() as connection:
        shown = "".join(letter for letter in name if letter.isprintable())[:_MAX_NAME]
        return uploads.add(
            connection,
            institution_id=institution.id,
            officer_id=officer.id,
            type=kind.id,
            name=shown,
            data=data,
            at=office.clock(),
        )


def look(office: Office, officer: Officer, upload_id: int) -> Looked:
    """Return what would happen to each row now; raises OfficeError ``office.list-issued`` once it was issued."""
    approving.need(officer, Role.ISSUE)
    with office.database.read() as connection:
        uploaded = uploads.by_id(connection, upload_id, officer.institution_id)
    kind = office.types.named(uploaded.type)
    return Looked(uploaded, kind, _look(office, _institution(office, officer), kind, _data(uploaded)))


def became(office: Office, officer: Officer, upload_id: int) -> int | None:
    """Return the batch that the list became, None while it was not issued; raises OfficeError."""
    with office.database.read() as connection:
        return uploads.by_id(connection, upload_id, officer.institution_id).batch_id


def issue(office: Office, officer: Officer, upload_id: int) -> Batch:
    """Return the batch of the list's good rows; from here on it is issued, whatever happens to this process.

    Asked twice it returns the same batch. Raises OfficeError ``office.no-good-rows``.
    """
    approving.need(officer, Role.ISSUE)
    with office.database.read() as connection:
        uploaded = uploads.by_id(connection, upload_id, officer.institution_id)
        if uploaded.batch_id is not None:
            return batches.by_id(connection, uploaded.batch_id)
    sheets.check_fonts()
    institution, kind, data = _institution(office, officer), office.types.named(uploaded.type), _data(uploaded)
    key = importing.default_key(kind.id, data)
    batch = importing.existing(office.database, institution, key, kind, data)
    if batch is None:
        looked = _look(office, institution, kind, data)
        suite = office.settings.suite
        batch = importing.accept(office.database, institution, looked, key=key, suite=suite, now=office.clock())
    with office.database.write() as connection:
        uploads.became(connection, upload_id, batch.id)
        audit.record(
            connection,
            at=office.clock(),
            act="list issued",
            subject=f"batches/{batch.id}",
            institution_id=institution.id,
            officer_id=officer.id,
        )
    return batch


def drop(office: Office, officer: Officer, upload_id: int) -> None:
    """Forget an uploaded list; nothing is issued from it."""
    approving.need(officer, Role.ISSUE)
    with office.database.write() as connection:
        uploads.by_id(connection, upload_id, officer.institution_id)
        uploads.drop(connection, upload_id)


@dataclass(frozen=True, slots=True)
class BatchSeen:
    """A batch as an officer sees it: *name* is the file it came from, where it came by the console."""

    batch: Batch
    kind: CredentialType
    name: str | None = field(repr=False)
    signed: int
    verified: int
    bad: tuple[SourceRow, ...] = field(repr=False)

    @property
    def done(self) -> bool:
        """Say whether every certificate of the batch was released."""
        return self.batch.state is BatchState.RELEASED


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A batch in a list, with the kind of its certificates and the file it came from."""

    batch: Batch
    kind: CredentialType
    name: str | None = field(repr=False)


def every(office: Office, officer: Officer) -> tuple[BatchLine, ...]:
    """Return the batches of the officer's institution, newest first; copies for holders are left out."""
    with office.database.read() as connection:
        found = batches.every(connection, officer.institution_id)
        names = uploads.names(connection, officer.institution_id)
    shown = [one for one in reversed(found) if one.origin is not Origin.COPIES]
    return tuple(BatchLine(one, office.types.named(one.type), names.get(one.id)) for one in shown)


def batch(office: Office, officer: Officer, batch_id: int) -> BatchSeen:
    """Return a batch of the officer's institution; raises OfficeError ``office.batch-unknown``."""
    from issuer.issuing import progress

    with office.database.read() as connection:
        known = {one.id: one for one in batches.every(connection, officer.institution_id)}
        names = uploads.names(connection, officer.institution_id)
        if batch_id not in known:
            raise OfficeError(f"there is no batch {batch_id}", code="office.batch-unknown")
        bad = batches.source_rows(connection, batch_id, "bad")
    now, found = progress(office, batch_id), known[batch_id]
    return BatchSeen(found, office.types.named(found.type), names.get(batch_id), now.signed, now.verified, bad)


def _institution(office: Office, officer: Officer) -> Institution:
    with office.database.read() as connection:
        return institutions.by_id(connection, officer.institution_id)


def _kind(office: Office, officer: Officer, type_id: str) -> CredentialType:
    found = next((one for one in types(office, officer) if one.id == type_id), None)
    if found is None:
        raise OfficeError(f"this institution does not issue {type_id[:60]!r}", code="office.type-not-allowed")
    return found


def _data(uploaded: Uploaded) -> bytes:
    if uploaded.data is None:
        raise OfficeError("this list was issued already", code="office.list-issued")
    return uploaded.data


def _look(office: Office, institution: Institution, kind: CredentialType, data: bytes) -> Preview:
    def issued(hashes: Iterable[bytes]) -> set[bytes]:
        with office.database.read() as connection:
            return batches.issued_hashes(connection, institution.id, hashes)

    return importing.preview(data, kind, office.limits, today=office.today, issued=issued)
