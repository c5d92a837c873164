"""The VC API profile as an outside suite meets it: issue, verify, status, DIDs, trust; and who is turned away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from jikin.codec.contexts import Contexts
from jikin.conformance.service import application
from jikin.conformance.settings import Settings
from jikin.dids.key import did_of, method_of
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions

NOW = 1_790_000_000
BASE = "http://localhost:8110"
V2 = "https://www.w3.org/ns/credentials/v2"
V1 = "https://www.w3.org/2018/credentials/v1"
# Defines every term that a credential of these tests uses, in the document itself.
TERMS = {"@protected": True, "course": "https://terms.example/course", "Course": "https://terms.example/Course"}
# Profile → the issuer's key as ``GET /dids`` calls it.
PROFILES = {
    "eddsa-rdfc-2022": "Ed25519",
    "eddsa-jcs-2022": "Ed25519",
    "status": "Ed25519",
    "ecdsa-rdfc-2019-p256": "P-256",
    "ecdsa-rdfc-2019-p384": "P-384",
    "ecdsa-jcs-2019-p256": "P-256",
    "ecdsa-jcs-2019-p384": "P-384",
    "mldsa44-jcs-2024": "ML-DSA-44",
}
SELECTIVE = {"ecdsa-sd-2023": "P-256", "bbs-2023": "BLS"}
BY_TERMS_AND_BY_TEXT = ("eddsa-rdfc-2022", "eddsa-jcs-2022", "status", "ecdsa-sd-2023", "vc-jwt")


def credential(client: TestClient, key: str = "Ed25519", **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "@context": [V2, TERMS],
        "id": "urn:uuid:6a1676b8-b51f-11ed-937b-d76685a20ff5",
        "type": ["VerifiableCredential", "Course"],
        "issuer": client.get("/dids").json()[key],
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:holder", "course": "Welding"},
        **changes,
    }
    return {name: value for name, value in made.items() if value is not ...}


def issue(client: TestClient, profile: str, document: Any, **options: Any) -> Any:
    return client.post(f"/issuers/{profile}/credentials/issue", json={"credential": document, "options": options})


def verify(client: TestClient, document: Any) -> Any:
    return client.post("/credentials/verify", json={"verifiableCredential": document})


REFUSED: dict[str, dict[str, Any]] = {
    "no context": {"@context": ...},
    "a context that is no array": {"@context": V2},
    "another context first": {"@context": [TERMS, V2]},
    "a context nobody has pinned": {"@context": [V2, "https://contexts.example/nowhere/v1"]},
    "a protected term defined anew": {"@context": [V2, {"issuer": "https://terms.example/issuer"}]},
    "an undefined term": {"credentialSubject": {"id": "did:example:holder", "shoeSize": "42"}},
    "an undefined type": {"type": ["VerifiableCredential", "Unheard"]},
    "no type VerifiableCredential": {"type": ["Course"]},
    "an id that is no URL": {"id": "certificate 1"},
    "two ids": {"id": ["urn:a:1", "urn:a:2"]},
    "no issuer": {"issuer": ...},
    "issuer null": {"issuer": None},
    "issuer empty": {"issuer": ""},
    "no subject": {"credentialSubject": ...},
    "subject null": {"credentialSubject": None},
    "subject empty": {"credentialSubject": {}},
    "an empty array of subjects": {"credentialSubject": []},
    "a date that is none": {"validFrom": "yesterday"},
    "a date without zone": {"validFrom": "2026-01-01T00:00:00"},
    "until before from": {"validUntil": "2025-12-31T23:59:59Z"},
    "a status without type": {"credentialStatus": {"id": "urn:status:1"}},
    "a schema without type": {"credentialSchema": {"id": "https://schemas.example/1"}},
    "a schema without id": {"credentialSchema": {"type": "JsonSchema"}},
    "evidence without type": {"evidence": {"id": "urn:evidence:1"}},
    "terms of use without type": {"termsOfUse": {"id": "urn:terms:1"}},
    "a refresh service without type": {"refreshService": {"id": "https://refresh.example/"}},
    "a name that is a number": {"name": 7},
    "a description that is an object of something else": {"description": {"text": "x"}},
    "a related resource with a wrong digest": {
        "relatedResource": {"id": V2, "digestSRI": "sha384-" + "A" * 64},
    },
    "a related resource with a digest of another alphabet": {"relatedResource": {"id": V2, "digestMultibase": "uAAAA"}},
    "a related resource without digest": {"relatedResource": {"id": V2}},
    "a related resource twice": {
        "relatedResource": [
            {"id": "https://files.example/a", "digestMultibase": "uEiB"},
            {"id": "https://files.example/a", "digestMultibase": "uEiB"},
        ]
    },
    "a proof that is there already": {"proof": {"type": "DataIntegrityProof"}},
}


@pytest.mark.parametrize("profile", BY_TERMS_AND_BY_TEXT)
@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED.keys())
def test_what_breaks_the_model_is_not_issued(client: TestClient, changes: dict[str, Any], profile: str) -> None:
    answer = issue(client, profile, credential(client, **changes))
    assert answer.status_code == 400, answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"]


@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED.keys())
def test_what_breaks_the_model_does_not_verify_however_it_came_to_be(
    client: TestClient, changes: dict[str, Any], suite: str
) -> None:
    sound = issue(client, suite, credential(client)).json()
    broken = {name: value for name, value in {**sound, **changes}.items() if value is not ...}
    answer = verify(client, broken)
    assert answer.status_code == 400, answer.json()
    assert answer.json()["verified"] is False


def altered(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    proof = {name: value for name, value in {**document["proof"], **changes}.items() if value is not ...}
    return {**document, "proof": proof}


PROOFS: dict[str, dict[str, Any]] = {
    "a type nobody knows": {"type": "WonderfulProof"},
    "a suite nobody knows": {"cryptosuite": "wonderful-2030"},
    "no suite": {"cryptosuite": ...},
    "another purpose": {"proofPurpose": "authentication"},
    "no purpose": {"proofPurpose": ...},
    "no multibase header": {"proofValue": "3abc"},
    "no value": {"proofValue": ...},
    "no method": {"verificationMethod": ...},
    "a date that is none": {"created": "soon"},
    "a previous proof that is not there": {"previousProof": "urn:uuid:00000000-0000-0000-0000-000000000000"},
    "another key": {
        "verificationMethod": str(method_of(Ed25519Signer.from_seed(bytes(32)).public_key)),
    },
}


@pytest.mark.parametrize("changes", PROOFS.values(), ids=PROOFS.keys())
def test_a_proof_that_is_none_does_not_verify(client: TestClient, changes: dict[str, Any]) -> None:
    sound = issue(client, "eddsa-rdfc-2022", credential(client)).json()
    answer = verify(client, altered(sound, **changes))
    assert answer.status_code == 400
    assert answer.json()["problemDetails"]


@pytest.mark.parametrize("nothing", [None, 7, 7.5, True, "", "nonsense", [], {}, ["x"]], ids=repr)
def test_what_is_no_credential_does_not_verify(client: TestClient, nothing: Any) -> None:
    answer = verify(client, nothing)
    assert answer.status_code == 400
    assert answer.json()["verified"] is False


@pytest.mark.parametrize(("profile", "key"), PROFILES.items())
def test_what_is_issued_is_bare_and_verifies(client: TestClient, profile: str, key: str) -> None:
    answer = issue(client, profile, credential(client, key))
    assert answer.status_code == 201
    assert answer.json()["proof"]["proofPurpose"] == "assertionMethod"
    verified = verify(client, answer.json())
    assert verified.status_code == 200, verified.json()
    assert verified.json()["outcome"] == "passed"


def test_a_right_digest_of_a_related_resource_is_accepted(client: TestClient) -> None:
    right = "sha384-l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU"
    answer = issue(client, "eddsa-rdfc-2022", credential(client, relatedResource={"id": V2, "digestSRI": right}))
    assert answer.status_code == 201, answer.json()


@pytest.mark.parametrize(("profile", "key"), PROFILES.items())
def test_every_profile_refuses_what_was_altered(client: TestClient, profile: str, key: str) -> None:
    sound = issue(client, profile, credential(client, key)).json()
    answer = verify(client, {**sound, "credentialSubject": {"id": "did:example:holder", "course": "Flying"}})
    assert answer.status_code == 400
    assert [problem["title"] for problem in answer.json()["problemDetails"]] == ["proof.mismatch"]


@pytest.mark.parametrize(("profile", "key"), SELECTIVE.items())
def test_a_holder_derives_what_is_shown_from_a_base_proof(client: TestClient, profile: str, key: str) -> None:
    subject = {"id": "did:example:holder", "course": "Welding"}
    terms = {**TERMS, "grade": "https://terms.example/grade"}
    document = credential(client, key, credentialSubject={**subject, "grade": "A"}, **{"@context": [V2, terms]})
    issued = issue(client, profile, document, mandatoryPointers=["/issuer", "/validFrom"])
    assert issued.status_code == 201, issued.json()
    base = issued.json()
    said = verify(client, base)
    assert (said.status_code, said.json()["outcome"]) == (400, "unknown")
    assert [problem["title"] for problem in said.json()["problemDetails"]] == ["proof.base"]
    wishes = {"verifiableCredential": base, "options": {"selectivePointers": ["/credentialSubject/course"]}}
    derived = client.post("/credentials/derive", json=wishes)
    assert derived.status_code == 201, derived.json()
    shown = derived.json()
    assert shown["credentialSubject"]["course"] == "Welding"
    assert "grade" not in shown["credentialSubject"]
    assert verify(client, shown).status_code == 200, verify(client, shown).json()
    lie = {**shown, "credentialSubject": {**shown["credentialSubject"], "course": "Flying"}}
    assert "proof.mismatch" in {problem["title"] for problem in verify(client, lie).json()["problemDetails"]}


DERIVED: dict[str, tuple[Any, list[Any]]] = {
    "no credential": (None, ["/issuer"]),
    "a credential without proof": ("unsigned", ["/issuer"]),
    "a proof that shows all or nothing": ("whole", ["/issuer"]),
    "a pointer that leads nowhere": ("base", ["/credentialSubject/shoeSize"]),
    "a pointer that is none": ("base", ["credentialSubject"]),
    "a pointer that is a number": ("base", [7]),
}


@pytest.mark.parametrize(("what", "pointers"), DERIVED.values(), ids=DERIVED.keys())
def test_what_cannot_be_derived_is_refused(client: TestClient, what: Any, pointers: list[Any]) -> None:
    known = {
        "unsigned": credential(client),
        "whole": issue(client, "eddsa-rdfc-2022", credential(client)).json(),
        "base": issue(client, "ecdsa-sd-2023", credential(client, "P-256")).json(),
    }
    body = {"verifiableCredential": known.get(what), "options": {"selectivePointers": pointers}}
    answer = client.post("/credentials/derive", json=body)
    assert answer.status_code == 400, answer.json()
    assert answer.json()["code"]


def test_a_jwt_is_issued_enveloped_and_verifies_as_object_and_as_text(client: TestClient) -> None:
    answer = issue(client, "vc-jwt", credential(client, "P-256"))
    assert answer.status_code == 201, answer.json()
    carried = answer.json()
    assert carried["type"] == "EnvelopedVerifiableCredential"
    assert carried["id"].startswith("data:application/vc+jwt,")
    text = carried["id"].partition(",")[2]
    for form in (carried, text):
        assert verify(client, form).status_code == 200, verify(client, form).json()
    head, payload, signature = text.split(".")
    broken = f"{head}.{payload}.{'B' if signature[0] != 'B' else 'C'}{signature[1:]}"
    said = verify(client, {**carried, "id": f"data:application/vc+jwt,{broken}"})
    assert [problem["title"] for problem in said.json()["problemDetails"]] == ["proof.mismatch"]


@pytest.mark.parametrize(("profile", "key"), PROFILES.items())
def test_vc_1_1_gets_what_it_lacks_and_verifies(client: TestClient, profile: str, key: str) -> None:
    old = credential(client, key, validFrom=..., **{"@context": [V1, TERMS]})
    issued = issue(client, profile, old)
    assert issued.status_code == 201, issued.json()
    assert issued.json()["issuanceDate"] == "2026-09-21T14:13:20Z"
    assert issued.json()["@context"][0] == V1
    verified = verify(client, issued.json())
    assert verified.status_code == 200, verified.json()


@pytest.mark.parametrize("purpose", ["revocation", "suspension"])
def test_a_status_is_set_and_cleared(client: TestClient, purpose: str) -> None:
    issued = issue(client, "status", credential(client), statusPurpose=purpose).json()
    entry = issued["credentialStatus"]
    assert entry["statusPurpose"] == purpose
    listed = client.get(entry["statusListCredential"], headers={"accept": "text/weird"})
    assert listed.status_code == 200
    assert "BitstringStatusListCredential" in listed.json()["type"]
    assert verify(client, listed.json()).status_code == 200
    for on, status in ((True, 400), (False, 200)):
        changed = client.post(
            "/credentials/status", json={"credentialId": issued["id"], "credentialStatus": entry, "status": on}
        )
        assert changed.status_code == 200
        assert verify(client, issued).status_code == status


def test_a_status_can_be_named_by_the_credential(client: TestClient) -> None:
    issued = issue(client, "status", credential(client, id="urn:uuid:1")).json()
    older = {"credentialId": "urn:uuid:1", "credentialStatus": [{"type": "BitstringStatusListEntry", "status": "1"}]}
    assert client.post("/credentials/status", json=older).status_code == 200
    said = verify(client, issued).json()
    assert [problem["title"] for problem in said["problemDetails"]] == ["status.revoked"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"credentialId": "urn:nobody"}, 404),
        ({"credentialStatus": {"statusListIndex": "x"}}, 400),
        ({"credentialId": "urn:nobody", "status": "perhaps"}, 400),
    ],
)
def test_a_status_of_nobody_is_not_changed(client: TestClient, body: dict[str, Any], status: int) -> None:
    answer = client.post("/credentials/status", json=body)
    assert answer.status_code == status
    assert answer.json()["code"].startswith("status.")


def test_an_unknown_profile_is_told_the_known_ones(client: TestClient) -> None:
    answer = issue(client, "rsa-1978", credential(client))
    assert answer.status_code == 404
    assert "eddsa-rdfc-2022" in answer.json()["hint"]


def test_a_presentation_with_matching_challenge_and_domain_verifies(client: TestClient) -> None:
    holder = Ed25519Signer.generate()
    did = str(did_of(holder.public_key))
    held = issue(
        client, "eddsa-rdfc-2022", credential(client, credentialSubject={"id": did, "course": "Welding"})
    ).json()
    presentation = {"@context": [V2], "type": ["VerifiablePresentation"], "holder": did, "verifiableCredential": [held]}
    options = ProofOptions(
        method_of(holder.public_key), NOW, purpose="authentication", challenge="c-1", domain="verifier.example"
    )
    suite = standard_suites(Contexts.packaged()).named("eddsa-rdfc-2022")
    signed = securing.secure(presentation, suite, options, holder)

    def asked(**asked_for: str) -> int:
        body = {"verifiablePresentation": signed, "options": asked_for}
        return client.post("/presentations/verify", json=body).status_code

    assert asked(challenge="c-1", domain="verifier.example") == 200
    assert asked(challenge="c-2", domain="verifier.example") == 400
    assert asked(challenge="c-1", domain="other.example") == 400
    unsigned = client.post("/presentations/verify", json={"verifiablePresentation": presentation})
    assert unsigned.status_code == 200


@pytest.mark.parametrize(
    ("text", "status", "error"),
    [
        ("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", 200, None),
        ("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK%23nobody", 404, "notFound"),
        ("did:key:nonsense", 400, "invalidDid"),
        ("did:wonder:123", 501, "methodNotSupported"),
        ("nonsense", 400, "invalidDid"),
        ("did:key:z6Mk%20blank%23x", 400, "invalidDidUrl"),
    ],
)
def test_dids_are_resolved_or_the_reason_is_told(client: TestClient, text: str, status: int, error: str | None) -> None:
    answer = client.get(f"/1.0/identifiers/{text}")
    body = answer.json()
    assert answer.status_code == status, body
    assert set(body) >= {"didDocument", "didDocumentMetadata", "didResolutionMetadata"}
    assert body["didResolutionMetadata"].get("error") == error


def test_a_did_url_leads_to_its_method(client: TestClient) -> None:
    did = client.get("/dids").json()["Ed25519"]
    url = f"{did}%23{did.removeprefix('did:key:')}"
    body = client.get(f"/1.0/identifiers/{url}").json()
    assert body["contentStream"]["controller"] == did
    assert "error" not in body["dereferencingMetadata"]


@pytest.mark.parametrize(
    "headers",
    [
        {"forwarded": "for=192.0.2.1"},
        {"x-forwarded-for": "192.0.2.1"},
        {"x-forwarded-host": "a.example"},
        {"via": "1.1 proxy"},
        {"host": "conformance.example"},
        {"host": "localhost.evil.example:8110"},
    ],
    ids=lambda headers: next(iter(headers)),
)
@pytest.mark.parametrize("path", ["/issuers/status/credentials/issue", "/credentials/verify", "/credentials/status"])
def test_requests_from_elsewhere_are_turned_away(client: TestClient, path: str, headers: dict[str, str]) -> None:
    answer = client.post(path, json={}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] in {"request.proxied", "request.host"}


def test_a_trusted_key_may_speak_for_an_issuer_while_its_entry_is_there(tmp_path: Path) -> None:
    with TestClient(application(Settings(trust=tmp_path), lambda: NOW), base_url=BASE) as client:
        signed = issue(client, "eddsa-rdfc-2022", credential(client, issuer="https://school.example/")).json()
        assert verify(client, signed).status_code == 400
        entry = {"issuers": {"https://school.example/": [client.get("/dids").json()["Ed25519"]]}}
        (tmp_path / "school.json").write_text(json.dumps(entry))
        assert verify(client, signed).status_code == 200
        (tmp_path / "school.json").unlink()
        assert verify(client, signed).status_code == 400


def test_health_is_told(client: TestClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json()["ready"] is True
