"""ecdsa-rdfc-2019 and ecdsa-jcs-2019 make every byte of the W3C vectors (P-256, P-384), and accept nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jikin.codec import multibase, multikey
from jikin.codec.contexts import Contexts
from jikin.proofs import p256, p384, securing
from jikin.proofs.data_integrity import DataIntegritySuite
from jikin.proofs.ecdsa import EcdsaSigner
from jikin.proofs.p256 import P256Signer
from jikin.proofs.p384 import P384Signer
from jikin.proofs.scheme import Scheme
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, PublicKey, SignedStatement, parse_instant
from tests.codes import code_of
from tests.forging import flipped, places, put
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "vc-di-ecdsa"
SUITES = standard_suites(Contexts.packaged().with_folder(standards() / "contexts"))


@dataclass(frozen=True, slots=True)
class Vector:
    folder: Path
    suffix: str
    suite: str
    scheme: Scheme

    def text(self, stem: str) -> str:
        return (self.folder / f"{stem}{self.suffix}.txt").read_bytes().decode()

    def json(self, stem: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((self.folder / f"{stem}{self.suffix}.json").read_bytes())
        return value

    @property
    def implementation(self) -> DataIntegritySuite:
        suite = SUITES.named(self.suite)
        assert isinstance(suite, DataIntegritySuite)
        return suite

    @property
    def key(self) -> PublicKey:
        return multikey.decode(self.json("signed")["proof"]["verificationMethod"].partition("#")[2])


def vectors() -> dict[str, Vector]:
    found = {}
    for curve, scheme in (("P256", p256.SCHEME), ("P384", p384.SCHEME)):
        rdfc, jcs = (VECTORS / f"ecdsa-{kind}-2019-{curve.lower()}" for kind in ("rdfc", "jcs"))
        found[f"rdfc, {curve}, alumni"] = Vector(rdfc, f"ECDSA{curve}", "ecdsa-rdfc-2019", scheme)
        found[f"rdfc, {curve}, employment"] = Vector(rdfc / "employ", f"ECDSA{curve}", "ecdsa-rdfc-2019", scheme)
        found[f"jcs, {curve}"] = Vector(jcs, f"JCSECDSA{curve}", "ecdsa-jcs-2019", scheme)
    return found


ALL = vectors()
each_vector = pytest.mark.parametrize("vector", ALL.values(), ids=ALL.keys())


def verdict(vector: Vector, document: dict[str, Any]) -> str:
    """Return ``verified``, ``mismatch``, or the code of what is wrong before any signature is looked at."""
    found: list[bool] = []
    code = code_of(lambda: found.extend(vector.implementation.verify(one, vector.key) for one in stated(document)))
    return code or ("verified" if all(found) else "mismatch")


def stated(document: dict[str, Any]) -> tuple[SignedStatement, ...]:
    return securing.statements(document, SUITES)


def published_key(curve: str, kind: type[EcdsaSigner], header: bytes) -> EcdsaSigner:
    pair = json.loads((VECTORS / f"{curve}KeyPair.json").read_bytes())
    secret = multibase.decode(pair["secretKeyMultibase"])
    assert secret[:2] == header  # multicodec p256-priv, p384-priv
    signer = kind.from_secret(secret[2:])
    assert multikey.encode(signer.public_key) == pair["publicKeyMultibase"]
    return signer


SIGNERS = {
    p256.SCHEME: published_key("p256", P256Signer, b"\x86\x26"),
    p384.SCHEME: published_key("p384", P384Signer, b"\x87\x26"),
}


@each_vector
def test_every_intermediate_value_is_the_published_one(vector: Vector) -> None:
    suite, scheme = vector.implementation, vector.scheme
    unsecured, (proof,) = securing.split(vector.json("signed"))
    canonical = suite.transformation.canonical
    document, configuration = (canonical(part, scheme.hash) for part in (unsecured, vector.json("proofConfig")))
    assert document.decode() == vector.text("canonDoc")
    assert configuration.decode() == vector.text("proofCanon")
    assert scheme.digest(document).hex() == vector.text("docHash")
    assert scheme.digest(configuration).hex() == vector.text("proofHash")
    statement = suite.statement(unsecured, proof)
    assert statement.signed.hex() == vector.text("combinedHash")
    assert statement.signature.hex() == vector.text("sigHex")
    assert proof["proofValue"] == vector.text("sigBTC58")


@each_vector
def test_what_is_signed_is_the_published_input(vector: Vector) -> None:
    unsecured, _ = securing.split(vector.json("signed"))
    name = "employmentAuth" if vector.folder.name == "employ" else "unsigned"
    assert unsecured == json.loads((VECTORS / f"{name}.json").read_bytes())


@each_vector
def test_signing_again_makes_the_published_proof(vector: Vector) -> None:
    published = vector.json("signed")
    unsecured, (proof,) = securing.split(published)
    options = ProofOptions(
        verification_method=DidUrl(str(proof["verificationMethod"])),
        created=parse_instant(str(proof["created"])),
        purpose=str(proof["proofPurpose"]),
    )
    assert securing.secure(unsecured, vector.implementation, options, SIGNERS[vector.scheme]) == published


@each_vector
def test_the_published_document_verifies(vector: Vector) -> None:
    assert verdict(vector, vector.json("signed")) == "verified"


FORGED = [(name, path) for name, vector in ALL.items() for path in places(vector.json("signed")) if path[0] != "proof"]


@pytest.mark.parametrize(("name", "path"), FORGED, ids=[f"{name}: {'.'.join(map(str, path))}" for name, path in FORGED])
def test_one_changed_character_of_the_document_is_noticed(name: str, path: tuple[str | int, ...]) -> None:
    vector = ALL[name]
    found = verdict(vector, put(vector.json("signed"), path, flipped))
    if "type" in path and vector.suite == "ecdsa-rdfc-2019":
        # A type the contexts do not know is none, and what it defined is not defined any more.
        assert found in ("mismatch", "codec.undefined-type", "codec.undefined-term")
    else:
        assert found == "mismatch"


OPTIONS = {
    "type": "proof.unknown-suite",
    "cryptosuite": "proof.unknown-suite",
    "created": "proof.malformed",  # the T in the middle of the time
    "verificationMethod": "mismatch",
    "proofPurpose": "mismatch",
    "proofValue": "mismatch",
}


@each_vector
@pytest.mark.parametrize(("member", "right"), OPTIONS.items())
def test_one_changed_character_of_the_proof_is_noticed(vector: Vector, member: str, right: str) -> None:
    found = verdict(vector, put(vector.json("signed"), ("proof", member), flipped))
    if member == "proofPurpose" and found == "codec.relative-iri":
        assert vector.suite == "ecdsa-rdfc-2019"  # no context of this document knows such a purpose
    else:
        assert found == right


@each_vector
def test_another_time_or_purpose_is_noticed(vector: Vector) -> None:
    genuine = vector.json("signed")
    for member, value in {"created": "2023-02-24T23:36:39Z", "proofPurpose": "authentication"}.items():
        assert verdict(vector, genuine | {"proof": genuine["proof"] | {member: value}}) == "mismatch"


@each_vector
def test_members_added_or_left_out_are_noticed(vector: Vector) -> None:
    genuine = vector.json("signed")
    proof = genuine["proof"]
    forgeries: list[dict[str, Any]] = [
        {member: value for member, value in genuine.items() if member != name}
        for name in genuine.keys() - {"proof", "@context", "type"}
    ]
    forgeries.append(genuine | {"validUntil": "2099-01-01T00:00:00Z"})
    forgeries.append(genuine | {"proof": proof | {"expires": "2099-01-01T00:00:00Z"}})
    forgeries.append(genuine | {"proof": {name: value for name, value in proof.items() if name != "created"}})
    for forgery in forgeries:
        assert verdict(vector, forgery) == "mismatch"


@each_vector
def test_one_changed_bit_of_the_signature_or_another_key_does_not_verify(vector: Vector) -> None:
    suite, genuine, key = vector.implementation, vector.json("signed"), vector.key
    signature = multibase.decode(genuine["proof"]["proofValue"])
    for position in (0, len(signature) // 2 - 1, len(signature) // 2, len(signature) - 1):
        changed = bytearray(signature)
        changed[position] ^= 1
        proof = genuine["proof"] | {"proofValue": multibase.encode(bytes(changed))}
        assert verdict(vector, genuine | {"proof": proof}) == "mismatch"
    (statement,) = securing.statements(genuine, SUITES)
    for other in (P256Signer.generate(), P384Signer.generate()):
        assert not suite.verify(statement, other.public_key)
    for position in range(1, len(key.raw), 9):
        raw = bytearray(key.raw)
        raw[position] ^= 1
        assert not suite.verify(statement, PublicKey(key.type, bytes(raw)))


def test_the_length_of_a_signature_chooses_the_hash_so_the_curves_do_not_mix() -> None:
    for suffix, other in (("P256", "P384"), ("P384", "P256")):
        document = ALL[f"jcs, {suffix}"].json("signed")
        document["proof"]["proofValue"] = ALL[f"jcs, {other}"].json("signed")["proof"]["proofValue"]
        (statement,) = securing.statements(document, SUITES)
        assert len(statement.signed) == 2 * (48 if other == "P384" else 32)
        for vector in ALL.values():
            assert not vector.implementation.verify(statement, vector.key)
