"""Ed25519Signature2020: every byte of the W3C vector, badges signed elsewhere, and no other reading."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from jikin.codec import multibase, multikey
from jikin.codec.contexts import Contexts
from jikin.errors import CanonicalizationError, ProofError, UnknownSuiteError
from jikin.proofs import securing
from jikin.proofs.data_integrity import DataIntegritySuite
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.ed25519_signature_2020 import CONTEXT
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, parse_instant, sha256
from tests.badge_sample import badge
from tests.shared_standards import standards

NAME = "Ed25519Signature2020"
VECTOR = standards() / "vectors" / "vc-di-eddsa" / NAME
SUITES = standard_suites(Contexts.packaged().with_folder(standards() / "contexts"))


def suite() -> DataIntegritySuite:
    found = SUITES.named(NAME)
    assert isinstance(found, DataIntegritySuite)
    return found


def published(path: str = f"vectors/vc-di-eddsa/{NAME}/signedEdSig.json") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((standards() / path).read_bytes())
    return document


def verifies(document: dict[str, Any]) -> bool:
    """Judge the signature alone, by the key in the verification method's text."""
    unsecured, proofs = securing.split(document)
    statement = securing.statement(unsecured, proofs[0], proofs, SUITES)
    key = multikey.decode(re.split("[#:]", str(proofs[0]["verificationMethod"]))[-1])
    return SUITES.named(statement.algorithm).verify(statement, key)


def text(name: str) -> str:
    return (VECTOR / f"{name}EdSig.txt").read_text()


def test_every_intermediate_value_is_the_published_one() -> None:
    unsecured, (proof,) = securing.split(published())
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    document, configuration = suite().transformation.configurations(unsecured, options)
    assert configuration == json.loads((VECTOR / "proofConfigEdSig.json").read_bytes())
    canonical = [suite().transformation.canonical(part, "sha256") for part in (document, configuration)]
    assert [part.decode() for part in canonical] == [text("canonDoc"), text("proofCanon")]
    assert [sha256(part).hex() for part in canonical] == [text("docHash"), text("proofHash")]
    statement = suite().statement(unsecured, proof)
    assert statement.signed.hex() == text("combinedHash")
    assert statement.signature.hex() == text("sigHex")
    assert proof["proofValue"] == text("sigBTC58")


def test_what_is_signed_is_the_published_input_with_the_context_of_the_suite() -> None:
    unsecured, _ = securing.split(published())
    unsigned = published("vectors/vc-di-eddsa/unsigned.json")
    assert unsecured == unsigned | {"@context": [*unsigned["@context"], CONTEXT]}


def test_signing_again_makes_the_published_proof() -> None:
    keys = json.loads((VECTOR.parent / "keyPair.json").read_bytes())
    signer = Ed25519Signer.from_seed(multibase.decode(keys["privateKeyMultibase"])[2:])
    unsecured, (proof,) = securing.split(published())
    options = ProofOptions(DidUrl(str(proof["verificationMethod"])), parse_instant(str(proof["created"])))
    assert securing.secure(unsecured, suite(), options, signer) == published()


GENUINE = [
    f"vectors/vc-di-eddsa/{NAME}/signedEdSig.json",
    "real-samples/dcc/lcw-revokedCredential.json",
    "real-samples/dcc/status-list-e5WK8CbZ1GjycuPombrj.json",
    "real-samples/dcc/v1NoStatus.json",
    "real-samples/dcc/v1Revoked.json",
    "real-samples/dcc/v1WithValidStatus.json",
    "real-samples/dcc/v2Expired.json",
    "real-samples/dcc/v2NoStatus.json",
    "real-samples/dcc/v2WithBadDidWeb.json",
    "real-samples/dcc/v2WithValidStatus.json",
    "samples/1edtech-validator/ob30/credential-status-revoked.json",
]


def flipped(value: str) -> str:
    middle = len(value) // 2
    return value[:middle] + ("2" if value[middle] != "2" else "3") + value[middle + 1 :]


@pytest.mark.parametrize("path", GENUINE)
def test_a_badge_signed_elsewhere_verifies_and_one_changed_character_is_noticed(path: str) -> None:
    document = published(path)
    assert verifies(document)
    proof = document["proof"][0] if isinstance(document["proof"], list) else document["proof"]
    changed = [
        document | {"id": "urn:uuid:0b8e4c1e-6a3f-4c55-9d8e-2f6f1f0f7a11"},
        document | {"proof": proof | {"proofValue": flipped(proof["proofValue"])}},
        document | {"proof": proof | {"created": "2020-02-20T20:20:20Z"}},
        document | {"proof": proof | {"proofPurpose": "authentication"}},
    ]
    assert [verifies(one) for one in changed] == [False] * len(changed)
    other = Ed25519Signer.generate().public_key
    (statement, *_) = securing.statements(document, SUITES)
    assert not suite().verify(statement, other)


REFUSED = {
    "samples/1edtech-validator/ob30/complete_v1.json": "1EdTechJsonSchemaValidator2019",
    "samples/1edtech-validator/clr20/simple_old_safesigned.json": "https://dc.imsglobal.org/draft/clr/v2p0/context",
}


@pytest.mark.parametrize(("path", "named"), REFUSED.items())
def test_a_badge_that_says_what_nobody_defined_is_refused_by_name(path: str, named: str) -> None:
    with pytest.raises(CanonicalizationError, match=re.escape(named)):
        verifies(published(path))


def test_a_document_that_does_not_name_the_suites_context_is_not_signed() -> None:
    options = ProofOptions(DidUrl("did:web:exam.example#key"), created=1_780_000_000)
    with pytest.raises(CanonicalizationError):
        securing.secure(badge(), suite(), options, Ed25519Signer.generate())


def test_the_type_alone_names_the_suite() -> None:
    document = published()
    for change in ({"cryptosuite": NAME}, {"cryptosuite": "eddsa-rdfc-2022"}):
        with pytest.raises(ProofError) as refused:
            verifies(document | {"proof": document["proof"] | change})
        assert refused.value.code == "proof.malformed"
    with pytest.raises(UnknownSuiteError):
        verifies(document | {"proof": document["proof"] | {"type": "DataIntegrityProof", "cryptosuite": NAME}})
    with pytest.raises(UnknownSuiteError):
        verifies(document | {"proof": document["proof"] | {"type": "Ed25519Signature2018"}})
