"""eddsa-rdfc-2022 and eddsa-jcs-2022 make every byte of the W3C vectors, and accept nothing else."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jikin.codec import multibase, multikey
from jikin.codec.contexts import Contexts
from jikin.errors import JikinError
from jikin.proofs import securing
from jikin.proofs.data_integrity import DataIntegritySuite
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, parse_instant, sha256
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "vc-di-eddsa"
SUITES = standard_suites(Contexts.packaged().with_folder(standards() / "contexts"))
KEYS = json.loads((VECTORS / "keyPair.json").read_bytes())


@dataclass(frozen=True, slots=True)
class Vector:
    folder: Path
    suffix: str
    suite: str

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


ALL = {
    "rdfc, alumni": Vector(VECTORS / "eddsa-rdfc-2022", "DataInt", "eddsa-rdfc-2022"),
    "rdfc, employment": Vector(VECTORS / "eddsa-rdfc-2022" / "employ", "DataInt", "eddsa-rdfc-2022"),
    "jcs, alumni": Vector(VECTORS / "eddsa-jcs-2022", "JCS", "eddsa-jcs-2022"),
}
each_vector = pytest.mark.parametrize("vector", ALL.values(), ids=ALL.keys())


def signer() -> Ed25519Signer:
    secret = multibase.decode(KEYS["privateKeyMultibase"])
    assert secret[:2] == b"\x80\x26"  # multicodec ed25519-priv
    return Ed25519Signer.from_seed(secret[2:])


def test_the_key_pair_is_the_published_one() -> None:
    assert multikey.encode(signer().public_key) == KEYS["publicKeyMultibase"]


@each_vector
def test_every_intermediate_value_is_the_published_one(vector: Vector) -> None:
    suite = vector.implementation
    unsecured, (proof,) = securing.split(vector.json("signed"))
    canonical = suite.transformation.canonical
    document, configuration = (canonical(part, "sha256") for part in (unsecured, vector.json("proofConfig")))
    assert document.decode() == vector.text("canonDoc")
    assert configuration.decode() == vector.text("proofCanon")
    assert sha256(document).hex() == vector.text("docHash")
    assert sha256(configuration).hex() == vector.text("proofHash")
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
    assert securing.secure(unsecured, vector.implementation, options, signer()) == published


@each_vector
def test_the_published_document_verifies(vector: Vector) -> None:
    document = vector.json("signed")
    method = str(document["proof"]["verificationMethod"])
    (statement,) = securing.statements(document, SUITES)
    assert vector.implementation.verify(statement, multikey.decode(method.partition("#")[2]))


SETS = {"signedProofSet1": 1, "signedProofSet2": 2, "signedProofChain1": 3, "signedProofChain2": 4}


@pytest.mark.parametrize(("name", "count"), SETS.items())
def test_every_proof_of_the_published_sets_and_chains_verifies(name: str, count: int) -> None:
    document = json.loads((VECTORS / "proof-set-chain" / f"{name}.json").read_bytes())
    statements = securing.statements(document, SUITES)
    proofs = document["proof"] if isinstance(document["proof"], list) else [document["proof"]]
    assert securing.split(document)[0] == json.loads((VECTORS / "unsigned.json").read_bytes())
    assert len(statements) == len(proofs) == count
    for statement, proof in zip(statements, proofs, strict=True):
        key = multikey.decode(proof["verificationMethod"].partition("#")[2])
        assert SUITES.named(statement.algorithm).verify(statement, key)


def test_a_chain_breaks_where_an_earlier_proof_is_changed() -> None:
    document = json.loads((VECTORS / "proof-set-chain" / "signedProofChain2.json").read_bytes())
    document["proof"][0]["created"] = "2023-02-24T23:36:39Z"
    verdicts = []
    for statement, proof in zip(securing.statements(document, SUITES), document["proof"], strict=True):
        key = multikey.decode(proof["verificationMethod"].partition("#")[2])
        verdicts.append(SUITES.named(statement.algorithm).verify(statement, key))
    # The first says something else now, the third signed the first; the second and the last did not see it.
    assert verdicts == [False, True, False, True]


def flipped(text: str) -> str:
    """Return *text* with one character changed into its neighbour, inside the base58 alphabet where it is base58."""
    middle = len(text) // 2
    return text[:middle] + ("2" if text[middle] != "2" else "3") + text[middle + 1 :]


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every text in *value* but those under ``@context``."""
    if isinstance(value, str):
        return [path]
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in items if key != "@context" for place in places(inner, (*path, key))]


FORGED = [(name, path) for name, vector in ALL.items() for path in places(vector.json("signed"))]


@pytest.mark.parametrize(("name", "path"), FORGED, ids=[f"{name}: {'.'.join(map(str, path))}" for name, path in FORGED])
def test_one_changed_character_anywhere_is_noticed(name: str, path: tuple[str | int, ...]) -> None:
    document = ALL[name].json("signed")
    key = multikey.decode(document["proof"]["verificationMethod"].partition("#")[2])
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = flipped(place[path[-1]])
    try:
        (statement,) = securing.statements(document, SUITES)
    except JikinError:
        return  # no longer a proof, a term or an id: refused before any signature is looked at
    assert not ALL[name].implementation.verify(statement, key)


@each_vector
def test_members_added_or_left_out_are_noticed(vector: Vector) -> None:
    genuine = vector.json("signed")
    key = multikey.decode(genuine["proof"]["verificationMethod"].partition("#")[2])
    forgeries: list[dict[str, Any]] = [
        {member: value for member, value in genuine.items() if member != name}
        for name in genuine.keys() - {"proof", "@context", "type"}
    ]
    forgeries.append(genuine | {"validUntil": "2099-01-01T00:00:00Z"})
    forgeries.append(genuine | {"proof": genuine["proof"] | {"expires": "2099-01-01T00:00:00Z"}})
    forgeries.append(genuine | {"proof": genuine["proof"] | {"challenge": "x"}})
    without_created = {member: value for member, value in genuine["proof"].items() if member != "created"}
    forgeries.append(genuine | {"proof": without_created})
    for forgery in forgeries:
        (statement,) = securing.statements(deepcopy(forgery), SUITES)
        assert not vector.implementation.verify(statement, key)


@each_vector
def test_another_key_does_not_verify(vector: Vector) -> None:
    (statement,) = securing.statements(vector.json("signed"), SUITES)
    suite = vector.implementation
    public = signer().public_key
    assert suite.verify(statement, public) == (
        multikey.encode(public) in vector.json("signed")["proof"]["verificationMethod"]
    )
    assert not suite.verify(statement, Ed25519Signer.generate().public_key)
    for position in range(0, 32, 5):
        raw = bytearray(multikey.decode(vector.json("signed")["proof"]["verificationMethod"].partition("#")[2]).raw)
        raw[position] ^= 1
        assert not suite.verify(statement, type(public)(public.type, bytes(raw)))
