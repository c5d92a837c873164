"""Records, credentials and pages of both packaged types (invented people and makers) that tests share."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from jikin.badges.certificate import CertificatePage, compose
from jikin.credentials.types import CredentialType, CredentialTypes
from jikin.values import CertificateNumber, Did, JsonObject

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "data"
QUALIFICATION = CredentialTypes.packaged().named("national-technical-qualification")
MACHINE = CredentialTypes.packaged().named("machine-safety-certification")
TYPES = (QUALIFICATION, MACHINE)
NUMBER = CertificateNumber.parse("26-KR12-7F3Q-9XK4-M2W8-37")
TODAY = date(2026, 6, 12)
ISSUED_AT = 1_781_222_400  # 2026-06-12T00:00:00Z
ISSUER = Did("did:web:certs.example")
NAMES = {"ko": "한국산업인력공단", "en": "Human Resources Development Service of Korea"}
CHECK_BASE = "https://v.jikin.example"
CREDENTIAL_ID = "urn:uuid:5d4c1f0e-7a54-4c0a-9d5b-2f8a3b1c0d9e"


def record(kind: CredentialType, **changes: str) -> dict[str, str]:
    """Return the type's sample row as a record, with *changes*."""
    return {key: column.sample.ko for key, column in kind.columns.items()} | changes


def status_entry(purpose: str = "revocation") -> JsonObject:
    """Return a W3C status list entry."""
    address = f"https://certs.example/status/{'ab' * 32}/{purpose}"
    return {
        "id": f"{address}#94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": "94567",
        "statusListCredential": address,
    }


def counting(size: int) -> bytes:
    """Stand in for the random source: the same bytes every time."""
    return bytes(range(size))


def credential(kind: CredentialType, *entries: JsonObject, **changes: str) -> JsonObject:
    """Return an unsecured credential of *kind* from its sample row."""
    return kind.build(
        record(kind, **changes),
        issuer_did=ISSUER,
        issuer_name=NAMES,
        number=NUMBER,
        credential_id=CREDENTIAL_ID,
        valid_from=ISSUED_AT,
        valid_until=kind.default_until(ISSUED_AT),
        status_entries=entries or (status_entry(),),
        random=counting,
    )


def page(
    kind: CredentialType, *, language: str = "ko", note: str = "", seal: str = "견본직인", **changes: str
) -> CertificatePage:
    """Return the printed page of *kind*'s sample row."""
    return compose(
        kind,
        record(kind, **changes),
        number=NUMBER,
        issuer_name=NAMES,
        issued_on=TODAY,
        check_base=CHECK_BASE,
        seal=seal,
        language=language,
        note=note,
    )


def example_rows(name: str, encoding: str = "utf-8") -> list[list[str]]:
    """Return the rows of an example list, its head first."""
    return list(csv.reader(io.StringIO((EXAMPLES / name).read_bytes().decode(encoding), newline="")))
