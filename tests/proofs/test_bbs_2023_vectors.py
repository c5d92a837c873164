"""bbs-2023 makes every byte of the W3C vectors (baseline, holder binding, pseudonyms), and accepts nothing else."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import pytest

from jikin.codec import jsonld, multibase, multikey, rdfc
from jikin.codec.contexts import Contexts
from jikin.credentials import pointers
from jikin.errors import JikinError, ProofError
from jikin.proofs import bbs_2023_holder as holders
from jikin.proofs import bbs_2023_value as values
from jikin.proofs import securing, selection
from jikin.proofs.bbs.curve import ORDER
from jikin.proofs.bbs.curve_arkworks import ARKWORKS
from jikin.proofs.bbs.interface import SHA_256, Api, standard
from jikin.proofs.bbs.octets import decode_commitment, octets
from jikin.proofs.bbs.signer import BbsSigner
from jikin.proofs.bbs_2023 import Bbs2023, BbsOptions, BbsStatement, shuffled_labels
from jikin.proofs.bbs_2023_value import BaseValue, DerivedValue
from jikin.proofs.standard import standard_suites
from jikin.proofs.transformation import Rdf
from jikin.values import DidUrl, Form, PublicKey, parse_instant, sha256
from tests.bbs_scalars import given, mocked
from tests.codes import code_of
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "vc-di-bbs"
CONTEXTS = Contexts.packaged().with_folder(standards() / "contexts")
SUITES = standard_suites(CONTEXTS)


def published(*path: str) -> Any:
    return json.loads(VECTORS.joinpath(*path).with_suffix(".json").read_bytes())


KEYS = published("BBSKeyMaterial")
SIGNER = BbsSigner.from_secret(bytes.fromhex(KEYS["privateKeyHex"]))
KEY = SIGNER.public_key
HMAC_KEY = bytes.fromhex(KEYS["hmacKeyString"])
SECRET = bytes.fromhex(published("FeatureInputs", "holderSecret")["holderSecretHex"])
NYM = bytes.fromhex(published("FeatureInputs", "proverNym")["proverNymHex"])
ENTROPY = bytes.fromhex(published("FeatureInputs", "signerNymEntropy")["signerNymEntropyHex"])
DOMAIN = published("FeatureInputs", "verifierInfo")["verifierId"].encode()


@dataclass(frozen=True)
class Vector:
    """One example of the specification, and where its inputs lie."""

    folder: str
    document: tuple[str, ...]
    mandatory: tuple[str, ...]
    selective: tuple[str, ...]
    api: Api = Api.PLAIN
    secret: bytes | None = None
    nym: bytes | None = None

    def json(self, stem: str) -> Any:
        return published(self.folder, stem)

    def has(self, stem: str) -> bool:
        return (VECTORS / self.folder / f"{stem}.json").exists()

    @property
    def unsecured(self) -> dict[str, Any]:
        return {name: value for name, value in self.json("addSignedSDBase").items() if name != "proof"}

    @property
    def suite(self) -> Bbs2023:
        """The suite with the randomness of the example, whose tag is the id of the interface."""
        material = published("BBSDeriveMaterial")
        random = mocked(SHA_256, bytes.fromhex(material["pseudoRandSeedHex"]), standard(self.api).id)
        return Bbs2023(CONTEXTS, new_hmac_key=lambda: HMAC_KEY, random=random)

    @property
    def kept(self) -> dict[str, bytes]:
        """What the holder keeps, as options; nothing in the baseline."""
        known = {holders.HOLDER_SECRET: self.secret, holders.PROVER_NYM: self.nym}
        if self.api is not Api.PLAIN:
            known[holders.PROVER_BLIND] = bytes.fromhex(self.json("commitmentInfo")["secretProverBlind"])
        return {name: value for name, value in known.items() if value is not None}

    @property
    def options(self) -> dict[str, bytes]:
        header = bytes.fromhex(published("BBSDeriveMaterial")["presentationHeaderHex"])
        return {
            **self.kept,
            holders.PRESENTATION_HEADER: header,
            **({holders.NYM_DOMAIN: DOMAIN} if self.nym else {}),
        }

    def told(self, statement: BbsStatement) -> BbsStatement:
        """The *statement* with what a verifier knows besides: the domain of the pseudonym."""
        return statement.for_domain(DOMAIN) if self.nym else statement

    def accepts(self, document: dict[str, Any], key: PublicKey = KEY) -> bool:
        (statement,) = securing.statements(document, SUITES)
        assert isinstance(statement, BbsStatement)
        return self.suite.verify(self.told(statement), key)


LICENSE = {
    "document": ("FeatureInputs", "license"),
    "mandatory": ("FeatureInputs", "licenseMandatory"),
    "selective": ("FeatureInputs", "licenseSelective"),
}
ALL = {
    "windsurfing": Vector("", ("windDoc",), ("windMandatory",), ("windSelective",)),
    "residence": Vector("prc", ("prCredUnsigned",), ("prCredMandatory",), ("prCredSelective",)),
    "holder binding": Vector("HolderBinding", **LICENSE, api=Api.BLIND, secret=SECRET),
    "pseudonym": Vector("Pseudonym", **LICENSE, api=Api.PSEUDONYM, nym=NYM),
    "both": Vector("PseudonymHB", **LICENSE, api=Api.PSEUDONYM, secret=SECRET, nym=NYM),
}
BOUND = {name: vector for name, vector in ALL.items() if vector.api is not Api.PLAIN}
each_vector = pytest.mark.parametrize("vector", ALL.values(), ids=ALL.keys())
each_bound_vector = pytest.mark.parametrize("vector", BOUND.values(), ids=BOUND.keys())


def entries(data: Any) -> dict[int, str]:
    return dict(data["value"])


def test_the_key_pair_is_the_published_one() -> None:
    assert KEY.raw.hex() == KEYS["publicKeyHex"]
    for vector in ALL.values():
        method = vector.json("addProofConfig")["verificationMethod"]
        assert multikey.decode(method.partition("#")[2]) == KEY


# --- issuing ---


@pytest.mark.parametrize("name", ALL)
def test_the_published_input_is_what_was_signed_but_for_one_sentence(name: str) -> None:
    vector = ALL[name]
    given_out, signed = published(*vector.document), vector.unsecured
    assert given_out.keys() == signed.keys()
    # The file of the residence card is older than all that was made of it.
    others = {"description"} if name == "residence" else set()
    assert {member for member, value in signed.items() if given_out[member] != value} == others


@each_vector
def test_the_document_becomes_the_published_statements(vector: Vector) -> None:
    document, mandatory = vector.unsecured, published(*vector.mandatory)
    canonical = rdfc.canonicalize(jsonld.to_quads(document, CONTEXTS))
    assert canonical.splitlines(keepends=True) == vector.json("addBaseDocCanon")
    grouped = selection.canonicalize_and_group(document, CONTEXTS, shuffled_labels(HMAC_KEY), {"mandatory": mandatory})
    assert list(grouped.nquads) == vector.json("addBaseDocHMACCanon")
    transformed = vector.json("addBaseTransform")
    assert transformed["mandatoryPointers"] == mandatory
    assert grouped.groups["mandatory"].matching == entries(transformed["mandatory"])
    assert grouped.groups["mandatory"].non_matching == entries(transformed["nonMandatory"])
    if vector.has("addPointerValues"):
        for named in vector.json("addPointerValues"):
            whole = [pointer for pointer in mandatory if pointer.endswith(named["pointer"])]
            assert [pointers.resolve(document, pointer) for pointer in whole] == [named["value"]]


@each_vector
def test_the_hashes_are_the_published_ones(vector: Vector) -> None:
    configuration = Rdf(CONTEXTS).canonical(vector.json("addProofConfig"), "sha256")
    assert configuration == (VECTORS / vector.folder / "addProofConfigCanon.txt").read_bytes()
    hashes = vector.json("addHashData")
    assert sha256(configuration).hex() == hashes["proofHash"]
    (statement,) = securing.statements(vector.json("addSignedSDBase"), SUITES)
    assert statement.signed.hex() == hashes["proofHash"] + hashes["mandatoryHash"]


@each_vector
def test_signing_again_makes_the_published_base_proof(vector: Vector) -> None:
    wanted = vector.json("addSignedSDBase")
    proof = wanted["proof"]
    bound: dict[str, Any] = {}
    if vector.api is not Api.PLAIN:
        bound["commitment"] = bytes.fromhex(vector.json("commitmentInfo")["commitmentWithProof"])
    if vector.nym:
        bound |= {"pseudonyms": True, "nym_entropy": ENTROPY}
    options = BbsOptions(
        DidUrl(proof["verificationMethod"]),
        created=parse_instant(proof["created"]),
        purpose=proof["proofPurpose"],
        mandatory_pointers=tuple(published(*vector.mandatory)),
        **bound,
    )
    made, statement = securing.sign(vector.unsecured, vector.suite, options, SIGNER)
    assert made == wanted
    assert isinstance(statement, BbsStatement)
    assert statement.base
    assert statement.form is Form.NONE
    raw = vector.json("addRawBaseSignatureInfo")
    assert statement.signature.hex() == raw["bbsSignature"]
    assert raw["mandatoryPointers"] == published(*vector.mandatory)
    if "bbsHeader" in raw:
        assert statement.signed.hex() == raw["bbsHeader"]


@each_vector
def test_a_base_proof_holds_what_is_published(vector: Vector) -> None:
    value = values.read(vector.json("addSignedSDBase")["proof"])
    assert isinstance(value, BaseValue)
    recovered = vector.json("derivedRecoveredBaseData")
    assert value.signature.hex() == recovered["bbsSignature"]
    assert value.hmac_key.hex() == recovered["hmacKey"]
    assert list(value.mandatory_pointers) == recovered["mandatoryPointers"]
    assert value.public_key == KEY.raw
    entropy = recovered.get("signerNymEntropy")
    assert value.nym_entropy == (None if entropy is None else int(entropy, 16))
    assert HMAC_KEY.hex() not in repr(value)
    assert str(int.from_bytes(ENTROPY, "big")) not in repr(value)


# --- the holder's secrets ---


@each_bound_vector
def test_the_commitment_is_the_published_one(vector: Vector) -> None:
    info = vector.json("commitmentInfo")
    commitment, hidden = bytes.fromhex(info["commitmentWithProof"]), int(info["secretProverBlind"], 16)
    # Its randomness was not published; with the secrets at hand the answers give it away.
    read, interface = decode_commitment(ARKWORKS, commitment), standard(vector.api)
    secrets = interface.messages_to_scalars([vector.secret] if vector.secret else [])
    secrets = [hidden, *secrets, *([int.from_bytes(vector.nym, "big")] if vector.nym else [])]
    answers = (read.blind, *read.committed)
    masks = [(answer - one * read.challenge) % ORDER for answer, one in zip(answers, secrets, strict=True)]
    made = holders.commit(vector.secret, vector.nym, random=given([hidden, *masks]))
    assert made.commitment == commitment
    assert made.kept == vector.kept
    assert octets(hidden).hex() not in repr(made)


@each_bound_vector
def test_a_base_proof_verifies_with_the_secrets_of_its_holder_only(vector: Vector) -> None:
    (statement,) = securing.statements(vector.json("addSignedSDBase"), SUITES)
    assert isinstance(statement, BbsStatement)
    suite = vector.suite
    assert suite.verify(statement.opened(vector.kept), KEY)
    assert not suite.verify(statement, KEY)
    for name, value in vector.kept.items():
        other = vector.kept | {name: value[:-1] + bytes([value[-1] ^ 1])}
        assert not suite.verify(statement.opened(other), KEY)
    assert SECRET.hex() not in repr(statement.opened(vector.kept))
    prover = statement.opened(vector.kept).prover
    assert prover is not None
    if vector.nym:
        assert prover.nym == int(vector.json("nymSecret")["nymSecretHex"], 16)


@pytest.mark.parametrize("name", ["windsurfing", "residence"])
def test_a_base_proof_of_the_baseline_verifies(name: str) -> None:
    vector = ALL[name]
    document = vector.json("addSignedSDBase")
    assert vector.accepts(document)
    assert not vector.accepts(document, BbsSigner.generate().public_key)
    for position in range(0, 96, 17):
        raw = KEY.raw[:position] + bytes([KEY.raw[position] ^ 1]) + KEY.raw[position + 1 :]
        assert not vector.accepts(document, replace(KEY, raw=raw))


# --- showing ---


def disclosure(vector: Vector) -> dict[str, Any]:
    """Return the published disclosure data, two of its members under one name each."""
    found = vector.json("derivedDisclosureData")
    labels = found["labelMap"]
    return {
        **found,
        "labels": dict(labels["value"] if isinstance(labels, dict) else labels),
        "selective": found["adjSelectiveIndexes"],
        "header": bytes(found["presentationHeader"][str(place)] for place in range(len(found["presentationHeader"]))),
    }


@each_vector
def test_deriving_again_makes_the_published_document(vector: Vector) -> None:
    made = vector.suite.derive(vector.json("addSignedSDBase"), published(*vector.selective), vector.options)
    assert made == vector.json("derivedRevealDocument")
    unsecured, (proof,) = securing.split(made)
    assert unsecured == vector.json("derivedUnsignedReveal")
    value = values.read(proof)
    assert isinstance(value, DerivedValue)
    wanted = disclosure(vector)
    assert value.proof.hex() == wanted["bbsProof"]
    assert value.label_map == wanted["labels"]
    assert list(value.mandatory_indexes) == wanted["mandatoryIndexes"]
    assert list(value.selective_indexes) == wanted["selective"]
    assert value.presentation_header == wanted["header"]
    assert value.messages == wanted.get("lengthBBSMessages")
    assert (value.pseudonym.hex() if value.pseudonym else None) == wanted.get("pseudonym")


@each_vector
def test_the_groups_and_indexes_are_the_published_ones(vector: Vector) -> None:
    mandatory, selective = published(*vector.mandatory), published(*vector.selective)
    groups = {"mandatory": mandatory, "selective": selective, "combined": [*mandatory, *selective]}
    grouped = selection.canonicalize_and_group(vector.unsecured, CONTEXTS, shuffled_labels(HMAC_KEY), groups)
    wanted = vector.json("derivedGroupIndexes")
    for name in groups:
        assert sorted(grouped.groups[name].matching) == wanted[f"{name}Indexes"]
    assert sorted(grouped.groups["mandatory"].non_matching) == wanted["nonMandatoryIndexes"]
    adjusted = vector.json("derivedAdjIndexes")
    data = disclosure(vector)
    assert adjusted == {"adjMandatoryIndexes": data["mandatoryIndexes"], "adjSelectiveIndexes": data["selective"]}
    if vector.has("derivedAllGroupData"):
        published_groups = vector.json("derivedAllGroupData")
        assert list(grouped.nquads) == published_groups["nquads"]
        for name, group in grouped.groups.items():
            assert group.matching == entries(published_groups["groups"][name]["matching"])
            assert group.non_matching == entries(published_groups["groups"][name]["nonMatching"])


# --- verifying ---


@each_vector
def test_the_published_derived_document_verifies(vector: Vector) -> None:
    document = vector.json("derivedRevealDocument")
    assert vector.accepts(document)
    (statement,) = securing.statements(document, SUITES)
    assert isinstance(statement, BbsStatement)
    assert statement.form is Form.NONE
    assert not statement.base
    assert statement.presentation_header == bytes.fromhex(published("BBSDeriveMaterial")["presentationHeaderHex"])
    assert not vector.accepts(document, BbsSigner.generate().public_key)


@each_vector
def test_a_derived_proof_is_read_as_published(vector: Vector) -> None:
    document = vector.json("derivedRevealDocument")
    unsecured, (proof,) = securing.split(document)
    value = values.read(proof)
    assert isinstance(value, DerivedValue)
    if vector.has("verifyDerivedProofValue"):
        wanted = vector.json("verifyDerivedProofValue")
        assert value.proof.hex() == wanted["bbsProof"]
        assert value.label_map == dict(wanted["labelMap"])
        assert list(value.mandatory_indexes) == wanted["mandatoryIndexes"]
        assert list(value.selective_indexes) == wanted["adjSelectedIndexes"]
        found = selection.relabel(jsonld.to_quads(unsecured, CONTEXTS), selection.given_labels(value.label_map))
        assert list(found.nquads) == vector.json("verifyNQuads")


@pytest.mark.parametrize("name", ["pseudonym", "both"])
def test_a_pseudonym_is_of_the_domain_it_was_made_for(name: str) -> None:
    vector = ALL[name]
    (statement,) = securing.statements(vector.json("derivedRevealDocument"), SUITES)
    assert isinstance(statement, BbsStatement)
    assert statement.pseudonym == bytes.fromhex(vector.json("derivedDisclosureData")["pseudonym"])
    assert vector.suite.verify(statement.for_domain(DOMAIN), KEY)
    assert not vector.suite.verify(statement, KEY)  # nobody has said which domain
    assert not vector.suite.verify(statement.for_domain(DOMAIN + b"x"), KEY)
    elsewhere = vector.options | {holders.NYM_DOMAIN: b"https://hotel.example/"}
    made = vector.suite.derive(vector.json("addSignedSDBase"), published(*vector.selective), elsewhere)
    (other,) = securing.statements(made, SUITES)
    assert isinstance(other, BbsStatement)
    assert vector.suite.verify(other.for_domain(b"https://hotel.example/"), KEY)
    assert other.pseudonym != statement.pseudonym


@pytest.mark.parametrize("name", ["pseudonym", "both"])
@pytest.mark.parametrize("text", [True, False], ids=["as text", "as bytes"])
@pytest.mark.parametrize("header", [7, 9])
def test_a_proof_that_carries_its_domain_is_read_too(name: str, header: int, text: bool) -> None:
    vector = ALL[name]
    document = vector.json("derivedRevealDocument")
    value = values.read(document["proof"])
    assert isinstance(value, DerivedValue)
    for domain, right in ((DOMAIN, True), (DOMAIN + b"x", False)):
        told = domain.decode() if text else domain
        labels = {int(key[4:]): int(label[1:]) for key, label in value.label_map.items()}
        proof_value = values._text(
            header,
            *(value.proof, labels, value.mandatory_indexes, value.selective_indexes, value.presentation_header),
            *(told, value.pseudonym, value.messages),
        )
        (statement,) = securing.statements(
            document | {"proof": document["proof"] | {"proofValue": proof_value}}, SUITES
        )
        assert isinstance(statement, BbsStatement)
        assert statement.nym_domain == domain
        assert vector.suite.verify(statement, KEY) is right


# --- forgeries ---


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every text in *value* but those under ``@context``."""
    if isinstance(value, str):
        return [path]
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in items if key != "@context" for place in places(inner, (*path, key))]


