"""Other implementations accept our proofs and refuse forged ones, and the other way round.

@digitalbazaar/vc (eddsa-rdfc-2022, Ed25519Signature2020), @noble/post-quantum (ML-DSA-44), and the Python packages
openvc-core (eddsa-jcs-2022) and openbadgeslib (Open Badges with eddsa-rdfc-2022).
"""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from openbadgeslib.ob3 import ldp
from openbadgeslib.ob3.verifier import OB3VerificationError
from openvc.keys import Ed25519SigningKey
from openvc.proof.di_jcs import EddsaJcsProofSuite
from openvc.proof.errors import ProofError as OpenvcError

from jikin.codec import jwk, multibase, multikey
from jikin.codec.contexts import Contexts
from jikin.proofs import mldsa44, securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.ed25519_signature_2020 import CONTEXT as SUITE_2020
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, JsonObject, PublicKey
from tests import npm
from tests.badge_sample import badge

CONTEXTS = Contexts.packaged()
SUITES = standard_suites(CONTEXTS)
NOW = 1_790_000_000
SEED = bytes(range(32))
SIGNER = Ed25519Signer.from_seed(SEED)
MULTIKEY = multikey.encode(SIGNER.public_key)
DID = f"did:key:{MULTIKEY}"
METHOD = f"{DID}#{MULTIKEY}"
OPTIONS = ProofOptions(DidUrl(METHOD), created=NOW)
NAMES = ("eddsa-rdfc-2022", "Ed25519Signature2020")
PEM = Ed25519PrivateKey.from_private_bytes(SEED)


def credential(suite: str) -> dict[str, Any]:
    plain = badge() | {"issuer": badge()["issuer"] | {"id": DID}}
    more = [SUITE_2020] if suite == "Ed25519Signature2020" else []
    return plain | {"@context": [*plain["@context"], *more]}


def secured(suite: str) -> dict[str, Any]:
    return dict(securing.secure(credential(suite), SUITES.named(suite), OPTIONS, SIGNER))


def verifies(document: JsonObject) -> bool:
    (statement,) = securing.statements(document, SUITES)
    return SUITES.named(statement.algorithm).verify(statement, SIGNER.public_key)


def flipped(text: str) -> str:
    return text[:40] + ("2" if text[40] != "2" else "3") + text[41:]


