"""What an office does not sign over the VC API, and that it says which member or rule was in the way."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from issuer import issuing, submitting
from issuer.store.tables import credentials as credentials_table
from jikin.errors import CredentialError, JikinError
from jikin.values import JsonObject
from tests import issuing_office
from tests.issuing_office import TYPE, open_bureau
from tests.issuing_service import HERE, bearer, counter, open_counter
from tests.vc_portal import (
    BADGES,
    HIDDEN,
    JSON,
    MACHINE,
    V2,
    Changes,
    Portal,
    portal,
    portal_of,
    problem,
    settled,
)

__all__ = ["counter", "portal", "settled"]

# ------------------------------------------------------------------------------------------------------------ refusals


def _subject(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda credential: credential["credentialSubject"].update(changes)


def _achievement(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda credential: credential["credentialSubject"]["achievement"].update(changes)


def _top(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda credential: credential.update(changes)


LOST: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a term of use": (_top(termsOfUse={"type": "Terms"}), "/termsOfUse"),
    "evidence": (_top(evidence=[{"type": ["Evidence"]}]), "/evidence"),
    "another context": (_top(**{"@context": [V2, BADGES, "https://terms.example/v1"]}), "/@context/2"),
    "another type": (
        _top(type=["VerifiableCredential", "OpenBadgeCredential", "DrivingLicence"]),
        "/type/2",
    ),
    "a member of the subject": (_subject(shoeSize="270"), "/credentialSubject/shoeSize"),
    "a member whose name has a slash": (_subject(**{"a/b~": 1}), "/credentialSubject/a~1b~0"),
    "a holder's DID": (_subject(id="did:example:holder"), "/credentialSubject/id"),
    "the name of another qualification": (_achievement(name="천공기운전기능사"), "/credentialSubject/achievement/name"),
    "a value of another kind": (
        _achievement(criteria={"narrative": True}),
        "/credentialSubject/achievement/criteria/narrative",
    ),
    "an array in place of an object": (_achievement(criteria=[{}, {}]), "/credentialSubject/achievement/criteria/1"),
    "an object in place of a text": (_achievement(fieldOfStudy={}), "/credentialSubject/achievement/fieldOfStudy"),
    "a salted hash of the caller's": (
        lambda credential: credential["credentialSubject"]["identifier"].append(
            {
                "type": "IdentityObject",
                "hashed": True,
                "identityHash": "sha256$00",
                "salt": "00",
                "identityType": "ext:birthDate",
            }
        ),
        "/credentialSubject/identifier/1",
    ),
    "another name of the issuer": (
        lambda credential: credential.update(issuer={"id": credential["issuer"], "name": "다른 기관"}),
        "/issuer/name",
    ),
}


@pytest.mark.parametrize(("change", "pointer"), LOST.values(), ids=LOST.keys())
def test_what_the_type_does_not_say_is_refused_by_its_name(
    settled: Portal, change: Callable[[dict[str, Any]], object], pointer: str
) -> None:
    credential = settled.credential()
    change(credential)
    answer = settled.issue(credential)
    assert problem(answer) == (400, "issue.member"), answer.text
    assert answer.json()["detail"].startswith(f"{pointer} ")


REFUSED: dict[str, tuple[Changes, Changes, str]] = {
    "no context": ({"@context": ...}, {}, "model.context"),
    "no subject": ({"credentialSubject": ...}, {}, "model.subject"),
    "another issuer": ({"issuer": "did:web:elsewhere.example"}, {}, "issue.issuer"),
    "a proof": ({"proof": {"type": "DataIntegrityProof"}}, {}, "proof.present"),
    "a schema that nobody knows": (
        {"credentialSchema": {"id": "https://schemas.example/1", "type": "JsonSchema"}},
        {},
        "issue.type",
    ),
    "a beginning in the future": ({"validFrom": "2030-01-01T00:00:00Z"}, {}, "issue.dates"),
    "an end where the type has none": ({"validUntil": "2030-01-01T00:00:00Z"}, {}, "issue.dates"),
    "a date that is none": ({"awardedDate": "2026-02-30T00:00:00+09:00"}, {}, "issue.record"),
    "a column that is missing": ({}, {"record": {"exam_number": "2602-000001"}}, "issue.record"),
    "a column that there is not": ({}, {"record": HIDDEN | {"shoe_size": "270"}}, "issue.record"),
    "a column named twice": ({}, {"record": HIDDEN | {"생년월일": "1990-04-17"}}, "issue.record"),
    "a column that contradicts the credential": ({}, {"record": HIDDEN | {"passed_on": "2026-05-30"}}, "issue.record"),
    "cells that are no texts": ({}, {"record": {"exam_number": 7}}, "issue.option"),
    "an option that nobody keeps": ({}, {"record": HIDDEN, "mandatoryPointers": ["/issuer"]}, "issue.option"),
}


@pytest.mark.parametrize(("changes", "options", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_issued_is_refused_with_its_reason(
    settled: Portal, changes: Changes, options: Changes, code: str
) -> None:
    answer = settled.issue(settled.credential(**changes), options=options or {"record": HIDDEN})
    assert problem(answer) == (400, code), answer.text


def test_a_text_that_could_be_divided_in_many_ways_costs_nothing(settled: Portal) -> None:
    part = ": a national technical qualification under the National Technical Qualifications Act of Korea. "
    credential = settled.credential(description=part * 8000)
    started = time.monotonic()
    assert problem(settled.issue(credential)) == (400, "issue.member")
    assert time.monotonic() - started < 5


def test_headers_in_either_language_name_columns_and_an_equal_cell_is_no_contradiction(settled: Portal) -> None:
    record = {"수검번호": "2602-000001", "생년월일": "1990. 4. 17", "passed_on": "2026-05-29"}
    assert settled.issue(options={"record": record, "mandatoryPointers": []}).json() == settled.again()


@pytest.mark.parametrize("body", [{}, {"credential": "a text"}, {"credential": {}, "options": []}])
def test_a_body_that_is_none_is_refused(settled: Portal, body: JsonObject) -> None:
    answer = settled.counter.client.post("/issuers/vc-jwt/credentials/issue", json=body, headers=bearer(settled.token))
    assert problem(answer) == (400, "request.missing" if not body else "request.invalid")


def test_an_unknown_profile_names_the_known_ones(settled: Portal) -> None:
    answer = settled.issue(profile="bbs-2023")
    assert problem(answer) == (404, "issuer.profile")
    assert "eddsa-rdfc-2022, eddsa-jcs-2022, vc-jwt, anchored" in answer.json()["hint"]


@pytest.mark.parametrize(
    ("path", "scope"), [("/issuers/vc-jwt/credentials/issue", "issue"), ("/credentials/status", "status")]
)
def test_each_path_wants_a_token_of_its_own_scope(settled: Portal, path: str, scope: str) -> None:
    answer = settled.counter.client.post(path, json={})
    assert problem(answer) == (401, "access.token")
    assert f"--scope {scope}" in answer.json()["hint"]
    other = settled.counter.client.post(path, json={}, headers=bearer(settled.counter.token))  # a token for offers
    assert problem(other) == (403, "access.scope")


def test_a_type_that_the_institution_may_not_issue_is_not_issued(settled: Portal) -> None:
    kind = settled.bureau.office.types.named(MACHINE)
    schema = {"id": kind.schema_url, "type": "JsonSchema", "digestSRI": kind.schema_digest}
    answer = settled.issue(settled.credential(credentialSchema=schema))
    assert problem(answer) == (409, "office.type-not-allowed")


def test_an_end_that_outlasts_the_type_s_own_is_no_reason_to_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing_office, "NEW", replace(HERE, types=(TYPE, MACHINE, "course-completion")))
    bureau = open_bureau(tmp_path / "office", claim_wait_seconds=0.0)
    with bureau.office:
        portal = portal_of(open_counter(bureau))
        kind = bureau.office.types.named(MACHINE)
        made = portal.credential(
            **{"@context": list(kind.contexts), "awardedDate": ..., "validFrom": "2026-01-01T00:00:00Z"},
            type=list(kind.types),
            credentialSubject={
                "type": "CertifiedMachine",
                "machineKindCode": next(iter(kind.tables["machine"])),
                "model": "KG-3",
                "serialNumberFrom": "A-1",
                "manufacturer": {"name": [{"@value": "견본기계", "@language": "ko"}], "country": "KR"},
                "standard": "위험기계 안전인증 고시",
                "certifiedOn": "2026-05-29",
            },
        )
        options = {"record": {"application_number": "2026-0001"}}
        early = portal.issue(made | {"validUntil": "2029-01-01T00:00:00Z"}, options=options)
        assert problem(early) == (400, "issue.dates")
        late = portal.issue(made | {"validUntil": "2030-01-01T00:00:00Z"}, options=options)
        assert problem(late) == (503, "issue.pending"), late.text
        portal.counter.work_off()
        issued = portal.issue(made, options=options).json()
        assert issued["validUntil"].startswith("2029-09-")
        assert {one["statusPurpose"] for one in issued["credentialStatus"]} == {"revocation", "suspension"}

        # What two types could say is told apart by the schema alone.
        unclear = portal.credential(credentialSubject={"type": ["AchievementSubject"]}, awardedDate=...)
        assert problem(portal.issue(unclear, options={})) == (400, "issue.type")


def test_a_record_of_which_no_credential_can_be_made_is_told(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem(portal.issue(key="order 1"))[0] == 503

    def broken(*_arguments: object) -> JsonObject:
        raise CredentialError("it cannot be made", code="type.build")

    monkeypatch.setattr(issuing, "_unsecured", broken)
    with pytest.raises(JikinError):
        portal.counter.work_off()
    assert problem(portal.issue(key="order 1")) == (400, "issue.failed")


def test_an_erased_certificate_is_not_handed_out_again(portal: Portal) -> None:
    portal.issued(key="order 1")
    with portal.bureau.office.database.write() as connection:
        connection.execute(credentials_table.update().values(record=None, record_hash=None, document=None))
    assert problem(portal.issue(key="order 1")) == (410, "office.erased")


def test_the_vc_api_is_described(settled: Portal) -> None:
    paths = settled.counter.get("/openapi.json")["paths"]
    for path in ("/issuers/{profile}/credentials/issue", "/{org}/issuers/{profile}/credentials/issue"):
        operation = paths[path]["post"]  # type: ignore[index,call-overload]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema["required"] == ["credential"]
        assert "Idempotency-Key" in {one["name"] for one in operation["parameters"]}
        assert {"201", "4XX", "503"} <= set(operation["responses"])
    assert {"200", "202", "403", "4XX"} <= set(paths["/credentials/status"]["post"]["responses"])  # type: ignore[index,call-overload]


@given(JSON)
def test_nothing_is_lost_of_what_is_made_the_same(value: Any) -> None:
    assert submitting.lost(value, copy.deepcopy(value)) is None
    assert submitting.lost({"a": value, "b": 1}, {"a": value}) == "/b"
    assert submitting.lost({"a": value}, {"a": value, "b": 1}) is None
