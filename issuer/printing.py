"""What is handed out: for each certificate the credential, its receipt and the award-style PDF, in one folder a batch.

    NUMBER.json           the signed credential, bare
    NUMBER.receipt.json   where it stands in the anchored tree; a secret of the holder
    NUMBER.pdf            the printed certificate with both inside

The files are personal data. Writing them again changes nothing: the same certificate gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from issuer import files, releasing
from issuer.office import Office
from issuer.publishing import to_bytes
from issuer.releasing import Issued
from issuer.store import batches
from issuer.store.batches import Batch, Credential, CredentialState
from issuer.store.institutions import Institution
from jikin.badges import certificate
from jikin.credentials.types import CredentialType
from jikin.errors import CredentialError, DocumentError, OfficeError
from jikin.values import CertificateNumber

_CHUNK = 100
_HANDED_OUT = (CredentialState.RELEASED, CredentialState.SUSPENDED, CredentialState.REVOKED, CredentialState.REPLACED)


@dataclass(frozen=True, slots=True)
class Unprinted:
    """A certificate without PDF: the line it came from, the error's code, and what would help."""

    line: int
    code: str
    message: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Printed:
    """A folder as written: how many certificates, and which have no PDF."""

    folder: Path
    count: int
    unprinted: tuple[Unprinted, ...]


@dataclass(frozen=True, slots=True)
class Printer:
    """Composes and renders the pages of one institution. *language* is ko or en."""

    office: Office
    institution: Institution
    press: certificate.Press
    language: str = "ko"

    @classmethod
    def of(cls, office: Office, institution: Institution, language: str = "ko") -> Printer:
        """Return a printer; raises DocumentError ``document.fonts`` when the certificate fonts are missing."""
        return cls(office, institution, certificate.Press(), language)

    def pdf(self, one: Issued, kind: CredentialType) -> bytes:
        """Return the PDF of *one* with credential and receipt inside; raises DocumentError."""
        profile, settings = self.office.profile(self.institution), self.office.settings
        issued_on = datetime.fromtimestamp(one.credential.valid_from, ZoneInfo(settings.timezone)).date()
        page = certificate.compose(
            kind,
            {name: str(value) for name, value in (one.credential.record or {}).items()},
            number=CertificateNumber(one.credential.number),
            issuer_name={"ko": profile.names.ko, "en": profile.names.en},
            issued_on=issued_on,
            check_base=settings.check_at or profile.base_url,
            seal=self.institution.seal,
            language=self.language,
            note=settings.print_note,
        )
        inside = [
            certificate.credential_attachment(one.credential.document or b""),
            certificate.receipt_attachment(to_bytes(one.receipt.to_json())),
        ]
        return self.press.render(page, inside)


def folder_of(office: Office, batch: Batch) -> Path:
    """Return where the documents of a batch are written unless another folder is named."""
    return office.settings.path(office.settings.out) / f"batch-{batch.id:05d}"


def write_batch(
    office: Office,
    institution: Institution,
    batch: Batch,
    folder: Path,
    *,
    printer: Printer | None,
    on_progress: Callable[[int], None] = lambda _count: None,
) -> Printed:
    """Write the documents of every certificate of a released batch into *folder*; without *printer* no PDF.

    A certificate that cannot be printed (a character that the fonts lack) is told in the result; its other files and
    all other certificates are written. Raises OfficeError for a folder that cannot be written.
    """
    if batch.released_at is None:
        raise OfficeError(f"batch {batch.id} is not released yet", code="office.order")
    kind = office.types.named(batch.type)
    unprinted: list[Unprinted] = []
    count = 0
    for chunk in _chunks(office, batch):
        for one in releasing.issued(office, institution, batch, chunk):
            fault = _write(one, kind, folder, printer)
            if fault is not None:
                unprinted.append(fault)
            count += 1
            on_progress(count)
    files.settle()
    return Printed(folder, count, tuple(unprinted))


def _chunks(office: Office, batch: Batch) -> Iterable[tuple[Credential, ...]]:
    """Yield the certificates that were handed out and not erased."""
    last = 0
    while True:
        with office.database.read() as connection:
            chunk = batches.credentials_of(connection, batch.id, after=last, limit=_CHUNK)
        if not chunk:
            return
        last = chunk[-1].id
        yield tuple(one for one in chunk if one.state in _HANDED_OUT and one.document is not None)


def _write(one: Issued, kind: CredentialType, folder: Path, printer: Printer | None) -> Unprinted | None:
    name = str(CertificateNumber(one.credential.number))
    document, receipt = one.credential.document or b"", to_bytes(one.receipt.to_json())
    files.write(folder / f"{name}.json", document, mode=files.PRIVATE, durable=False)
    files.write(folder / f"{name}.receipt.json", receipt, mode=files.PRIVATE, durable=False)
    if printer is None:
        return None
    try:
        pdf = printer.pdf(one, kind)
    except (DocumentError, CredentialError) as error:
        return Unprinted(one.credential.line, error.code, f"{error} {error.hint or ''}".strip())
    files.write(folder / f"{name}.pdf", pdf, mode=files.PRIVATE, durable=False)
    return None
