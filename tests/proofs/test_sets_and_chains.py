"""Proof sets and chains (Data Integrity 1.0, 4.3 and 4.5): the W3C vectors made again, broken links noticed."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import multibase, multikey
from jikin.codec.contexts import Contexts
from jikin.errors import ProofError, UnknownSuiteError
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, JsonObject, parse_instant
from tests.badge_sample import badge
from tests.codes import code_of
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "vc-di-eddsa" / "proof-set-chain"
SUITES = standard_suites(Contexts.packaged().with_folder(standards() / "contexts"))
RDFC, JCS = SUITES.named("eddsa-rdfc-2022"), SUITES.named("eddsa-jcs-2022")
KEYS = json.loads((VECTORS / "multiKeyPairs.json").read_bytes())
SIGNERS = {
    pair["publicKeyMultibase"]: Ed25519Signer.from_seed(multibase.decode(pair["privateKeyMultibase"])[2:])
    for pair in KEYS.values()
}


def vector(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_bytes())
    return document


def verdicts(document: JsonObject) -> list[bool]:
    """Judge each signature, by the key in its verification method's text."""
    _, proofs = securing.split(document)
    return [
        SUITES.named(statement.algorithm).verify(
            statement, multikey.decode(str(proof["verificationMethod"]).partition("#")[2])
        )
        for statement, proof in zip(securing.statements(document, SUITES), proofs, strict=True)
    ]


# --- the published ones ---

PUBLISHED = {"signedProofSet1": 1, "signedProofSet2": 2, "signedProofChain1": 3, "signedProofChain2": 4}
each_published = pytest.mark.parametrize(("name", "count"), PUBLISHED.items())


@each_published
def test_adding_proof_by_proof_makes_the_published_document(name: str, count: int) -> None:
    published = vector(name)
    unsecured, proofs = securing.split(published)
    document: JsonObject = unsecured
    for proof in proofs:
        method = str(proof["verificationMethod"])
        named = proof.get("previousProof", ())
        options = ProofOptions(
            DidUrl(method),
            parse_instant(str(proof["created"])),
            id=proof.get("id"),  # type: ignore[arg-type]  # a text in these files
            previous_proof=(named,) if isinstance(named, str) else tuple(named),  # type: ignore[arg-type]
        )
        document, stated = securing.add(document, RDFC, options, SIGNERS[method.partition("#")[2]])
        assert securing.statements(document, SUITES)[-1] == stated
    made = dict(document)
    if count == 1:
        made["proof"] = [made["proof"]] if isinstance(published["proof"], list) else made["proof"]
    assert made == published


# What is signed with which options, proof by proof: the document (with the earlier proofs in it), the proof.
STEPS = {
    "the first of the set": ("unsigned", "proofSetConfig1", "proofSetConfigSigned1", "signedProofSet2", 0),
    "the second of the set": ("unsigned", "proofSetConfig2", "proofSetConfigSigned2", "signedProofSet2", 1),
    "the third, of the chain": (
        "proofChainTempDoc1",
        "proofChainConfig1",
        "proofChainConfigSigned1",
        "signedProofChain1",
        2,
    ),
    "the fourth, of the chain": (
        "proofChainTempDoc2",
        "proofChainConfig2",
        "proofChainConfigSigned2",
        "signedProofChain2",
        3,
    ),
}


@pytest.mark.parametrize(("signed", "options", "proof", "whole", "place"), STEPS.values(), ids=STEPS.keys())
def test_what_each_proof_signs_is_the_published_step(
    signed: str, options: str, proof: str, whole: str, place: int
) -> None:
    assert {name: value for name, value in vector(proof).items() if name != "proofValue"} == vector(options)
    assert RDFC.statement(vector(signed), vector(proof)) == securing.statements(vector(whole), SUITES)[place]


@each_published
def test_every_published_proof_verifies(name: str, count: int) -> None:
    assert verdicts(vector(name)) == [True] * count


@each_published
def test_a_changed_payload_is_noticed_by_every_proof(name: str, count: int) -> None:
    document = vector(name)
    subject = document["credentialSubject"] | {"alumniOf": "The Skool of Examples"}
    assert verdicts(document | {"credentialSubject": subject}) == [False] * count


def with_proof(document: dict[str, Any], place: int, **changes: Any) -> dict[str, Any]:
    changed = deepcopy(document)
    changed["proof"][place] = {
        name: value for name, value in (changed["proof"][place] | changes).items() if value is not None
    }
    return changed


