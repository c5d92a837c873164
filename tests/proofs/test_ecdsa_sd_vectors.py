"""ecdsa-sd-2023 makes every byte of the W3C vectors: base proof, what is derived from it, and what is verified."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from jikin.codec import jsonld, multibase, multikey, rdfc
from jikin.codec.contexts import Contexts
from jikin.proofs import ecdsa_sd_value, securing, selection
from jikin.proofs.ecdsa_sd_2023 import EcdsaSd2023
from jikin.proofs.ecdsa_sd_value import BaseValue, DerivedValue
from jikin.proofs.p256 import P256Signer
from jikin.proofs.suite import ProofOptions, Suites
from jikin.values import DidUrl, Form, JsonObject, PublicKey, parse_instant, sha256
from tests.codes import code_of
from tests.forging import flipped, places, put
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "vc-di-ecdsa"
KEYS = json.loads((VECTORS / "ecdsa-sd-2023" / "SDKeyMaterial.json").read_bytes())
HMAC_KEY = bytes.fromhex(KEYS["hmacKeyString"])
CONTEXTS = Contexts.packaged().with_folder(standards() / "contexts")


def signer_of(pair: Mapping[str, str]) -> P256Signer:
    secret = multibase.decode(pair["secretKeyMultibase"])
    assert secret[:2] == b"\x86\x26"  # multicodec p256-priv
    signer = P256Signer.from_secret(secret[2:])
    assert multikey.encode(signer.public_key) == pair["publicKeyMultibase"]
    return signer


ISSUER, ONE_TIME = signer_of(KEYS["baseKeyPair"]), signer_of(KEYS["proofKeyPair"])
SUITE = EcdsaSd2023(CONTEXTS, new_hmac_key=lambda: HMAC_KEY, new_one_time_key=lambda: ONE_TIME)
SUITES = Suites((SUITE,))


@dataclass(frozen=True, slots=True)
class Vector:
    folder: Path
    unsigned: Path
    chosen_by_issuer: Path
    selective: Path

    def json(self, name: str) -> Any:
        return json.loads((self.folder / f"{name}.json").read_bytes())

    @property
    def base(self) -> tuple[JsonObject, JsonObject]:
        unsecured, (proof,) = securing.split(self.json("addSignedSDBase"))
        return unsecured, proof

    @property
    def mandatory(self) -> list[str]:
        pointers: list[str] = self.json("addBaseTransform")["mandatoryPointers"]
        return pointers

    @property
    def pointers(self) -> list[str]:
        pointers: list[str] = json.loads(self.selective.read_bytes())
        return pointers

    def grouped(self) -> selection.Grouped:
        groups = {
            "mandatory": self.mandatory,
            "selective": self.pointers,
            "combined": [*self.mandatory, *self.pointers],
        }
        return selection.canonicalize_and_group(self.base[0], CONTEXTS, selection.hmac_labels(HMAC_KEY), groups)


ALL = {
    "employment": Vector(
        VECTORS / "ecdsa-sd-2023" / "employ",
        VECTORS / "employmentAuth.json",
        VECTORS / "employMandatory.json",
        VECTORS / "employSelective.json",
    ),
    "permanent resident": Vector(
        VECTORS / "ecdsa-sd-2023" / "prc",
        VECTORS / "prCredUnsigned.json",
        VECTORS / "prCredMandatory.json",
        VECTORS / "prCredSelective.json",
    ),
}
each_vector = pytest.mark.parametrize("vector", ALL.values(), ids=ALL.keys())


@cache
def published_derived() -> dict[str, Any]:
    derived: dict[str, Any] = ALL["employment"].json("derivedRevealDocument")
    return derived


def verdict(document: JsonObject, key: PublicKey = ISSUER.public_key) -> str:
    """Return ``verified``, ``mismatch``, or the code of what is wrong before any signature is looked at."""
    found: list[bool] = []
    code = code_of(lambda: found.extend(SUITE.verify(one, key) for one in securing.statements(document, SUITES)))
    return code or ("verified" if all(found) else "mismatch")


# --- base ---

# The published input of the second vector has another description than the document that was signed.
SIGNED_WITH = {"permanent resident": {"description": "Permanent Resident Card from Government of Utopia."}}


@pytest.mark.parametrize("name", ALL)
def test_what_is_signed_is_the_published_input(name: str) -> None:
    unsigned = json.loads(ALL[name].unsigned.read_bytes())
    changes = SIGNED_WITH.get(name, {})
    assert ALL[name].base[0] == unsigned | changes
    assert all(unsigned[member] != value for member, value in changes.items())


@each_vector
def test_the_base_proof_is_read_as_what_its_holder_recovers_from_it(vector: Vector) -> None:
    value, recovered = ecdsa_sd_value.read(vector.base[1]), vector.json("derivedRecoveredBaseData")
    assert isinstance(value, BaseValue)
    assert {
        "baseSignature": value.base_signature.hex(),
        "proofPublicKey": multikey.encode(value.public_key),
        "hmacKey": value.hmac_key.hex(),
        "signatures": [signature.hex() for signature in value.signatures],
        "mandatoryPointers": list(value.mandatory_pointers),
    } == recovered
    assert recovered["mandatoryPointers"] == json.loads(vector.chosen_by_issuer.read_bytes())
    assert value.to_text() == vector.base[1]["proofValue"]


@each_vector
def test_the_document_is_canonicalized_with_the_published_labels_and_groups(vector: Vector) -> None:
    unsecured, _ = vector.base
    canonical = rdfc.canonicalize(jsonld.to_quads(unsecured, CONTEXTS)).splitlines(keepends=True)
    assert canonical == vector.json("addBaseDocCanon")
    whole = vector.grouped()
    assert list(whole.nquads) == vector.json("addBaseDocHMACCanon")
    published = vector.json("addBaseTransform")
    mandatory = whole.groups["mandatory"]
    assert [list(item) for item in mandatory.matching.items()] == published["mandatory"]["value"]
    assert [list(item) for item in mandatory.non_matching.items()] == published["nonMandatory"]["value"]


@each_vector
def test_pointers_select_the_published_values(vector: Vector) -> None:
    unsecured, _ = vector.base
    for case in vector.json("addPointerValues"):
        part = selection.select(unsecured, [case["pointer"]])
        for token in selection.tokens(case["pointer"]):
            assert isinstance(part, Mapping)
            part = part[token]  # type: ignore[assignment]
        assert part == case["value"]


@each_vector
def test_every_hash_and_signature_of_the_base_proof_is_the_published_one(vector: Vector) -> None:
    unsecured, proof = vector.base
    canonical = rdfc.canonicalize(jsonld.to_quads(vector.json("addProofConfig"), CONTEXTS))
    assert canonical == (vector.folder / "addProofConfigCanon.txt").read_text()
    hashes, info = vector.json("addHashData"), vector.json("addRawBaseSignatureInfo")
    statement = SUITE.statement(unsecured, proof)
    assert sha256(canonical.encode()).hex() == hashes["proofHash"]
    assert statement.signed.hex() == (
        hashes["proofHash"] + multibase.decode(info["publicKey"]).hex() + hashes["mandatoryHash"]
    )
    assert statement.form is Form.ECDSA_SD
    assert statement.algorithm == "ecdsa-sd-2023"
    assert statement.base
    assert statement.fits
    assert statement.signature.hex() == info["baseSignature"]
    assert [signature.hex() for signature in statement.signatures] == info["signatures"]
    value = ecdsa_sd_value.read(proof)
    assert isinstance(value, BaseValue)
    assert value.hmac_key == HMAC_KEY
    assert list(value.mandatory_pointers) == info["mandatoryPointers"] == vector.mandatory


@each_vector
def test_signing_again_makes_the_published_base_proof(vector: Vector) -> None:
    unsecured, proof = vector.base
    options = ProofOptions(
        verification_method=DidUrl(str(proof["verificationMethod"])),
        created=parse_instant(str(proof["created"])),
        purpose=str(proof["proofPurpose"]),
        mandatory_pointers=tuple(vector.mandatory),
    )
    made, stated = SUITE.sign(unsecured, options, ISSUER)
    assert made == proof
    assert stated == SUITE.statement(unsecured, proof)
    assert SUITE.verify(stated, ISSUER.public_key)


# --- derived ---


@each_vector
def test_every_group_and_index_of_the_derived_proof_is_the_published_one(vector: Vector) -> None:
    whole, published = vector.grouped(), vector.json("derivedAllGroupData")["groups"]
    indexes = vector.json("derivedGroupIndexes")
    for name in ("mandatory", "selective", "combined"):
        group = whole.groups[name]
        assert list(group.matching) == indexes[f"{name}Indexes"]
        assert [list(item) for item in group.matching.items()] == published[name]["matching"]["value"]
        assert [list(item) for item in group.non_matching.items()] == published[name]["nonMatching"]["value"]
    assert list(whole.groups["mandatory"].non_matching) == indexes["nonMandatoryIndexes"]
    assert whole.groups["combined"].document == vector.json("derivedUnsignedReveal")


@each_vector
def test_what_is_derived_is_the_published_document(vector: Vector) -> None:
    derived = SUITE.derive(vector.json("addSignedSDBase"), vector.pointers, {})
    assert derived == vector.json("derivedRevealDocument")
    _, (proof,) = securing.split(derived)
    value = ecdsa_sd_value.read(proof)
    assert isinstance(value, DerivedValue)
    disclosed, adjusted = vector.json("derivedDisclosureData"), vector.json("derivedAdjSignatures")
    assert list(value.mandatory_indexes) == disclosed["mandatoryIndexes"]
    assert list(value.mandatory_indexes) == vector.json("derivedAdjMandatoryIndexes")["adjMandatoryIndexes"]
    assert [signature.hex() for signature in value.signatures] == adjusted["filteredSignatures"]
    assert [list(item) for item in value.label_map.items()] == disclosed["labelMap"]["value"]
    assert multikey.encode(value.public_key) == disclosed["publicKey"]


@each_vector
def test_what_a_verifier_works_with_is_what_is_published(vector: Vector) -> None:
    unsecured, (proof,) = securing.split(vector.json("derivedRevealDocument"))
    statement, data = SUITE.statement(unsecured, proof), vector.json("verifyCreateVerifyData")
    value, published = ecdsa_sd_value.read(proof), vector.json("verifyDerivedProofValue")
    assert isinstance(value, DerivedValue)
    assert [list(item) for item in value.label_map.items()] == published["labelMap"]
    assert list(value.mandatory_indexes) == published["mandatoryIndexes"]
    labels = selection.given_labels(value.label_map)
    nquads = selection.relabel(jsonld.to_quads(unsecured, CONTEXTS), labels).nquads
    assert list(nquads) == vector.json("verifyNQuads")
    assert [message.decode() for message in statement.messages] == data["nonMandatory"]
    assert [signature.hex() for signature in statement.signatures] == data["signatures"]
    assert statement.signed.hex() == (
        data["proofHash"] + multibase.decode(data["publicKey"]).hex() + data["mandatoryHash"]
    )
    assert statement.signature.hex() == data["baseSignature"]
    assert not statement.base
    assert SUITE.verify(statement, ISSUER.public_key)


# --- one byte changed ---


@each_vector
def test_the_published_documents_verify_and_say_which_of_the_two_they_are(vector: Vector) -> None:
    for name in ("addSignedSDBase", "derivedRevealDocument"):
        assert verdict(vector.json(name)) == "verified"
        for stranger in (ONE_TIME.public_key, P256Signer.generate().public_key):
            assert verdict(vector.json(name), stranger) == "mismatch"


FORGED = [path for path in places(published_derived()) if path[0] != "proof"]


@pytest.mark.parametrize("path", FORGED, ids=[".".join(map(str, path)) for path in FORGED])
@pytest.mark.parametrize("name", ["addSignedSDBase", "derivedRevealDocument"])
def test_one_changed_character_of_the_document_is_noticed(name: str, path: tuple[str | int, ...]) -> None:
    found = verdict(put(ALL["employment"].json(name), path, flipped))
    if "type" in path:
        # A type the contexts do not know is none, and what it defined is not defined any more.
        assert found in ("mismatch", "codec.undefined-type", "codec.undefined-term")
    else:
        assert found == "mismatch"


OPTIONS = {
    "type": ("DataIntegrityproof", "proof.unknown-suite"),
    "cryptosuite": ("ecdsa-sd-2024", "proof.unknown-suite"),
    "created": ("2023-08-15T23:36:39Z", "mismatch"),
    "proofPurpose": ("authentication", "mismatch"),
    "verificationMethod": ("did:web:other.example#1", "mismatch"),
    "expires": ("2099-01-01T00:00:00Z", "mismatch"),
}


@pytest.mark.parametrize(("member", "value", "right"), [(name, *case) for name, case in OPTIONS.items()])
def test_a_changed_option_of_the_proof_is_noticed(member: str, value: str, right: str) -> None:
    for name in ("addSignedSDBase", "derivedRevealDocument"):
        document = ALL["employment"].json(name)
        assert verdict(document | {"proof": document["proof"] | {member: value}}) == right
        without = {name: kept for name, kept in document["proof"].items() if name != member}
        if member == "created":
            assert verdict(document | {"proof": without}) == "mismatch"


@each_vector
def test_one_changed_bit_of_the_issuers_key_does_not_verify(vector: Vector) -> None:
    document = vector.json("derivedRevealDocument")
    for position in range(0, 33, 4):
        raw = bytearray(ISSUER.public_key.raw)
        raw[position] ^= 1
        assert verdict(document, PublicKey(ISSUER.public_key.type, bytes(raw))) == "mismatch"


@pytest.mark.parametrize("name", ["addSignedSDBase", "derivedRevealDocument"])
def test_one_changed_bit_anywhere_in_the_proof_value_is_noticed(name: str) -> None:
    document = ALL["employment"].json(name)
    genuine = multibase.decode(document["proof"]["proofValue"])
    for position in range(0, len(genuine), 13):
        changed = bytearray(genuine)
        changed[position] ^= 1
        proof = document["proof"] | {"proofValue": multibase.encode(bytes(changed), "u")}
        found = verdict(document | {"proof": proof})
        assert found in ("mismatch", "proof.malformed"), position  # a bit of a length makes no proof at all


def test_a_base_proof_seen_in_the_wild_is_read_as_one() -> None:
    # A document that was published with its base proof: whoever finds it can show any part of it.
    found = standards() / "real-samples" / "trustvc" / "pol-w3c-verifiable-document.json"
    value = ecdsa_sd_value.read(json.loads(found.read_bytes())["proof"])
    assert isinstance(value, BaseValue)
    assert len(value.signatures) == 31
    assert value.mandatory_pointers[0] == "/issuer"
