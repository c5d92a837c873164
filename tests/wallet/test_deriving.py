"""Holders derive what is shown over the VC API: behind their token, without a word about what they have."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from jikin.dids.key import did_of, method_of
from jikin.proofs import deriving, securing
from jikin.proofs.bbs.signer import BbsSigner
from jikin.proofs.p256 import P256Signer
from jikin.proofs.suite import ProofOptions, Suites
from jikin.testing.clock import FixedClock
from jikin.testing.world import World
from jikin.values import JsonObject
from jikin.verification import policy
from jikin.verification.document import Document
from jikin.verification.report import Outcome
from jikin.verification.verifying import verify
from tests.wallet.conftest import sources_of, wallet_in
from wallet.service import application_of

TOKEN = "a development token"
BEARER = {"authorization": f"Bearer {TOKEN}"}
TERMS = {"@protected": True, "course": "https://terms.example/course", "grade": "https://terms.example/grade"}
SUITES: dict[str, Callable[[], Any]] = {"ecdsa-sd-2023": P256Signer.generate, "bbs-2023": BbsSigner.generate}


@pytest.fixture
def client(tmp_path: Path, world: World, clock: FixedClock) -> Iterator[TestClient]:
    tokens = tmp_path / "dev-tokens.json"
    tokens.write_text(json.dumps({"wallet": TOKEN}))
    wallet = wallet_in(tmp_path / "wallet", world, clock, dev_tokens=str(tokens))
    with TestClient(application_of(wallet), base_url="http://localhost:8102") as client:
        yield client


def unsigned(issuer: str) -> dict[str, Any]:
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2", TERMS],
        "type": ["VerifiableCredential"],
        "issuer": issuer,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:holder", "course": "Welding", "grade": "A"},
    }


def base(suites: Suites, name: str) -> JsonObject:
    """Return a credential with a base proof; issuer and date are always shown."""
    signer = SUITES[name]()
    options = ProofOptions(method_of(signer.public_key), 1_780_000_000, mandatory_pointers=("/issuer", "/validFrom"))
    return securing.secure(unsigned(str(did_of(signer.public_key))), suites.named(name), options, signer)


def derive(client: TestClient, credential: Any, pointers: Any, headers: dict[str, str] | None = None) -> Any:
    body = {"verifiableCredential": credential, "options": {"selectivePointers": pointers}}
    return client.post("/credentials/derive", json=body, headers=BEARER if headers is None else headers)


@pytest.mark.parametrize("name", SUITES)
def test_a_holder_shows_what_she_chooses_and_it_verifies(
    client: TestClient, world: World, clock: FixedClock, name: str
) -> None:
    answer = derive(client, base(world.suites, name), ["/credentialSubject/course"])
    assert answer.status_code == 201, answer.json()
    assert answer.headers["cache-control"] == "no-store"
    shown = answer.json()
    assert shown["credentialSubject"] == {"id": "did:example:holder", "course": "Welding"}
    report = verify(Document(shown), sources_of(world).at_newest(), policy.packaged("proof"), clock())
    assert report.outcome is Outcome.PASSED, [finding.code for finding in report.findings]
    lie = {**shown, "credentialSubject": {**shown["credentialSubject"], "course": "Flying"}}
    judged = verify(Document(lie), sources_of(world).at_newest(), policy.packaged("proof"), clock())
    assert "proof.mismatch" in {finding.code for finding in judged.findings}


def test_among_several_proofs_the_one_that_can_be_derived_from_is_taken(world: World) -> None:
    document = base(world.suites, "ecdsa-sd-2023")
    both = {**document, "proof": [{"type": "AnchorReceipt"}, document["proof"]]}
    shown = deriving.derive(both, ["/credentialSubject/grade"], world.suites)
    assert shown["credentialSubject"] == {"id": "did:example:holder", "grade": "A"}


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer guessed"}], ids=["no token", "an unknown token"])
def test_nobody_derives_without_a_token(client: TestClient, world: World, headers: dict[str, str]) -> None:
    answer = derive(client, base(world.suites, "ecdsa-sd-2023"), ["/credentialSubject/course"], headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "wallet.token")
    assert answer.headers["www-authenticate"].startswith("Bearer")


REFUSED: dict[str, tuple[Callable[[JsonObject], Any], Any, str]] = {
    "no object": (lambda _base: "a text", [], "request.invalid"),
    "no credential": (lambda _base: {}, [], "model.context"),
    "no proof": (lambda given: {name: given[name] for name in given if name != "proof"}, ["/issuer"], "proof.missing"),
    "a proof that shows all or nothing": (
        lambda given: {**given, "proof": {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022"}},
        ["/issuer"],
        "proof.unknown-suite",
    ),
    "a pointer that leads nowhere": (lambda given: given, ["/credentialSubject/shoeSize"], "proof.selection"),
    "a pointer that is a number": (lambda given: given, [7], "request.option"),
    "pointers that are a text": (lambda given: given, "/issuer", "request.option"),
    "more pointers than anybody needs": (lambda given: given, ["/issuer"] * 1001, "request.option"),
}


@pytest.mark.parametrize(("change", "pointers", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_derived_is_refused_with_its_reason(
    client: TestClient, world: World, change: Callable[[JsonObject], Any], pointers: Any, code: str
) -> None:
    answer = derive(client, change(base(world.suites, "ecdsa-sd-2023")), pointers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_request_without_credential_says_what_it_lacks(client: TestClient) -> None:
    answer = client.post("/credentials/derive", json={}, headers=BEARER)
    assert (answer.status_code, answer.json()["code"]) == (400, "request.missing")


def test_deriving_is_described(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/credentials/derive"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["verifiableCredential"]
    assert {"201", "4XX"} <= set(operation["responses"])