CHAIN = vector("signedProofChain2")
LATER = "2023-02-26T22:16:39Z"
OTHER = "z6MktgKTsu1QhX6QPbyqG6geXdw6FQCZBPq7uQpieWbiQiG7"


def flipped(value: str) -> str:
    return value[:40] + ("2" if value[40] != "2" else "3") + value[41:]


# Of four proofs the third signs the first two along, and the fourth signs the third.
BROKEN: dict[str, tuple[dict[str, Any], list[bool]]] = {
    "an option of the first": (with_proof(CHAIN, 0, created=LATER), [False, True, False, True]),
    "the signature of the first": (
        with_proof(CHAIN, 0, proofValue=flipped(CHAIN["proof"][0]["proofValue"])),
        [False, True, False, True],
    ),
    "the signature of the second": (
        with_proof(CHAIN, 1, proofValue=flipped(CHAIN["proof"][1]["proofValue"])),
        [True, False, False, True],
    ),
    "the signature of the third": (
        with_proof(CHAIN, 2, proofValue=flipped(CHAIN["proof"][2]["proofValue"])),
        [True, True, False, False],
    ),
    "an option of the third": (with_proof(CHAIN, 2, created=LATER), [True, True, False, False]),
    "the key of the fourth": (
        with_proof(CHAIN, 3, verificationMethod=f"did:key:{OTHER}#{OTHER}"),
        [True, True, True, False],
    ),
    "one link of the third": (
        with_proof(CHAIN, 2, previousProof=CHAIN["proof"][0]["id"]),
        [True, True, False, False],
    ),
    "all links of the third": (with_proof(CHAIN, 2, previousProof=None), [True, True, False, False]),
    "the link of the fourth": (with_proof(CHAIN, 3, previousProof=None), [True, True, True, False]),
    "where the fourth leads": (
        with_proof(CHAIN, 3, previousProof=CHAIN["proof"][0]["id"]),
        [True, True, True, False],
    ),
}


@pytest.mark.parametrize(("document", "expected"), BROKEN.values(), ids=BROKEN.keys())
def test_a_changed_proof_is_noticed_by_itself_and_by_those_that_signed_it(
    document: dict[str, Any], expected: list[bool]
) -> None:
    assert verdicts(document) == expected


@pytest.mark.parametrize("place", range(3))
def test_a_proof_taken_out_of_a_chain_is_missed_by_name(place: int) -> None:
    proofs = [proof for number, proof in enumerate(CHAIN["proof"]) if number != place]
    assert code_of(securing.statements, CHAIN | {"proof": proofs}, SUITES) == "proof.chain"


def test_the_last_of_a_chain_can_be_taken_off_and_a_set_can_be_reordered() -> None:
    assert verdicts(CHAIN | {"proof": CHAIN["proof"][:3]}) == [True] * 3
    assert verdicts(CHAIN | {"proof": list(reversed(CHAIN["proof"]))}) == [True] * 4


ID = CHAIN["proof"][0]["id"]
THIRD = CHAIN["proof"][2]["id"]
MISSHAPEN: dict[str, tuple[dict[str, Any], str]] = {
    "a proof that builds on itself": (with_proof(CHAIN, 2, previousProof=THIRD), "proof.chain"),
    "two that build on each other": (with_proof(CHAIN, 0, previousProof=THIRD), "proof.chain"),
    "an id twice in the document": (with_proof(CHAIN, 1, id=ID), "proof.chain"),
    "an id twice in the list": (with_proof(CHAIN, 2, previousProof=[ID, ID]), "proof.chain"),
    "an id that is not there": (with_proof(CHAIN, 3, previousProof="urn:uuid:1"), "proof.chain"),
    "an id that is a number": (with_proof(CHAIN, 3, previousProof=[5]), "proof.malformed"),
    "an object": (with_proof(CHAIN, 3, previousProof={"id": ID}), "proof.malformed"),
    "a number": (with_proof(CHAIN, 3, previousProof=5), "proof.malformed"),
    "an empty list": (with_proof(CHAIN, 3, previousProof=[]), "proof.malformed"),
    "an empty text": (with_proof(CHAIN, 3, previousProof=""), "proof.chain"),
}


@pytest.mark.parametrize(("document", "code"), MISSHAPEN.values(), ids=MISSHAPEN.keys())
def test_a_misshapen_chain_is_refused(document: dict[str, Any], code: str) -> None:
    assert code_of(securing.statements, document, SUITES) == code


# --- adding ---

