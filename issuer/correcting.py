"""Corrections as they are asked for: which record takes the place of which, and how officers sign it unseen by others.

What two officers approve is the corrected record itself: the note of each entry commits to it, under a random salt that
stays in the office. ``replacing`` issues it once it is approved.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from issuer import importing
from issuer.office import Office
from issuer.store import batches, task_rows
from issuer.store.batches import Credential
from jikin.credentials.columns import Text
from jikin.credentials.types import CredentialType
from jikin.errors import OfficeError
from jikin.values import CertificateNumber, Digest, sha256

SALT_BYTES = 16
NOTE_MEMBER = "correction"
_MAGIC = b"JKG1"


def new_salt() -> bytes:
    """Return a fresh salt, 16 random bytes."""
    return secrets.token_bytes(SALT_BYTES)


def commitment(salt: bytes, type_id: str, record: Mapping[str, str]) -> str:
    """Return H("JKG1" ‖ salt ‖ record hash) as 0x and 64 digits: what a note says of the corrected record."""
    return Digest(sha256(_MAGIC + salt + importing.record_hash(type_id, dict(record)))).hex()


def corrected_record(
    office: Office, kind: CredentialType, credential: Credential, cells: Mapping[str, str]
) -> dict[str, str]:
    """Return the record of *credential* with *cells* (column key → value) in place of its own.

    Raises OfficeError: ``office.erased`` where there is no record any more, ``office.correction`` for a column that the
    type does not have, a value that breaks its rules, or cells that change nothing.
    """
    if credential.record is None:
        raise OfficeError(f"credential {credential.id} was erased and cannot be corrected", code="office.erased")
    before = {name: str(value) for name, value in credential.record.items()}
    unknown = sorted(set(cells) - set(kind.columns))
    if unknown:
        raise OfficeError(
            f"no column {unknown[0][:40]!r}; a {kind.id} has {', '.join(kind.columns)}", code="office.correction"
        )
    after = before | dict(cells)
    faults = kind.check_record(after, today=office.today)
    if faults:
        broken = ", ".join(sorted({fault.column for fault in faults}))
        raise OfficeError(f"the corrected record breaks the rules of {broken}", code="office.correction")
    if after == before:
        raise OfficeError(
            f"{CertificateNumber(credential.number)} says this already; a correction changes something",
            code="office.correction",
        )
    return after


@dataclass(frozen=True, slots=True)
class Correction:
    """One cell that a correction changes: of which number, what the column is called, what stood there, what will."""

    number: str = field(repr=False)
    label: Text
    before: str = field(repr=False)
    after: str = field(repr=False)


def shown(office: Office, task_id: int, *, most: int) -> tuple[Correction, ...]:
    """Return what a task puts right, cell by cell, of its first *most* certificates: what officers look at and sign."""
    found = []
    with office.database.read() as connection:
        rows = [row for row in task_rows.of_task(connection, task_id) if row.corrects][:most]
        news = task_rows.replacements(connection, [row.credential_id for row in rows])
        olds = {row.id: batches.by_row(connection, row.credential_id) for row in rows}
    for row in rows:
        old, new = olds[row.id], news.get(row.credential_id)
        before, after = old.record or {}, row.record or (None if new is None else new.record) or {}
        for key, column in office.types.named(old.type).columns.items():
            if before.get(key) != after.get(key) and key in after:
                cells = (str(before.get(key, "")), str(after[key]))
                found.append(Correction(str(CertificateNumber(old.number)), column.header, *cells))
    return tuple(found)