def forgeries(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    better = deepcopy(document)
    better["credentialSubject"]["result"][0]["value"] = "100"
    proof = document["proof"]
    return {
        "the payload": better,
        "the signature": document | {"proof": proof | {"proofValue": flipped(proof["proofValue"])}},
        "an option": document | {"proof": proof | {"created": "2026-09-21T13:33:21Z"}},
        "a member more": document | {"description": "2톤 이상"},
    }


QUANTUM = Mldsa44Signer.from_seed(SEED)
QUANTUM_NAMES = ("mldsa44-jcs-2024", "mldsa44-rdfc-2024")


@pytest.fixture(scope="module")
def stranger() -> dict[str, Any]:
    """Everything the npm packages are asked, in one run."""
    secret = multibase.encode(b"\x80\x26" + SEED + SIGNER.public_key.raw)
    method = {"id": METHOD, "controller": DID, "publicKeyMultibase": MULTIKEY}
    as_multikey = {"@context": "https://w3id.org/security/multikey/v1", "type": "Multikey", **method}
    controller = {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": DID,
        "verificationMethod": [as_multikey],
        "assertionMethod": [METHOD],
    }
    verify = {}
    for suite in NAMES:
        document = secured(suite)
        verify[suite] = {"suite": suite, "credential": document}
        for what, forged in forgeries(document).items():
            verify[f"{suite}: {what}"] = {"suite": suite, "credential": forged}
    quantum = {}
    for suite in QUANTUM_NAMES:
        _, stated = securing.sign(badge(), SUITES.named(suite), OPTIONS, QUANTUM)
        quantum[suite] = {
            "seed": SEED.hex(),
            "message": stated.signed.hex(),
            "publicKey": QUANTUM.public_key.raw.hex(),
            "signature": stated.signature.hex(),
        }
        flip = bytes([stated.signature[0] ^ 1]) + stated.signature[1:]
        quantum[f"{suite}: forged"] = quantum[suite] | {"signature": flip.hex()}
    answer = npm.ask(
        "suites",
        {
            "documents": {
                **{url: CONTEXTS.document(url) for url in CONTEXTS.urls},
                DID: controller,
                METHOD: as_multikey,
            },
            "now": "2026-09-21T14:13:20Z",
            "issue": {
                suite: {
                    "suite": suite,
                    "credential": credential(suite),
                    "key": as_multikey | {"secretKeyMultibase": secret},
                }
                for suite in NAMES
            },
            "verify": verify,
            "quantum": quantum,
        },
    )
    assert answer["ok"], answer
    return answer | {"asked": quantum}


@pytest.mark.parametrize("suite", NAMES)
def test_digitalbazaar_accepts_ours_and_refuses_every_forgery(stranger: dict[str, Any], suite: str) -> None:
    assert stranger["verdicts"][suite] == "verified"
    for what in forgeries(secured(suite)):
        assert stranger["verdicts"][f"{suite}: {what}"] != "verified"


@pytest.mark.parametrize("suite", NAMES)
def test_we_accept_digitalbazaar_s_and_refuse_every_forgery(stranger: dict[str, Any], suite: str) -> None:
    issued = stranger["issued"][suite]
    assert issued["proof"]["type"] == SUITES.named(suite).proof_type
    assert verifies(issued)
    for what, forged in forgeries(issued).items():
        assert not verifies(forged), what


@pytest.mark.parametrize("suite", QUANTUM_NAMES)
def test_noble_verifies_our_quantum_safe_signature_and_we_its(stranger: dict[str, Any], suite: str) -> None:
    found, asked = stranger["quantum"][suite], stranger["asked"][suite]
    assert found["verified"] is True
    assert stranger["quantum"][f"{suite}: forged"]["verified"] is False
    assert found["publicKey"] == asked["publicKey"]  # the same key of the same seed
    message, signature = bytes.fromhex(asked["message"]), bytes.fromhex(found["signature"])
    assert mldsa44.verify(QUANTUM.public_key, message, signature)
    assert not mldsa44.verify(QUANTUM.public_key, message, signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not mldsa44.verify(PublicKey(QUANTUM.public_key.type, bytes(1312)), message, signature)


# --- Python packages ---


def public_jwk() -> dict[str, Any]:
    return dict(jwk.encode(SIGNER.public_key))


def openvc_accepts(document: JsonObject) -> bool:
    try:
        EddsaJcsProofSuite().verify(dict(document), public_key_jwk=public_jwk(), now=datetime.fromtimestamp(NOW, UTC))
    except OpenvcError:
        return False
    return True


def test_openvc_accepts_our_json_proof_and_refuses_every_forgery() -> None:
    document = secured("eddsa-jcs-2022")
    assert openvc_accepts(document)
    for what, forged in forgeries(document).items():
        assert not openvc_accepts(forged), what


def test_we_accept_openvc_s_json_proof_when_its_context_stands_where_the_standard_has_it() -> None:
    """It hashes the document's context with the options and leaves it out of the proof (against section 3.3.1)."""
    key = Ed25519SigningKey(PEM, kid=METHOD)
    document = EddsaJcsProofSuite().add_proof(
        credential("eddsa-jcs-2022"),
        signing_key=key,
        verification_method=METHOD,
        created=datetime.fromtimestamp(NOW, UTC),
    )
    assert not verifies(document)
    document["proof"]["@context"] = document["@context"]
    assert verifies(document)
    for what, forged in forgeries(document).items():
        assert not verifies(forged), what


def openbadgeslib_accepts(document: JsonObject) -> bool:
    pem = PEM.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        ldp.OB3LdpVerifier(pem).verify(deepcopy(dict(document)))
    except OB3VerificationError:
        return False
    return True


def test_openbadgeslib_accepts_our_badge_and_refuses_every_forgery() -> None:
    document = secured("eddsa-rdfc-2022")
    assert openbadgeslib_accepts(document)
    for what, forged in forgeries(document).items():
        assert not openbadgeslib_accepts(forged), what


def test_we_accept_openbadgeslib_s_badge_and_refuse_every_forgery() -> None:
    pem = PEM.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    document = ldp.add_data_integrity_proof(
        credential("eddsa-rdfc-2022"), pem, METHOD, created=datetime.fromtimestamp(NOW, UTC)
    )
    assert document == secured("eddsa-rdfc-2022")  # Ed25519 leaves no choice: the same bytes
    assert verifies(document)
    for what, forged in forgeries(document).items():
        assert not verifies(forged), what
