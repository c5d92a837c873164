"""The W3C test suite of the data model, played over HTTP: every input of it, and what it makes of them while it runs.

The file's name says what has to happen: ``-ok`` is accepted, ``-fail`` is refused. Credentials are sent to be issued,
made out by the issuer that the suite is told of; presentations are signed by the suite's own holder and sent to be
verified with a challenge and a domain.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import schemas
from jikin.codec.contexts import Contexts
from jikin.conformance.service import application
from jikin.conformance.settings import Settings
from jikin.dids.key import did_of, method_of
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from tests.shared_standards import standards

INPUTS = standards() / "vectors" / "vcdm2-suite"
CONTEXTS = Contexts.packaged().with_folder(standards() / "contexts")
SUITES = standard_suites(CONTEXTS)
NOW = 1_790_000_000
V2 = "https://www.w3.org/ns/credentials/v2"
HOLDER = Ed25519Signer.from_seed(b"\x2a" * 32)
CHALLENGE, DOMAIN = "uAAECAwQFBgcICQoLDA0ODw", "github.com/w3c/vc-data-model-2.0-test-suite"
PROFILES = ("eddsa-rdfc-2022", "eddsa-jcs-2022", "status")
# Their dates are those of the day they were written; no list of theirs is served, and one is of a kind of 2017.
DATED = {"time.expired", "time.not-yet-valid"}
NO_LIST = {"status.unreadable", "status.unreachable"}
# What the suite puts in the place of words that stand for a day.
DAYS = {b"PAST DATE": b"2020-01-01T00:00:00Z", b"FUTURE DATE": b"2040-01-01T00:00:00Z"}
# Its envelope is signed by a key that nothing says the owner of: nobody could say more than that.
FOREIGN_KEY = "presentation-enveloped-vc-ok"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    settings = Settings(contexts=standards() / "contexts")
    with TestClient(application(settings, lambda: NOW), base_url="http://localhost:8110") as found:
        yield found


def read(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    for word, day in DAYS.items():
        data = data.replace(word, day)
    value: dict[str, Any] = json.loads(data)
    return value


def inputs(kind: str, *endings: str) -> list[Path]:
    files = sorted(path for path in INPUTS.rglob("*.json") if path.stem.startswith(kind))
    return [path for path in files if path.stem.endswith(endings)]


def named(paths: list[Path]) -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in paths]


FAILING = ("-fail", "-fail-or-inject")
GOOD_CREDENTIALS = inputs("credential", "-ok") + inputs("issuer", "-ok")
BAD_CREDENTIALS = inputs("credential", *FAILING) + inputs("issuer", *FAILING)
GOOD_PRESENTATIONS = inputs("presentation", "-ok")
BAD_PRESENTATIONS = inputs("presentation", *FAILING)
SELF_ASSERTED = inputs("presentation-self-asserted", "-mismatch", "-no-holder")


def test_every_input_is_played() -> None:
    groups = (GOOD_CREDENTIALS, BAD_CREDENTIALS, GOOD_PRESENTATIONS, BAD_PRESENTATIONS, SELF_ASSERTED)
    assert [len(group) for group in groups] == [54, 41, 11, 11, 3]
    assert len({path for group in groups for path in group}) == len(list(INPUTS.rglob("*.json"))) == 120


# --- credentials ---


def made_out(client: TestClient, credential: dict[str, Any]) -> dict[str, Any]:
    """Return *credential* as the suite sends it: an issuer is filled in where none stands, and none where null does."""
    issuer = client.get("/dids").json()["Ed25519"]
    stated = credential.get("issuer", issuer)
    if isinstance(stated, dict) and stated.get("id", "") is not None:
        stated = {**stated, "id": stated.get("id") or issuer}
    return {**credential, "issuer": stated}


def issue(client: TestClient, credential: Any, profile: str = "eddsa-rdfc-2022") -> Any:
    return client.post(f"/issuers/{profile}/credentials/issue", json={"credential": credential})


def verify(client: TestClient, credential: Any) -> Any:
    body = {"verifiableCredential": credential, "options": {"checks": ["proof"]}}
    return client.post("/credentials/verify", json=body)


def unsecured(path: Path) -> dict[str, Any]:
    return {name: value for name, value in read(path).items() if name != "proof"}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("path", named(GOOD_CREDENTIALS))
def test_a_good_credential_is_issued_and_verifies(client: TestClient, path: Path, profile: str) -> None:
    credential = made_out(client, unsecured(path))
    answer = issue(client, credential, profile)
    assert answer.status_code == 201, answer.json()
    assert set(answer.json()) >= {"@context", "type", "issuer", "credentialSubject", "proof"}
    verified = verify(client, answer.json())
    problems = {problem["title"] for problem in verified.json()["problemDetails"]}
    assert problems <= DATED | (NO_LIST if "credentialStatus" in credential else set())
    assert verified.status_code == (400 if problems else 200)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("path", named(BAD_CREDENTIALS))
def test_a_bad_credential_is_not_issued(client: TestClient, path: Path, profile: str) -> None:
    answer = issue(client, made_out(client, read(path)), profile)
    assert answer.status_code == 400, answer.json()
    assert set(answer.json()) >= {"code", "detail", "type", "title", "status"}


@pytest.mark.parametrize("path", named(BAD_CREDENTIALS))
def test_a_bad_credential_does_not_verify_whoever_signed_it(client: TestClient, path: Path) -> None:
    credential = {**unsecured(path)}
    if "issuer" not in credential:
        credential["issuer"] = str(did_of(HOLDER.public_key))
    signed = securing.secure(credential, SUITES.named("eddsa-jcs-2022"), ProofOptions(method(), NOW), HOLDER)
    if "-proof-" in path.stem:
        signed = {**credential, "proof": read(path)["proof"]}
    answer = verify(client, signed)
    assert answer.status_code == 400
    assert answer.json()["outcome"] == "failed"


def test_what_is_no_credential_is_refused_by_every_verifier(client: TestClient) -> None:
    nothing = {"type": ["NonconformingDocument"]}
    assert verify(client, nothing).status_code == 400
    assert present(client, nothing).status_code == 400


# --- related resources, which the suite makes while it runs ---

EDITIONS = json.loads(schemas.read("contexts/editions.json"))[V2]


def sri(digest: str) -> str:
    return "sha384-" + base64.b64encode(bytes.fromhex(digest)).decode()


def bare(digest: str) -> str:
    return "u" + base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip("=")


def with_resource(client: TestClient, resource: Any) -> Any:
    credential = {"@context": [V2], "type": ["VerifiableCredential"], "credentialSubject": {"name": "Alice"}}
    return issue(client, made_out(client, {**credential, "relatedResource": resource}))


def test_the_base_context_has_two_editions() -> None:
    july, final = sorted(edition["sha256"][:8] for edition in EDITIONS)
    assert (july, final) == ("24a18c90", "59955ced")


@pytest.mark.parametrize("edition", EDITIONS, ids=[edition["sha256"][:8] for edition in EDITIONS])
def test_a_digest_of_either_edition_of_the_base_context_is_accepted(client: TestClient, edition: Any) -> None:
    right: dict[str, Any] = {
        "as SRI": {"id": V2, "digestSRI": sri(edition["sha384"])},
        "as a bare digest": {"id": V2, "digestMultibase": bare(edition["sha256"])},
        "as a multihash": {"id": V2, "digestMultibase": bare("1220" + edition["sha256"])},
        "with a media type": [{"id": V2, "mediaType": "application/ld+json", "digestSRI": sri(edition["sha384"])}],
        "twice over": {"id": V2, "digestSRI": sri(edition["sha384"]), "digestMultibase": bare(edition["sha256"])},
    }
    for what, resource in right.items():
        answer = with_resource(client, resource)
        assert answer.status_code == 201, (what, answer.json())
        assert verify(client, answer.json()).status_code == 200


WRONG_RESOURCES: dict[str, Any] = {
    "an array of texts": [V2],
    "no id": [{"digestMultibase": bare(EDITIONS[0]["sha256"])}],
    "the same id twice": [
        {"id": V2, "digestSRI": sri(EDITIONS[0]["sha384"])},
        {"id": V2, "digestMultibase": bare(EDITIONS[0]["sha256"])},
    ],
    "no digest": [{"id": V2}],
    "another digest in multibase": [{"id": V2, "digestMultibase": bare("00" * 32)}],
    "another digest as SRI": [{"id": V2, "digestSRI": sri("00" * 48)}],
    "one digest right and the other wrong": [
        {"id": V2, "digestSRI": sri(EDITIONS[0]["sha384"]), "digestMultibase": bare("00" * 32)}
    ],
    "digests of two editions": [
        {"id": V2, "digestSRI": sri(EDITIONS[0]["sha384"]), "digestMultibase": bare(EDITIONS[1]["sha256"])}
    ],
}


@pytest.mark.parametrize("resource", WRONG_RESOURCES.values(), ids=WRONG_RESOURCES.keys())
def test_a_related_resource_that_is_none_or_another_is_refused(client: TestClient, resource: Any) -> None:
    assert with_resource(client, resource).status_code == 400


# --- presentations ---


def method() -> Any:
    return method_of(HOLDER.public_key)


def signed(presentation: dict[str, Any], suite: str = "eddsa-rdfc-2022") -> dict[str, Any]:
    """Return *presentation* as the suite signs it: its bare credentials first, made out by the holder."""
    held = presentation.get("verifiableCredential")
    if held is not None:
        presentation = {**presentation, "verifiableCredential": [with_proof(one) for one in held]}
    if isinstance(presentation.get("holder"), str) and presentation["holder"].startswith("did:key:"):
        presentation = {**presentation, "holder": str(did_of(HOLDER.public_key))}
    if isinstance(presentation.get("holder"), dict) and presentation["holder"].get("id", "").startswith("did:"):
        presentation = {**presentation, "holder": {"id": str(did_of(HOLDER.public_key))}}
    options = ProofOptions(method(), NOW, purpose="authentication", challenge=CHALLENGE, domain=DOMAIN)
    return dict(securing.secure(presentation, SUITES.named(suite), options, HOLDER))


def with_proof(credential: Any) -> Any:
    if not isinstance(credential, dict) or "Enveloped" in str(credential.get("type")) or "type" not in credential:
        return credential
    own = {**credential, "issuer": str(did_of(HOLDER.public_key))}
    return securing.secure(own, SUITES.named("eddsa-jcs-2022"), ProofOptions(method(), NOW), HOLDER)


def present(client: TestClient, presentation: Any, **options: str) -> Any:
    asked = {"challenge": CHALLENGE, "domain": DOMAIN, **options}
    return client.post("/presentations/verify", json={"verifiablePresentation": presentation, "options": asked})


@pytest.mark.parametrize("path", named([path for path in GOOD_PRESENTATIONS if path.stem != FOREIGN_KEY]))
def test_a_good_presentation_verifies(client: TestClient, path: Path) -> None:
    answer = present(client, signed(read(path)))
    assert answer.status_code == 200, answer.json()


def test_a_presentation_of_an_envelope_by_an_unknown_key_is_well_formed_and_does_not_verify(client: TestClient) -> None:
    answer = present(client, signed(read(INPUTS / f"{FOREIGN_KEY}.json")))
    assert answer.status_code == 400
    found = {one["code"]: one["outcome"] for one in answer.json()["findings"]}
    assert found["presentation.valid"] == "passed"
    assert {code for code in found if code.startswith("presentation.")} == {"presentation.valid"}


@pytest.mark.parametrize("path", named(BAD_PRESENTATIONS))
def test_a_bad_presentation_does_not_verify(client: TestClient, path: Path) -> None:
    answer = present(client, read(path))
    assert answer.status_code == 400
    assert answer.json()["verified"] is False


@pytest.mark.parametrize("path", named(BAD_PRESENTATIONS))
def test_a_bad_presentation_does_not_verify_although_its_signature_fits(client: TestClient, path: Path) -> None:
    answer = present(client, signed(read(path), "eddsa-jcs-2022"))
    assert answer.status_code == 400
    assert "presentation.altered" not in {one["code"] for one in answer.json()["findings"]}


@pytest.mark.parametrize("path", named(SELF_ASSERTED))
def test_what_a_holder_asserts_without_signing_it_does_not_verify(client: TestClient, path: Path) -> None:
    options = ProofOptions(method(), NOW, purpose="authentication", challenge=CHALLENGE, domain=DOMAIN)
    answer = present(client, securing.secure(read(path), SUITES.named("eddsa-jcs-2022"), options, HOLDER))
    assert answer.status_code == 400
    assert "proof.missing" in {one["code"] for one in answer.json()["findings"]}


AFTER_SIGNING: dict[str, Any] = {
    "the context is gone": {"@context": None},
    "the contexts stand in another order": {"@context": ["https://www.w3.org/ns/credentials/examples/v2", V2]},
    "a context that is not at hand": {"@context": [V2, "https://example.com"]},
    "a context that is no URL": {"@context": [V2, "https ://not-a-url/contexts/example/v1"]},
    "a context that is a number": {"@context": [V2, 123192875]},
    "the type is gone": {"type": None},
    "the holder is another": {"holder": "did:example:somebody"},
    "a proof value that is too short": {"proof": {"proofValue": "z5nmMBw2u9TGKd9NxxHJtyZKgjN2Eh"}},
    "a proof for another challenge": {"proof": {"challenge": "uAAAA"}},
    "a proof for another domain": {"proof": {"domain": "elsewhere.example"}},
    "a proof to assert": {"proof": {"proofPurpose": "assertionMethod"}},
}


@pytest.mark.parametrize("changes", AFTER_SIGNING.values(), ids=AFTER_SIGNING.keys())
def test_a_presentation_that_was_changed_after_it_was_signed_does_not_verify(client: TestClient, changes: Any) -> None:
    whole = signed(read(INPUTS / "presentation-vc-ok.json"))
    assert present(client, whole).status_code == 200
    changed = {**whole, **changes, "proof": {**whole["proof"], **changes.get("proof", {})}}
    answer = present(client, {name: value for name, value in changed.items() if value is not None})
    assert answer.status_code == 400, answer.json()


def test_a_presentation_for_another_request_does_not_verify(client: TestClient) -> None:
    whole = signed(read(INPUTS / "presentation-ok.json"))
    assert present(client, whole).status_code == 200
    assert present(client, whole, challenge="uBBBB").status_code == 400
    assert present(client, whole, domain="elsewhere.example").status_code == 400


# --- enveloped credentials, which the suite has issued and then spoils ---


@pytest.fixture(scope="module")
def enveloped(client: TestClient) -> dict[str, Any]:
    credential = {
        "@context": [V2],
        "type": ["VerifiableCredential"],
        "issuer": client.get("/dids").json()["P-256"],
        "credentialSubject": {"id": "did:example:alice", "name": "Alice"},
    }
    answer = issue(client, credential, "vc-jwt")
    assert answer.status_code == 201, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def test_an_enveloped_credential_carries_what_was_sent_and_verifies(
    client: TestClient, enveloped: dict[str, Any]
) -> None:
    assert enveloped["type"] == "EnvelopedVerifiableCredential"
    payload = json.loads(base64.urlsafe_b64decode(enveloped["id"].partition(",")[2].split(".")[1] + "=="))
    assert set(payload) >= {"@context", "type", "issuer", "credentialSubject"}
    assert verify(client, enveloped).status_code == 200


SPOILT: dict[str, Any] = {
    "no context": {"@context": []},
    "another context": {"@context": "https://www.w3.org/ns/credentials/examples/v2"},
    "an id that is no data URL": {"id": "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"},
    "no type": {"type": None},
    "another type": {"type": "VerifiableCredential"},
}


@pytest.mark.parametrize("changes", SPOILT.values(), ids=SPOILT.keys())
def test_an_enveloped_credential_that_is_spoilt_does_not_verify(
    client: TestClient, enveloped: dict[str, Any], changes: Any
) -> None:
    spoilt = {name: value for name, value in {**enveloped, **changes}.items() if value is not None}
    assert verify(client, spoilt).status_code == 400
