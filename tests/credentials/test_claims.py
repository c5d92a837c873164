"""What a credential type says as flat claims, and reading an SD-JWT VC by it."""

from __future__ import annotations

from typing import Any

import pytest

from jikin.credentials import claims, sd_jwt_vc
from jikin.credentials.loading import Node
from jikin.credentials.model import Model
from jikin.credentials.types import CredentialTypes
from jikin.errors import CredentialError
from jikin.values import CertificateNumber

QUALIFICATION = CredentialTypes.packaged().named("national-technical-qualification")
NUMBER = CertificateNumber.random(2026, "HRDK")
RECORD = {
    "exam_number": "26020417-0013",
    "name_ko": "김하늘",
    "name_en": "",
    "birth_date": "2003-04-17",
    "qualification_code": "7875",
    "qualification_name": "",
    "exam_round": "",
    "score": "82",
    "passed_on": "2026-05-29",
}
BUILT = QUALIFICATION.build_claims(RECORD, issuer_name={"ko": "한국", "en": "Korea"}, number=NUMBER)
CLAIMS: dict[str, Any] = {
    **BUILT,
    "iss": "did:web:hrdk.example",
    "iat": 1_790_000_000,
    "exp": 1_800_000_000,
    "vct": QUALIFICATION.claims.vct,
    "status": {"status_list": {"idx": 7, "uri": "https://hrdk.example/status/1"}},
}


@pytest.mark.parametrize("kind", tuple(CredentialTypes.packaged()), ids=lambda kind: kind.id)
def test_every_type_has_claims_with_labels_in_both_languages_and_none_of_the_formats_own(kind: Any) -> None:
    assert not claims.RESERVED & kind.claims.by_name.keys()
    assert all(claim.label.ko and claim.label.en for claim in kind.claims.by_name.values())
    assert CredentialTypes.packaged().by_vct(kind.claims.vct) is kind
    assert kind.claims.disclosable


def test_a_record_becomes_claims_and_what_is_empty_is_left_out() -> None:
    assert BUILT["name"] == "김하늘"
    assert BUILT["birth_date"] == "2003-04-17"
    assert BUILT["certificate_number"] == str(NUMBER)
    assert not {"name_en", "exam_round"} & BUILT.keys()
    assert "birth_date" in QUALIFICATION.claims.disclosable
    assert "title" not in QUALIFICATION.claims.disclosable


def test_an_sd_jwt_vc_is_read_by_its_type() -> None:
    credential = sd_jwt_vc.parse(CLAIMS)
    assert credential.model is Model.SD_JWT_VC
    assert credential.kind is QUALIFICATION
    assert credential.number == NUMBER
    assert credential.title == BUILT["title"]
    assert (credential.valid_from, credential.valid_until) == (1_790_000_000, 1_800_000_000)
    (entry,) = credential.status
    assert (entry.index, entry.list_credential) == (7, "https://hrdk.example/status/1")


def test_a_holder_may_leave_the_number_out() -> None:
    credential = sd_jwt_vc.parse({name: value for name, value in CLAIMS.items() if name != "certificate_number"})
    assert credential.number is None
    assert credential.kind is QUALIFICATION


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "no vct": ({"vct": None}, "model.type"),
    "an issuer that is no URL": ({"iss": "HRDK"}, "model.issuer"),
    "an end that is a text": ({"exp": "2030-01-01"}, "model.dates"),
    "an end that is true": ({"exp": True}, "model.dates"),
    "an end before the beginning": ({"nbf": 1_800_000_001}, "model.dates"),
    "a status without a list": ({"status": {"identifier_list": {}}}, "model.status"),
    "a status that is a text": ({"status": "valid"}, "model.status"),
}


@pytest.mark.parametrize(("change", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_claims_that_are_no_credential_are_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(CredentialError) as refused:
        sd_jwt_vc.parse({**CLAIMS, **change})
    assert refused.value.code == code


FILES: dict[str, dict[str, Any]] = {
    "a reserved name": {"iss": {"value": "{number}", "ko": "가", "en": "a"}},
    "an unknown field": {"other": {"value": "{nothing}", "ko": "가", "en": "a"}},
    "a label missing": {"other": {"value": "{number}", "ko": "가"}},
    "open that is a text": {"other": {"value": "{number}", "ko": "가", "en": "a", "open": "yes"}},
}


@pytest.mark.parametrize("more", FILES.values(), ids=FILES.keys())
def test_a_broken_claims_file_is_named(more: dict[str, Any]) -> None:
    named = {name: {"value": "{number}", "ko": "가", "en": "a"} for name in (claims.NUMBER, claims.TITLE)}
    sound = {"vct": "https://jikin.example/x", "claims": named}
    assert claims.read(Node(sound, "x/claims.json"), {"number"}).vct == sound["vct"]
    with pytest.raises(CredentialError, match=r"claims\.json"):
        claims.read(Node({**sound, "claims": {**named, **more}}, "x/claims.json"), {"number"})