FORGED = [
    (name, path)
    for name, vector in ALL.items()
    for path in places(vector.json("derivedRevealDocument"))
    if path != ("proof", "proofValue")
]


@pytest.mark.parametrize(("name", "path"), FORGED, ids=[f"{name}: {'.'.join(map(str, path))}" for name, path in FORGED])
def test_one_changed_character_of_what_is_shown_is_noticed(name: str, path: tuple[str | int, ...]) -> None:
    vector = ALL[name]
    document = vector.json("derivedRevealDocument")
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    text = place[path[-1]]
    middle = len(text) // 2
    place[path[-1]] = text[:middle] + ("2" if text[middle] != "2" else "3") + text[middle + 1 :]
    try:
        accepted = vector.accepts(document)
    except JikinError:
        return  # no longer a proof, a term or an id: refused before any signature is looked at
    assert not accepted


@each_vector
def test_one_changed_byte_of_the_proof_value_is_refused(vector: Vector) -> None:
    document = vector.json("derivedRevealDocument")
    data = multibase.decode(document["proof"]["proofValue"])
    for position in range(0, len(data), 23):
        forged = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        proof = document["proof"] | {"proofValue": multibase.encode(forged, "u")}
        code = code_of(securing.statements, document | {"proof": proof}, SUITES)
        assert code in (None, "proof.malformed", "proof.bbs")
        if code is None:
            assert not vector.accepts(document | {"proof": proof})


