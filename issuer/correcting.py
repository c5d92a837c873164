"""Corrections as they are asked for: which record takes the place of which, and how officers sign it unseen by others.

What two officers approve is the corrected record itself: the note of each entry commits to it, under a random salt that
stays in the office. ``replacing`` issues it once it is approved.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from issuer import importing
from issuer.office import Office
from issuer.store.batches import Credential
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
