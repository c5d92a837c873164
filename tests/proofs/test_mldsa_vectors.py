"""The quantum-safe vectors of the W3C Credentials Community Group: each ML-DSA-44 byte, and no other algorithm.

Their signatures are hedged, so they are verified and not made again; what was hashed is compared byte for byte.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest

from jikin.codec import jsonld, multibase, multikey, nquads, rdfc
from jikin.codec.contexts import Contexts
from jikin.errors import CanonicalizationError, ProofError, UnknownSuiteError
from jikin.proofs import securing
from jikin.proofs.data_integrity import DataIntegritySuite
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, KeyType, PublicKey, parse_instant, sha256
from tests.codes import code_of
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "di-quantum-safe"
CONTEXTS = Contexts.packaged().with_folder(standards() / "contexts")
SUITES = standard_suites(CONTEXTS)
HASHES = json.loads((VECTORS / "commonAlgs" / "hashing-combined.json").read_bytes())
KEYS = json.loads((VECTORS / "inputs" / "KeysMLDSA.json").read_bytes())["mldsa44"]
KEY = PublicKey(KeyType.ML_DSA_44, bytes.fromhex(KEYS["publicKeyHex"]))
NAMES = ("mldsa44-jcs-2024", "mldsa44-rdfc-2024")
each_suite = pytest.mark.parametrize("name", NAMES)


def signed(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((VECTORS / name / f"signed-{name}.json").read_bytes())
    return document


def suite_of(name: str) -> DataIntegritySuite:
    suite = SUITES.named(name)
    assert isinstance(suite, DataIntegritySuite)
    return suite


def verifies(name: str, document: dict[str, Any], key: PublicKey = KEY) -> bool:
    (statement,) = securing.statements(document, SUITES)
    return suite_of(name).verify(statement, key)


def test_the_published_key_is_that_of_its_multikey() -> None:
    assert multibase.decode(KEYS["publicKeyMultibase"]) == b"\x90\x24" + KEY.raw


@each_suite
def test_every_intermediate_value_is_the_published_one(name: str) -> None:
    suite = suite_of(name)
    unsecured, (proof,) = securing.split(signed(name))
    assert unsecured == json.loads((VECTORS / "inputs" / "employmentAuth.json").read_bytes())
    options = {member: value for member, value in proof.items() if member != "proofValue"}
    document, configuration = (
        suite.transformation.canonical(part, "sha256")
        for part in suite.transformation.configurations(unsecured, options)
    )
    scheme = name.split("-")[1]
    assert document == (VECTORS / "commonAlgs" / f"transform-{scheme}-sha256.txt").read_bytes()
    assert configuration == (VECTORS / "commonAlgs" / f"proofConfig-{name}.txt").read_bytes()
    assert (sha256(configuration) + sha256(document)).hex() == HASHES[name]
    statement = suite.statement(unsecured, proof)
    assert statement.signed.hex() == HASHES[name]
    assert "u" + multibase.encode_base64url(statement.signature) == proof["proofValue"]


@each_suite
def test_the_published_document_verifies_by_the_published_key_only(name: str) -> None:
    assert verifies(name, signed(name))
    assert not verifies(name, signed(name), Mldsa44Signer.generate().public_key)
    for position in range(0, 1312, 131):
        raw = bytearray(KEY.raw)
        raw[position] ^= 1
        assert not verifies(name, signed(name), PublicKey(KeyType.ML_DSA_44, bytes(raw)))


@each_suite
def test_the_proof_of_a_key_of_ours_has_the_published_shape_and_hash(name: str) -> None:
    published = signed(name)
    unsecured, (proof,) = securing.split(published)
    options = ProofOptions(
        verification_method=DidUrl(str(proof["verificationMethod"])), created=parse_instant(str(proof["created"]))
    )
    signer = Mldsa44Signer.generate()
    ours, stated = securing.sign(unsecured, suite_of(name), options, signer)
    assert stated.signed.hex() == HASHES[name]
    assert ours == published | {"proof": proof | {"proofValue": "u" + multibase.encode_base64url(stated.signature)}}
    assert verifies(name, dict(ours), signer.public_key)


CHANGES: dict[str, dict[str, Any]] = {
    "the payload": {"name": "Employment Authorization Dokument"},
    "an inner value": {"issuer": {"id": "did:key:zDnaegE6RR3atJtHKwTRTWHsJ3kNHqFwv7n9YjTgmU7TyfU76"}},
    "the end": {"validUntil": "2029-12-03T00:00:01Z"},
}
OPTION_CHANGES = {
    "the date of the proof": {"created": "2023-02-24T23:36:39Z"},
    "the purpose": {"proofPurpose": "authentication"},
    "the method": {"verificationMethod": "did:key:uzzz"},
    "an expiry": {"expires": "2099-01-01T00:00:00Z"},
}


@each_suite
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_document_does_not_verify(name: str, change: dict[str, Any]) -> None:
    assert not verifies(name, signed(name) | change)


@each_suite
@pytest.mark.parametrize("change", OPTION_CHANGES.values(), ids=OPTION_CHANGES.keys())
def test_a_changed_option_does_not_verify(name: str, change: dict[str, Any]) -> None:
    document = signed(name)
    assert not verifies(name, document | {"proof": document["proof"] | change})


@each_suite
def test_a_changed_signature_does_not_verify_and_a_misshapen_one_is_refused(name: str) -> None:
    document = signed(name)
    value = document["proof"]["proofValue"]
    for position in (1, 1600, len(value) - 2):
        letter = "A" if value[position] != "A" else "B"
        forged = value[:position] + letter + value[position + 1 :]
        assert not verifies(name, document | {"proof": document["proof"] | {"proofValue": forged}})
    for malformed in (value[:-4], value[1:], "z" + value[1:], value + "AAAA", value[:-1] + "=", "u"):
        with pytest.raises(ProofError) as refused:
            verifies(name, document | {"proof": document["proof"] | {"proofValue": malformed}})
        assert refused.value.code == "proof.malformed"


@each_suite
def test_another_context_is_noticed(name: str) -> None:
    """The published proof carries no ``@context``: that of the document is signed with it."""
    document = signed(name)
    longer = [*document["@context"], "https://w3id.org/security/data-integrity/v2"]
    shorter = document["@context"][:1]
    if name == "mldsa44-jcs-2024":
        assert not verifies(name, document | {"@context": longer})
        assert not verifies(name, document | {"@context": shorter})
    else:
        assert verifies(name, document | {"@context": longer})  # it says the same
        with pytest.raises(CanonicalizationError):
            verifies(name, document | {"@context": shorter})


def test_a_json_proof_that_carries_its_context_is_read_by_it() -> None:
    name = "mldsa44-jcs-2024"
    document = signed(name)
    carrying = document | {"proof": document["proof"] | {"@context": document["@context"]}}
    assert verifies(name, carrying)
    assert verifies(name, carrying | {"@context": [*document["@context"], "https://later.example/v1"]})
    with pytest.raises(ProofError) as refused:
        verifies(name, carrying | {"@context": document["@context"][:1]})
    assert refused.value.code == "proof.context"


OTHERS = sorted(folder.name for folder in VECTORS.iterdir() if "-2024" in folder.name and folder.name not in NAMES)


def test_the_other_algorithms_of_the_vectors_are_three() -> None:
    assert {name.split("-")[0] for name in OTHERS} == {"falcon512", "slhdsa128", "sqisign1"}


@pytest.mark.parametrize("name", OTHERS)
def test_other_algorithms_are_unknown_and_named(name: str) -> None:
    with pytest.raises(UnknownSuiteError, match=name) as refused:
        securing.statements(signed(name), SUITES)
    assert refused.value.code == "proof.unknown-suite"


OTHER_HASHES = {
    "falcon": json.loads((VECTORS / "commonAlgs" / "hashing-FALCON.json").read_bytes()),
    "sqisign": json.loads((VECTORS / "commonAlgs" / "hashing-SQIsign.json").read_bytes()),
}
# The configuration of this proof was published with another context than its document has and was hashed with.
OTHER_CONTEXT = {"slhdsa128-jcs-2024": "https://www.w3.org/ns/credentials/examples/v2"}


@pytest.mark.parametrize("name", OTHERS)
def test_what_other_algorithms_hash_is_what_ours_would(name: str) -> None:
    """Document and options become bytes in the same way whatever signs them; only the signing is unknown here."""
    scheme = name.split("-")[1]
    unsecured, (proof,) = securing.split(signed(name))
    assert unsecured == json.loads((VECTORS / "inputs" / "employmentAuth.json").read_bytes())
    options = {member: value for member, value in proof.items() if member != "proofValue"}
    transformation = suite_of(f"mldsa44-{scheme}-2024").transformation
    document, configuration = (
        transformation.canonical(part, "sha256") for part in transformation.configurations(unsecured, options)
    )
    published = (VECTORS / "commonAlgs" / f"proofConfig-{name}.txt").read_bytes()
    if name in OTHER_CONTEXT:
        assert configuration != published
        published = published.replace(OTHER_CONTEXT[name].encode(), signed(name)["@context"][1].encode())
    assert configuration == published
    assert document == (VECTORS / "commonAlgs" / f"transform-{scheme}-sha256.txt").read_bytes()
    hashed = (sha256(configuration) + sha256(document)).hex()
    assert hashed == HASHES[name]
    for family, hashes in OTHER_HASHES.items():
        if name.startswith(family):
            assert hashes[name] == hashed


def test_the_published_options_are_those_of_every_proof() -> None:
    general = json.loads((VECTORS / "inputs" / "proofOptions-general.json").read_bytes())
    fixed = ("type", "created", "proofPurpose")
    for name in (*NAMES, *OTHERS):
        proof = signed(name)["proof"]
        assert {member: proof[member] for member in fixed} == {member: general[member] for member in fixed}
        assert proof.keys() == {*general, "proofValue"}
    own = json.loads((VECTORS / "inputs" / "proofOptions-slhdsa128-rdfc-2024.json").read_bytes())
    assert signed("slhdsa128-rdfc-2024")["proof"].items() - own.items() == {
        ("proofValue", signed("slhdsa128-rdfc-2024")["proof"]["proofValue"])
    }


@pytest.mark.parametrize("hash_name", ["sha256", "sha384"])
def test_the_published_document_is_canonical_by_each_hash_of_ours(hash_name: Literal["sha256", "sha384"]) -> None:
    published = (VECTORS / "commonAlgs" / f"transform-rdfc-{hash_name}.txt").read_bytes().decode()
    document = json.loads((VECTORS / "inputs" / "employmentAuth.json").read_bytes())
    assert rdfc.canonicalize(jsonld.to_quads(document, CONTEXTS), hash_name=hash_name) == published
    assert rdfc.canonicalize(nquads.parse(published), hash_name=hash_name) == published


def test_the_document_published_by_another_hash_is_the_same_and_that_hash_is_refused() -> None:
    quads = nquads.parse((VECTORS / "commonAlgs" / "transform-rdfc-sha512.txt").read_bytes().decode())
    assert rdfc.canonicalize(quads) == (VECTORS / "commonAlgs" / "transform-rdfc-sha256.txt").read_bytes().decode()
    assert code_of(lambda: rdfc.canonicalize(quads, hash_name="sha512")) == "codec.canonicalization"


OTHER_KEYS = {
    name: (kind, keys)
    for name in ("KeysFALCON", "KeysSLHDSA", "KeysSQIsign")
    for kind, keys in json.loads((VECTORS / "inputs" / f"{name}.json").read_bytes()).items()
}


@pytest.mark.parametrize(("kind", "keys"), OTHER_KEYS.values(), ids=OTHER_KEYS.keys())
def test_the_keys_of_other_algorithms_are_no_keys_here(kind: str, keys: dict[str, str]) -> None:
    raw = multibase.decode(keys["publicKeyMultibase"])
    assert raw[2:].hex() == keys["publicKeyHex"]
    (method,) = {signed(name)["proof"]["verificationMethod"] for name in OTHERS if name[:3] == kind[:3]}
    assert method == f"did:key:{keys['publicKeyMultibase']}"
    assert code_of(multikey.decode, keys["publicKeyMultibase"]) == "codec.multibase"  # a Multikey is in base58
    assert code_of(multikey.decode, multibase.encode(raw)) == "codec.multikey.unsupported"
