"""Documents with proofs are taken apart and put together without loss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jikin.codec.contexts import Contexts
from jikin.errors import ProofError
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl
from tests.badge_sample import badge

SUITES = standard_suites(Contexts.packaged())
SUITE = SUITES.named("eddsa-rdfc-2022")
FIRST, SECOND = Ed25519Signer.generate(), Ed25519Signer.generate()
OPTIONS = ProofOptions(DidUrl("did:web:exam.example#key"), created=1_780_000_000)


def test_a_secured_document_comes_apart_into_what_it_was_made_of() -> None:
    document = securing.secure(badge(), SUITE, OPTIONS, FIRST)
    unsecured, (proof,) = securing.split(document)
    assert unsecured == badge()
    assert proof == dict(document)["proof"]


def test_a_document_with_a_proof_is_not_secured_again() -> None:
    document = securing.secure(badge(), SUITE, OPTIONS, FIRST)
    with pytest.raises(ProofError) as refused:
        securing.secure(document, SUITE, OPTIONS, FIRST)
    assert refused.value.code == "proof.present"


NO_PROOFS: dict[str, tuple[Any, str]] = {
    "none": (None, "proof.missing"),
    "an empty set": ([], "proof.missing"),
    "a text": ("proof", "proof.malformed"),
    "a number": (5, "proof.malformed"),
    "a set with a text": ([{}, "x"], "proof.malformed"),
    "a proof without suite": ({"type": "DataIntegrityProof"}, "proof.malformed"),
    "a suite that is a list": ({"cryptosuite": ["eddsa-rdfc-2022"]}, "proof.malformed"),
    "seventeen proofs": ([{}] * 17, "proof.malformed"),
}


@pytest.mark.parametrize(("proof", "code"), NO_PROOFS.values(), ids=NO_PROOFS.keys())
def test_what_is_no_proof_is_refused(proof: Any, code: str) -> None:
    with pytest.raises(ProofError) as refused:
        securing.statements(badge() | {"proof": proof}, SUITES)
    assert refused.value.code == code


def test_a_set_of_proofs_gives_the_statements_in_its_order() -> None:
    later = replace(OPTIONS, created=1_780_000_001)
    proofs = [SUITE.create_proof(badge(), OPTIONS, FIRST), SUITE.create_proof(badge(), later, SECOND)]
    one, two = securing.statements(badge() | {"proof": proofs}, SUITES)
    assert SUITE.verify(one, FIRST.public_key)
    assert SUITE.verify(two, SECOND.public_key)
    assert not SUITE.verify(two, FIRST.public_key)
    assert securing.statements(badge() | {"proof": list(reversed(proofs))}, SUITES) == (two, one)


def test_a_receipt_added_as_second_proof_can_be_left_out() -> None:
    proof = SUITE.create_proof(badge(), OPTIONS, FIRST)
    document = badge() | {"proof": [proof, {"type": "AnchorReceipt", "v": 1}]}
    (statement,) = securing.statements(document, SUITES, ignored_types={"AnchorReceipt"})
    assert SUITE.verify(statement, FIRST.public_key)
    with pytest.raises(ProofError):
        securing.statements(document, SUITES)


def chained(previous: Any, *proofs: Any) -> dict[str, Any]:
    last = SUITE.create_proof(badge(), OPTIONS, SECOND)
    return badge() | {"proof": [*proofs, {**last, "previousProof": previous}]}


MISSING: dict[str, dict[str, Any]] = {
    "a proof that is not there": chained("urn:uuid:1"),
    "one of two that is not there": chained(["urn:uuid:1", "urn:uuid:2"], {"id": "urn:uuid:1"}),
    "an id that two proofs have": chained("urn:uuid:1", {"id": "urn:uuid:1"}, {"id": "urn:uuid:1"}),
    "a number": chained(5),
    "an array of numbers": chained([5]),
}


@pytest.mark.parametrize("document", MISSING.values(), ids=MISSING.keys())
def test_a_chain_whose_earlier_proof_is_missing_is_refused(document: dict[str, Any]) -> None:
    _, proofs = securing.split(document)
    with pytest.raises(ProofError):
        securing.statement(badge(), proofs[-1], proofs, SUITES)


def test_a_proof_does_not_build_on_itself() -> None:
    proof = {**SUITE.create_proof(badge(), OPTIONS, FIRST), "id": "urn:uuid:1", "previousProof": "urn:uuid:1"}
    with pytest.raises(ProofError):
        securing.statements(badge() | {"proof": proof}, SUITES)