@each_vector
def test_members_added_or_left_out_are_noticed(vector: Vector) -> None:
    genuine = vector.json("derivedRevealDocument")
    forgeries: list[dict[str, Any]] = [
        {member: value for member, value in genuine.items() if member != name}
        for name in genuine.keys() - {"proof", "@context", "type"}
    ]
    forgeries.append(genuine | {"id": "urn:uuid:6a2dbf4b-3f44-4b7a-9a41-5a8a51dc6f5e"})
    forgeries.append(genuine | {"proof": genuine["proof"] | {"expires": "2099-01-01T00:00:00Z"}})
    forgeries.append(genuine | {"proof": genuine["proof"] | {"challenge": "x"}})
    forgeries.append(
        genuine | {"proof": {name: value for name, value in genuine["proof"].items() if name != "created"}}
    )
    for forgery in forgeries:
        assert not vector.accepts(deepcopy(forgery))


@each_vector
def test_one_proof_is_not_taken_for_another_feature(vector: Vector) -> None:
    document = vector.json("derivedRevealDocument")
    data = multibase.decode(document["proof"]["proofValue"])
    for header in range(2, 10):
        feature = values._FEATURES[header & ~1]
        value = values.read(document["proof"])
        if feature is value.feature and header & 1:
            continue
        proof = document["proof"] | {"proofValue": multibase.encode(data[:2] + bytes([header]) + data[3:], "u")}
        with pytest.raises(ProofError) as refused:
            securing.statements(document | {"proof": proof}, SUITES)
        assert refused.value.code == "proof.malformed"
