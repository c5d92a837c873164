"""Verifying over the VC API with the policy public, behind a token."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from jikin.status.array import State
from jikin.web.limiting import Limiter
from tests.verifier_desk import TOKEN, Holder, Town, client, service
from verifier.http.counter import standard_limits

AUTH = {"authorization": f"Bearer {TOKEN}", "accept": "application/json"}


def verify(browser: TestClient, body: Any, kind: str = "credentials") -> Any:
    return browser.post(f"/{kind}/verify", json=body, headers=AUTH)


@pytest.mark.parametrize("kind", ["credentials", "presentations"])
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Basic YTpi"}])
def test_it_wants_a_token(kind: str, headers: dict[str, str], browser: TestClient) -> None:
    answer = browser.post(f"/{kind}/verify", json={}, headers={"accept": "application/json", **headers})
    assert (answer.status_code, answer.json()["code"]) == (401, "request.token")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_genuine_credential_is_200_and_verified(town: Town, browser: TestClient) -> None:
    issued = town.bound(Holder())
    answer = verify(browser, {"verifiableCredential": issued.document.credential, "options": {"checks": ["proof"]}})
    assert answer.status_code == 200
    assert (answer.json()["verified"], answer.json()["outcome"], answer.json()["problemDetails"]) == (
        True,
        "passed",
        [],
    )


def test_a_changed_credential_is_400_with_the_problem(town: Town, browser: TestClient) -> None:
    credential = {**town.bound(Holder()).document.credential, "name": "다른 자격증"}
    answer = verify(browser, {"verifiableCredential": credential})
    assert answer.status_code == 400
    body = answer.json()
    assert (body["verified"], body["outcome"]) == (False, "failed")
    assert "proof.mismatch" in {finding["code"] for finding in body["findings"]}
    assert any(one["type"].endswith("CRYPTOGRAPHIC_SECURITY_ERROR") for one in body["problemDetails"])


def test_a_revoked_credential_is_400_failed(town: Town, browser: TestClient) -> None:
    issued = town.bound(Holder())
    town.examiner.change(issued, State.REVOKED, "issued-in-error")
    body = verify(browser, {"verifiableCredential": issued.document.credential}).json()
    assert (body["outcome"], body["problemDetails"][0]["title"]) == ("failed", "status.revoked")


def test_what_cannot_be_told_is_400_unknown(town: Town, browser: TestClient) -> None:
    issued = town.bound(Holder())
    with town.silent_chain():
        answer = verify(browser, {"verifiableCredential": issued.document.credential})
    assert (answer.status_code, answer.json()["outcome"], answer.json()["verified"]) == (400, "unknown", False)


NOTHINGS = {
    "null": None,
    "a number": 7,
    "a text": "nothing at all",
    "an array": [],
    "an empty object": {},
    "true": True,
}


@pytest.mark.parametrize("kind", ["credentials", "presentations"])
@pytest.mark.parametrize("value", NOTHINGS.values(), ids=NOTHINGS.keys())
def test_what_is_nothing_is_400_and_not_verified(kind: str, value: Any, browser: TestClient) -> None:
    member = "verifiableCredential" if kind == "credentials" else "verifiablePresentation"
    answer = verify(browser, {member: value}, kind)
    assert (answer.status_code, answer.json()["verified"]) == (400, False)
    assert answer.json()["findings"]


@pytest.mark.parametrize("kind", ["credentials", "presentations"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 5000])
def test_a_body_that_is_no_object_is_a_problem(kind: str, body: bytes, browser: TestClient) -> None:
    answer = browser.post(f"/{kind}/verify", content=body, headers={**AUTH, "content-type": "application/json"})
    assert answer.status_code == 400
    assert {"code", "detail"} <= set(answer.json())


def test_a_token_in_three_parts_is_of_a_kind_that_is_not_read_here(browser: TestClient) -> None:
    answer = verify(browser, {"verifiableCredential": "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"})
    assert (answer.status_code, answer.json()["outcome"]) == (400, "unknown")


@pytest.fixture
def presented(town: Town) -> dict[str, Any]:
    holder = Holder()
    asked = {"nonce": "a-challenge", "client_id": "https://employer.example"}
    made = holder.presentation(asked, town.bound(holder), world=town.world)
    found: dict[str, Any] = json.loads(json.dumps(made))
    return found


def test_a_presentation_for_this_challenge_and_domain_is_verified(
    presented: dict[str, Any], browser: TestClient
) -> None:
    options = {"challenge": "a-challenge", "domain": "https://employer.example"}
    answer = verify(browser, {"verifiablePresentation": presented, "options": options}, "presentations")
    assert (answer.status_code, answer.json()["verified"]) == (200, True)


@pytest.mark.parametrize("options", [{"challenge": "another"}, {"domain": "https://else.example"}])
def test_a_presentation_for_something_else_is_not(
    options: dict[str, str], presented: dict[str, Any], browser: TestClient
) -> None:
    answer = verify(browser, {"verifiablePresentation": presented, "options": options}, "presentations")
    assert (answer.status_code, answer.json()["outcome"]) == (400, "failed")


def test_an_unsigned_presentation_is_a_legal_request_unless_a_challenge_is_named(
    presented: dict[str, Any], browser: TestClient
) -> None:
    unsigned = {name: value for name, value in presented.items() if name != "proof"}
    assert verify(browser, {"verifiablePresentation": unsigned}, "presentations").status_code == 200
    named = {"verifiablePresentation": unsigned, "options": {"challenge": "a-challenge"}}
    assert verify(browser, named, "presentations").status_code == 400


def test_a_presentation_with_a_forged_credential_is_not_verified(
    presented: dict[str, Any], browser: TestClient
) -> None:
    presented["verifiableCredential"][0]["name"] = "다른 자격증"
    answer = verify(browser, {"verifiablePresentation": presented}, "presentations")
    assert (answer.status_code, answer.json()["outcome"]) == (400, "failed")


KEY = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


def test_a_did_is_resolved_for_whoever_has_a_token(browser: TestClient) -> None:
    assert browser.get(f"/1.0/identifiers/{KEY}", headers={"accept": "application/json"}).status_code == 401
    answer = browser.get(f"/1.0/identifiers/{KEY}", headers=AUTH)
    body = answer.json()
    assert (answer.status_code, body["didDocument"]["id"]) == (200, KEY)
    assert {"didDocumentMetadata", "didResolutionMetadata"} <= body.keys()
    unknown = browser.get("/1.0/identifiers/did:wonder:1", headers=AUTH)
    assert (unknown.status_code, unknown.json()["didResolutionMetadata"]["error"]) == (501, "methodNotSupported")


def test_a_token_has_no_more_than_so_many_dids_resolved(town: Town, tmp_path: Path) -> None:
    limits = replace(standard_limits(), identifiers=Limiter("2/minute"))
    app = service(town, tmp_path, limits=limits)
    with client(app) as browser:
        answers = [browser.get(f"/1.0/identifiers/{KEY}", headers=AUTH) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["code"] == "request.throttled"
