"""What is handed out: for each certificate the credential, its receipt and the award-style PDF, in one folder a batch.

    NUMBER.json           the signed credential, bare
    NUMBER.receipt.json   where it stands in the anchored tree; a secret of the holder
    NUMBER.pdf            the printed certificate with both inside

The files are personal data. Writing them again changes nothing: the same certificate gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from pathlib import Path
from zoneinfo import ZoneInfo

from issuer import files, releasing
from issuer.office import Office
from issuer.publishing import to_bytes
from issuer.releasing import Issued
from issuer.sheets import Press, Sheet
from issuer.signing import as_file
from issuer.store import batches
from issuer.store.batches import Batch, Credential, CredentialState
from issuer.store.institutions import Institution
from jikin.credentials.types import CredentialType
from jikin.errors import DocumentError, OfficeError
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
    """Prints the certificates of one institution in *language* (ko or en)."""

    office: Office
    institution: Institution
    press: Press
    language: str = "ko"

    def sheet(self, one: Issued, kind: CredentialType) -> Sheet:
        """Return what the page of *one* needs."""
        profile, settings = self.office.profile(self.institution), self.office.settings
        return Sheet(
            type=kind.id,
            record={name: str(value) for name, value in (one.credential.record or {}).items()},
            number=CertificateNumber(one.credential.number),
            issuer_name={"ko": profile.names.ko, "en": profile.names.en},
            issued_on=datetime.fromtimestamp(one.credential.valid_from, ZoneInfo(settings.timezone)).date(),
            check_base=settings.check_at or profile.base_url,
            seal=self.institution.seal,
            language=self.language,
            note=settings.print_note,
            credential=as_file(one.credential.document or b""),
            receipt=to_bytes(one.receipt.to_json()),
        )


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
        ready = releasing.issued(office, institution, batch, chunk)
        for one in ready:
            _write_json(one, folder)
        sheets = [] if printer is None else [printer.sheet(one, kind) for one in ready]
        pages = repeat(None) if printer is None else printer.press.pages(sheets)
        for one, page in zip(ready, pages, strict=False):
            if isinstance(page, DocumentError):
                unprinted.append(Unprinted(one.credential.line, page.code, str(page)))
            elif page is not None:
                files.write(folder / f"{_name(one)}.pdf", page, mode=files.PRIVATE, durable=False)
            count += 1
            on_progress(count)
    files.settle()
    return Printed(folder, count, tuple(unprinted))


def _chunks(office: Office, batch: Batch) -> Iterator[tuple[Credential, ...]]:
    """Yield the certificates that were handed out and not erased."""
    last = 0
    while True:
        with office.database.read() as connection:
            chunk = batches.credentials_of(connection, batch.id, after=last, limit=_CHUNK)
        if not chunk:
            return
        last = chunk[-1].id
        yield tuple(one for one in chunk if one.state in _HANDED_OUT and one.document is not None)


def _name(one: Issued) -> str:
    return str(CertificateNumber(one.credential.number))


def _write_json(one: Issued, folder: Path) -> None:
    document, receipt = as_file(one.credential.document or b""), to_bytes(one.receipt.to_json())
    files.write(folder / f"{_name(one)}.json", document, mode=files.PRIVATE, durable=False)
    files.write(folder / f"{_name(one)}.receipt.json", receipt, mode=files.PRIVATE, durable=False)
