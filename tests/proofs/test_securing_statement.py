"""What signing states is what verifying reads: one canonicalisation serves the proof and the anchor digest."""

from __future__ import annotations

import pytest

from jikin.codec import multikey
from jikin.codec.contexts import Contexts
from jikin.proofs import securing
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, JsonObject, KeyType
from tests.signers import SIGNERS, signers_of

SUITES = standard_suites(Contexts.packaged())
DOCUMENT: JsonObject = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/security/suites/ed25519-2020/v1"],
    "type": ["VerifiableCredential"],
    "issuer": "did:web:school.example",
    "credentialSubject": {"id": "urn:example:1"},
}


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in SUITES.names for kind in signers_of(SUITES.named(name))]
)
def test_the_statement_of_a_new_proof_is_the_one_read_from_the_document(name: str, kind: KeyType) -> None:
    signer = SIGNERS[kind]
    method = DidUrl(f"did:web:school.example#{multikey.encode(signer.public_key)}")
    secured, stated = securing.sign(DOCUMENT, SUITES.named(name), ProofOptions(method, 1_790_000_000), signer)
    assert securing.statements(secured, SUITES) == (stated,)
    assert SUITES.named(name).verify(stated, signer.public_key)
