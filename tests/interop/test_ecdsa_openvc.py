"""The Python package openvc and we accept each other's ECDSA proofs, as far as it keeps to the standard."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from openvc.keys import P256SigningKey, P384SigningKey
from openvc.proof.di_ecdsa_rdfc import EcdsaRdfcProofSuite
from openvc.proof.di_jcs import EcdsaJcsProofSuite
from openvc.proof.ecdsa_sd import EcdsaSdProofSuite
from openvc.proof.errors import ProofError

from jikin.codec import jwk, multibase, multikey
from jikin.codec.contexts import Contexts
from jikin.proofs import securing
from jikin.proofs.ecdsa import EcdsaSigner
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, JsonObject, KeyType
from tests.badge_sample import badge
from tests.signers import SIGNERS

CONTEXTS = Contexts.packaged()
SUITES = standard_suites(CONTEXTS)
SD = SUITES.selective("ecdsa-sd-2023")
EXTRA: dict[str, Any] = {"extra_contexts": {url: CONTEXTS.document(url) for url in badge()["@context"]}}
MANDATORY = ("/issuer", "/validUntil")
CHOSEN = ["/name", "/credentialSubject/achievement/criteria/narrative"]
NAMED = ["/name", "/credentialSubject/achievement/name"]  # what it can derive: nothing in arrays, no node without id


def signer_of(kind: KeyType) -> EcdsaSigner:
    signer = SIGNERS[kind]
    assert isinstance(signer, EcdsaSigner)
    return signer


P256, P384 = signer_of(KeyType.P256), signer_of(KeyType.P384)


def method(signer: EcdsaSigner) -> str:
    return f"did:web:exam.example#{multikey.encode(signer.public_key)}"


def options(signer: EcdsaSigner, **more: Any) -> ProofOptions:
    return ProofOptions(DidUrl(method(signer)), created=1_780_000_000, **more)


def their_key(signer: EcdsaSigner) -> Any:
    kind = P256SigningKey if signer is P256 else P384SigningKey
    secret = {"d": multibase.encode_base64url(signer.export_secret())}
    return kind.from_jwk({**jwk.encode(signer.public_key), **secret}, method(signer))


def we_accept(document: JsonObject, signer: EcdsaSigner) -> bool:
    (statement,) = securing.statements(document, SUITES)
    return SUITES.named(statement.algorithm).verify(statement, signer.public_key)


def flat() -> dict[str, Any]:
    """Return a badge without blank nodes: what canonicalizes them in this package knows SHA-256 alone."""
    document = badge()
    subject = document["credentialSubject"]
    del (
        subject["identifier"],
        subject["result"],
        subject["achievement"]["criteria"],
        subject["achievement"]["alignment"],
    )
    return document


CASES: dict[str, tuple[str, Callable[[], Any], EcdsaSigner, Callable[[], dict[str, Any]], dict[str, Any]]] = {
    "ecdsa-jcs-2019, P-256": ("ecdsa-jcs-2019", EcdsaJcsProofSuite, P256, badge, {}),
    "ecdsa-jcs-2019, P-384": ("ecdsa-jcs-2019", EcdsaJcsProofSuite, P384, badge, {}),
    "ecdsa-rdfc-2019, P-256": ("ecdsa-rdfc-2019", EcdsaRdfcProofSuite, P256, badge, EXTRA),
    "ecdsa-rdfc-2019, P-384": ("ecdsa-rdfc-2019", EcdsaRdfcProofSuite, P384, flat, EXTRA),
}
each_case = pytest.mark.parametrize(("name", "suite", "signer", "made", "extra"), CASES.values(), ids=CASES.keys())


@each_case
def test_it_accepts_what_we_sign_and_nothing_changed_in_it(
    name: str, suite: Callable[[], Any], signer: EcdsaSigner, made: Callable[[], dict[str, Any]], extra: dict[str, Any]
) -> None:
    document = json.loads(json.dumps(securing.secure(made(), SUITES.named(name), options(signer), signer)))
    key = jwk.encode(signer.public_key)
    assert suite().verify(document, public_key_jwk=key, **extra).issuer == "did:web:exam.example"
    for changed in ({"name": "x"}, {"proof": document["proof"] | {"created": "2026-05-28T20:26:41Z"}}):
        with pytest.raises(ProofError):
            suite().verify(document | changed, public_key_jwk=key, **extra)


@each_case
def test_we_accept_what_it_signs_and_nothing_changed_in_it(
    name: str, suite: Callable[[], Any], signer: EcdsaSigner, made: Callable[[], dict[str, Any]], extra: dict[str, Any]
) -> None:
    document = suite().add_proof(made(), signing_key=their_key(signer), verification_method=method(signer), **extra)
    if name == "ecdsa-jcs-2019":
        # It hashes the context with the options and leaves it out of the proof, where the standard puts it (3.3.1).
        assert not we_accept(document, signer)
        document["proof"]["@context"] = document["@context"]
    assert we_accept(document, signer)
    assert not we_accept(document | {"name": "x"}, signer)


def test_it_accepts_what_we_derive_and_nothing_changed_in_it() -> None:
    base = securing.secure(badge(), SD, options(P256, mandatory_pointers=MANDATORY), P256)
    part = json.loads(json.dumps(SD.derive(base, CHOSEN, {})))
    key = jwk.encode(P256.public_key)
    assert EcdsaSdProofSuite().verify(part, public_key_jwk=key, **EXTRA).issuer == "did:web:exam.example"
    for changed in ({"name": "x"}, {"description": "x"}, {"validUntil": "2099-01-01T00:00:00Z"}):
        with pytest.raises(ProofError):
            EcdsaSdProofSuite().verify(part | changed, public_key_jwk=key, **EXTRA)


def test_of_one_base_proof_it_and_we_derive_parts_that_both_accept() -> None:
    theirs = EcdsaSdProofSuite().add_base_proof(
        badge(),
        signing_key=their_key(P256),
        verification_method=method(P256),
        mandatory_pointers=MANDATORY,
        **EXTRA,
    )
    ours = dict(securing.secure(badge(), SD, options(P256, mandatory_pointers=MANDATORY), P256))
    for base in (theirs, ours):
        assert we_accept(base, P256)
        part = EcdsaSdProofSuite().derive_proof(base, selective_pointers=NAMED, **EXTRA)
        assert {*part} == {*SD.derive(base, NAMED, {})}
        assert we_accept(part, P256)
        assert not we_accept(part | {"name": "x"}, P256)