FIRST, SECOND = Ed25519Signer.generate(), Ed25519Signer.generate()


def options_of(signer: Ed25519Signer, **changes: Any) -> ProofOptions:
    text = multikey.encode(signer.public_key)
    return replace(ProofOptions(DidUrl(f"did:key:{text}#{text}"), created=1_780_000_000), **changes)


def test_a_second_proof_makes_a_set_of_the_first() -> None:
    one, first = securing.add(badge(), RDFC, options_of(FIRST), FIRST)
    two, second = securing.add(one, JCS, options_of(SECOND), SECOND)
    assert [type(dict(document)["proof"]) for document in (one, two)] == [dict, list]
    assert {name: value for name, value in two.items() if name != "proof"} == badge()
    assert securing.statements(two, SUITES) == (first, second)
    assert verdicts(two) == [True, True]


@pytest.mark.parametrize("suite", [RDFC, JCS], ids=["rdfc", "jcs"])
def test_a_chain_of_any_suite_signs_the_earlier_proofs(suite: Any) -> None:
    one, _ = securing.add(badge(), RDFC, options_of(FIRST, id="urn:x:1"), FIRST)
    two, _ = securing.add(one, RDFC, options_of(SECOND, id="urn:x:2"), SECOND)
    three, _ = securing.add(two, suite, options_of(FIRST, previous_proof=("urn:x:2", "urn:x:1")), FIRST)
    assert verdicts(three) == [True] * 3
    proofs: Any = dict(three)["proof"]
    resigned = RDFC.create_proof(badge(), options_of(FIRST, id="urn:x:1", created=1_780_000_001), FIRST)
    assert verdicts({**three, "proof": [resigned, *proofs[1:]]}) == [True, True, False]


def test_sixteen_proofs_may_each_sign_all_before_them() -> None:
    """There are 32,768 ways from the last to the first; each proof is looked at once."""
    document: JsonObject = badge()
    for number in range(16):
        earlier = tuple(f"urn:x:{one}" for one in range(number))
        options = options_of(FIRST, id=f"urn:x:{number}", previous_proof=earlier)
        document, _ = securing.add(document, JCS, options, FIRST)
    assert verdicts(document) == [True] * 16


def test_an_earlier_proof_that_is_not_there_is_not_signed_along() -> None:
    one, _ = securing.add(badge(), RDFC, options_of(FIRST, id="urn:x:1"), FIRST)
    for document in (badge(), one):
        for named in (("urn:x:2",), ("urn:x:1", "urn:x:2"), ("urn:x:1", "urn:x:1")):
            code = code_of(securing.add, document, RDFC, options_of(SECOND, previous_proof=named), SECOND)
            assert code == "proof.chain"


def test_an_id_is_taken_once_and_a_document_carries_sixteen_proofs() -> None:
    document, _ = securing.add(badge(), JCS, options_of(FIRST, id="urn:x:1"), FIRST)
    assert code_of(securing.add, document, JCS, options_of(SECOND, id="urn:x:1"), SECOND) == "proof.chain"
    for _ in range(15):
        document, _ = securing.add(document, JCS, options_of(SECOND), SECOND)
    assert verdicts(document) == [True] * 16
    assert code_of(securing.add, document, JCS, options_of(SECOND), SECOND) == "proof.malformed"
    with pytest.raises(ProofError):
        securing.add(badge() | {"proof": "x"}, JCS, options_of(FIRST), FIRST)


def test_a_proof_of_an_unknown_suite_stays_in_the_set_but_is_not_stated() -> None:
    with_receipt = badge() | {"proof": {"type": "AnchorReceipt", "v": 1}}
    document, stated = securing.add(with_receipt, RDFC, options_of(FIRST), FIRST)
    assert securing.statements(document, SUITES, ignored_types={"AnchorReceipt"}) == (stated,)
    with pytest.raises(UnknownSuiteError):
        securing.statements(document, SUITES)


ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=4) | st.sampled_from([ID, THIRD]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=5,
)


@given(st.lists(st.dictionaries(st.sampled_from(["id", "previousProof"]), ANYTHING), min_size=4, max_size=4))
def test_arbitrary_links_are_statements_or_errors_of_ours(links: list[dict[str, Any]]) -> None:
    proofs = [proof | link for proof, link in zip(CHAIN["proof"], links, strict=True)]
    code = code_of(securing.statements, CHAIN | {"proof": proofs}, SUITES)
    assert code is None or code.split(".")[0] in ("proof", "codec")
