"""A record is read back out of the credential that was made of it."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest

from jikin.credentials.types import CredentialTypes
from jikin.values import CertificateNumber, Did

TYPES = CredentialTypes.packaged()
RECORDS = {
    "national-technical-qualification": {
        "exam_number": "26020417-0013",
        "name_ko": "김하늘",
        "name_en": "Kim Ha-neul",
        "birth_date": "2003-04-17",
        "qualification_code": "7875",
        "qualification_name": "",
        "exam_round": "2026년 상시 기능사 12회",
        "score": "82",
        "passed_on": "2026-05-29",
    },
    "course-completion": {
        "name": "김하늘",
        "name_en": "",
        "course": "지게차 안전 운전",
        "course_en": "Safe forklift driving",
        "hours": "40",
        "completed_on": "2026-09-01",
    },
    "machine-safety-certification": {
        "machine_code": next(iter(TYPES.named("machine-safety-certification").tables["machine"])),
        "model": "HX 900 L",
        "capacity": "3 t",
        "serial_from": "A-100",
        "serial_to": "",
        "maker_ko": "한빛 중공업",
        "maker_en": "Hanbit Heavy",
        "maker_country": "KR",
        "factory": "울산",
        "standard": "위험기계·기구 안전인증 고시",
        "certified_on": "2026-06-01",
    },
}
# These stand in the credential as a salted hash, or nowhere.
HIDDEN = {"birth_date", "exam_number", "qualification_name"}
TITLES = {
    "national-technical-qualification": ("지게차운전기능사", "Craftsman Forklift Operator"),
    "course-completion": ("지게차 안전 운전", "Safe forklift driving"),
}


def _credential(kind: str) -> dict[str, object]:
    built = TYPES.named(kind).build(
        RECORDS[kind],
        issuer_did=Did("did:web:hrdk.example"),
        issuer_name={"ko": "공단", "en": "Service"},
        number=CertificateNumber.random(2026, "HRDK"),
        credential_id="urn:uuid:00000000-0000-4000-8000-000000000001",
        valid_from=1_780_000_000,
        valid_until=None,
        status_entries=[{"type": "BitstringStatusListEntry"}],
        random=secrets.token_bytes,
    )
    return {**built, "proof": {"type": "DataIntegrityProof"}}


@pytest.mark.parametrize("kind", RECORDS)
def test_the_record_comes_back_but_for_what_is_only_a_hash(kind: str) -> None:
    expected = {key: value for key, value in RECORDS[kind].items() if value and key not in HIDDEN}
    assert TYPES.named(kind).read_back(_credential(kind)) == expected


def test_a_holder_in_the_subject_changes_nothing() -> None:
    credential = _credential("course-completion")
    subject = credential["credentialSubject"]
    assert isinstance(subject, dict)
    bound = {**credential, "credentialSubject": {"id": "did:key:z6Mk", **subject}}
    kind = TYPES.named("course-completion")
    assert kind.read_back(bound) == kind.read_back(credential)


@pytest.mark.parametrize(("kind", "title"), TITLES.items())
def test_the_title_is_told_in_both_languages(kind: str, title: tuple[str, str]) -> None:
    found = TYPES.named(kind).title_of(_credential(kind))
    assert (found.ko, found.en) == title


def test_a_title_of_language_objects_is_told_in_both_languages() -> None:
    kind = TYPES.named("machine-safety-certification")
    found = kind.title_of(_credential(kind.id))
    entry = kind.tables["machine"][RECORDS[kind.id]["machine_code"]]
    assert (found.ko, found.en) == (entry["name_ko"], entry["name_en"])


@pytest.mark.parametrize("strange", [{}, {"credentialSubject": 3}, {"credentialSubject": {"identifier": [1, {}]}}])
def test_a_strange_document_gives_what_fits_and_no_error(strange: dict[str, object]) -> None:
    assert TYPES.named("course-completion").read_back(json.loads(json.dumps(strange))) == {}


def test_every_packaged_type_is_read_back_here() -> None:
    assert set(TYPES.ids) == set(RECORDS), Path(__file__).name
