"""What every suite promises: sign, verify, tamper, refuse; checked for each suite of a standard installation.

Ethereum's typed data has another form of statement and tests of its own (test_eip712.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.codec import multibase, multikey
from jikin.codec.contexts import Contexts
from jikin.errors import CanonicalizationError, ProofError, UnknownSuiteError
from jikin.proofs import securing
from jikin.proofs.data_integrity import DataIntegritySuite
from jikin.proofs.ed25519_signature_2020 import CONTEXT
from jikin.proofs.eip712 import EthereumEip712Signature2021
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions, SelectiveSuite, Suite
from jikin.values import DidUrl, Form, JsonObject, KeyType, PublicKey, SignedStatement, Signer
from tests import badge_sample
from tests.codes import code_of
from tests.examples import tries
from tests.signers import SIGNERS, signers_of

SUITES = standard_suites(Contexts.packaged())
TRIED = [name for name in SUITES.names if not isinstance(SUITES.named(name), EthereumEip712Signature2021)]


def badge() -> dict[str, Any]:
    """Return the badge with the context in which alone Ed25519Signature2020 has a meaning; it harms no other suite."""
    plain = badge_sample.badge()
    return plain | {"@context": [*plain["@context"], CONTEXT]}


@dataclass(frozen=True, slots=True)
class Way:
    """A suite with one kind of key that it takes."""

    suite: Suite
    signer: Signer

    @property
    def key(self) -> PublicKey:
        return self.signer.public_key

    @property
    def options(self) -> ProofOptions:
        return ProofOptions(DidUrl(f"did:web:exam.example#{multikey.encode(self.key)}"), created=1_780_000_000)

    def secured(self, **options: Any) -> dict[str, Any]:
        return dict(securing.secure(badge(), self.suite, replace(self.options, **options), self.signer))

    def statement(self, document: JsonObject) -> SignedStatement:
        (statement,) = securing.statements(document, SUITES)
        return statement

    def verifies(self, document: JsonObject) -> bool:
        return self.suite.verify(self.statement(document), self.key)


WAYS = {
    f"{name}, {kind.value}": Way(SUITES.named(name), signer)
    for name in TRIED
    for kind, signer in signers_of(SUITES.named(name)).items()
}
WHOLE = {name: way for name, way in WAYS.items() if isinstance(way.suite, DataIntegritySuite)}
RDF = {name: way for name, way in WAYS.items() if way.suite.defines_terms}
# Those whose proof carries the context it was made with.
JSON = {name: way for name, way in WAYS.items() if way.suite.name in ("eddsa-jcs-2022", "ecdsa-jcs-2019")}


def each(ways: dict[str, Way]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("way", ways.values(), ids=ways.keys())


def test_the_standard_suites_are_the_promised_ones() -> None:
    assert SUITES.names == (
        "eddsa-rdfc-2022",
        "eddsa-jcs-2022",
        "ecdsa-rdfc-2019",
        "ecdsa-jcs-2019",
        "ecdsa-sd-2023",
        "bbs-2023",
        "mldsa44-jcs-2024",
        "mldsa44-rdfc-2024",
        "Ed25519Signature2020",
        "EthereumEip712Signature2021",
    )


def test_every_suite_is_tried_with_each_kind_of_key_it_takes() -> None:
    assert {(way.suite.name, way.key.type) for way in WAYS.values()} == {
        (name, kind) for name in TRIED for kind in SUITES.named(name).key_types
    }


@each(WAYS)
def test_a_secured_badge_is_the_badge_and_one_bare_proof(way: Way) -> None:
    document = way.secured()
    assert {name: value for name, value in document.items() if name != "proof"} == badge()
    proof = document["proof"]
    assert proof["type"] == way.suite.proof_type
    assert proof.get("cryptosuite", proof["type"]) == way.suite.name
    assert proof["created"] == "2026-05-28T20:26:40Z"
    assert proof["proofPurpose"] == "assertionMethod"
    assert proof["verificationMethod"] == str(way.options.verification_method)
    assert ("@context" in proof) == (way in JSON.values())
    assert way.verifies(document)


@each(WHOLE)
def test_the_statement_is_two_hashes_and_a_signature(way: Way) -> None:
    document = way.secured()
    statement = way.statement(document)
    hash_bytes = 48 if way.key.type is KeyType.P384 else 32
    assert statement.form is Form.DATA_INTEGRITY
    assert statement.algorithm == way.suite.name
    assert len(statement.signed) == 2 * hash_bytes
    assert statement.signature == multibase.decode(document["proof"]["proofValue"])
    assert way.statement(way.secured(created=1_780_000_000)).signed == statement.signed
    other = way.statement(way.secured(created=1_780_000_001))
    assert other.signed[:hash_bytes] != statement.signed[:hash_bytes]  # the configuration's hash comes first
    assert other.signed[hash_bytes:] == statement.signed[hash_bytes:]


@each(WAYS)
def test_signing_states_what_is_read_from_the_proof(way: Way) -> None:
    proof, stated = way.suite.sign(badge(), way.options, way.signer)
    assert way.suite.statement(badge(), proof) == stated


@each(WAYS)
def test_challenge_domain_and_expiry_are_signed(way: Way) -> None:
    document = way.secured(purpose="authentication", challenge="c", domain="d", expires=1_790_000_000, created=None)
    assert way.verifies(document)
    for member, value in {"challenge": "x", "domain": "x", "expires": "2026-01-01T00:00:00Z"}.items():
        assert not way.verifies(document | {"proof": document["proof"] | {member: value}})
        dropped = {name: kept for name, kept in document["proof"].items() if name != member}
        assert not way.verifies(document | {"proof": dropped})


FORGERIES = {
    "the holder is another": ("credentialSubject", "id", "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"),
    "the result is better": ("credentialSubject", "result", [{"type": ["Result"], "value": "100"}]),
    "the issuer has another name": ("issuer", "name", "다른시험원"),
    "it never expires": ("validUntil", None, "2099-01-01T00:00:00Z"),
    "a status is taken away": ("credentialStatus", None, None),
    "it can no longer be revoked": ("credentialStatus", "statusListIndex", "12346"),
}


@each(WAYS)
@pytest.mark.parametrize(("member", "inner", "value"), FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_badge_does_not_verify(way: Way, member: str, inner: str | None, value: Any) -> None:
    document = way.secured()
    if inner is not None:
        document[member] = document[member] | {inner: value}
    elif value is None:
        del document[member]
    else:
        document[member] = value
    assert not way.verifies(document)


@each(WAYS)
def test_a_statement_is_verified_by_its_own_suite_and_kind_of_key_only(way: Way) -> None:
    suite, key = way.suite, way.key
    statement = way.statement(way.secured())
    for name in SUITES.names:
        assert SUITES.named(name).verify(statement, key) == (name == suite.name)
    assert not suite.verify(replace(statement, form=Form.JWS), key)
    assert not suite.verify(replace(statement, signature=statement.signature[:-1]), key)
    assert not suite.verify(replace(statement, signature=statement.signature + b"\0"), key)
    for kind in KeyType:
        if kind is not key.type:
            assert not suite.verify(statement, PublicKey(kind, key.raw))
    for raw in (b"", key.raw[:-1], key.raw + b"\0", bytes(len(key.raw)), b"\xff" * len(key.raw)):
        assert not suite.verify(statement, PublicKey(key.type, raw))


class WrongSigner:
    def __init__(self, public_key: PublicKey, signature: bytes) -> None:
        self.public_key = public_key
        self._signature = signature

    def sign(self, message: bytes) -> bytes:
        return self._signature


@each(WAYS)
def test_a_signer_of_the_wrong_kind_makes_no_proof(way: Way) -> None:
    stranger = next(signer for kind, signer in SIGNERS.items() if kind not in way.suite.key_types)
    right = way.signer.sign(b"")
    for signer in (stranger, WrongSigner(way.key, right[:-1]), WrongSigner(way.key, right + b"\0")):
        with pytest.raises(ProofError):
            way.suite.create_proof(badge(), way.options, signer)


@each(WHOLE)
def test_a_suite_that_shows_a_document_whole_takes_no_mandatory_pointers(way: Way) -> None:
    with pytest.raises(ProofError, match="pointers"):
        way.secured(mandatory_pointers=("/issuer",))
    with pytest.raises(UnknownSuiteError):
        SUITES.selective(way.suite.name)


def test_the_selective_suites_are_found_by_name() -> None:
    selective = [way.suite for way in WAYS.values() if way not in WHOLE.values()]
    assert selective
    for suite in selective:
        assert isinstance(suite, SelectiveSuite)
        assert SUITES.selective(suite.name) is suite


MALFORMED: dict[str, dict[str, Any]] = {
    "no type": {"type": None},
    "another type": {"type": "Ed25519Signature2018"},
    "a list of types": {"type": ["DataIntegrityProof"]},
    "another suite": {"cryptosuite": "eddsa-2022"},
    "no method": {"verificationMethod": None},
    "a relative method": {"verificationMethod": "#key"},
    "a method with a blank": {"verificationMethod": "did:web:a b#c"},
    "a method that is an object": {"verificationMethod": {"id": "did:key:z"}},
    "no purpose": {"proofPurpose": None},
    "an empty purpose": {"proofPurpose": ""},
    "a purpose that is a list": {"proofPurpose": ["assertionMethod"]},
    "a date without time": {"created": "2026-05-28"},
    "a date without zone": {"created": "2026-05-28T20:26:40"},
    "no such date": {"created": "2026-02-30T20:26:40Z"},
    "a date that is a number": {"created": 1_780_000_000},
    "an expiry that is none": {"expires": "soon"},
    "an id that is no URL": {"id": "one"},
    "a challenge that is a number": {"challenge": 5},
    "a domain that is a number": {"domain": 5},
    "an empty set of domains": {"domain": []},
    "no value": {"proofValue": None},
    "a value that is no base58": {"proofValue": "z0OIl"},
    "a value that is no base64url": {"proofValue": "u+/=="},
    "an empty value": {"proofValue": ""},
    "a header alone": {"proofValue": "z"},
    "a value without end": {"proofValue": "z" + "2" * 2_000_000},
    "a value that is a list": {"proofValue": ["z2"]},
}


@each(WAYS)
@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_proof_is_refused(way: Way, changes: dict[str, Any]) -> None:
    proof = {name: value for name, value in (way.secured()["proof"] | changes).items() if value is not None}
    with pytest.raises(ProofError) as refused:
        way.suite.statement(badge(), proof)
    assert refused.value.code == "proof.malformed"


@each(WAYS)
def test_a_signature_in_another_alphabet_or_of_another_length_is_refused(way: Way) -> None:
    proof = way.secured()["proof"]
    header, signature = proof["proofValue"][0], multibase.decode(proof["proofValue"])
    values = [multibase.encode(signature[:-1], header), multibase.encode(signature + b"\1", header)]
    values += [proof["proofValue"][1:], "u" + multibase.encode_base64url(signature)] if header == "z" else ["z2"]
    for value in values:
        with pytest.raises(ProofError) as refused:
            way.suite.statement(badge(), proof | {"proofValue": value})
        assert refused.value.code == "proof.malformed"


@each(WAYS)
def test_documents_without_canonical_form_are_not_signed(way: Way) -> None:
    document = badge()
    document["credentialSubject"]["result"][0]["value"] = 2**60
    with pytest.raises(CanonicalizationError):
        securing.secure(document, way.suite, way.options, way.signer)


@each(RDF)
def test_an_undefined_term_is_not_signed_in_rdf(way: Way) -> None:
    with pytest.raises(CanonicalizationError, match="grade"):
        securing.secure(badge() | {"grade": "1급"}, way.suite, way.options, way.signer)


@each(RDF)
def test_an_undefined_member_of_the_proof_is_refused_in_rdf(way: Way) -> None:
    document = way.secured()
    document["proof"]["note"] = "x"
    with pytest.raises(CanonicalizationError, match="note"):
        securing.statements(document, SUITES)


@each(RDF)
def test_in_rdf_it_is_signed_what_is_said_and_not_how_it_is_laid_out(way: Way) -> None:
    document = way.secured()
    document["credentialSubject"]["result"].reverse()
    document["issuer"]["type"] = "Profile"
    assert way.verifies(dict(reversed(document.items())))


@each(RDF)
def test_an_rdf_proof_with_a_context_of_its_own_is_refused(way: Way) -> None:
    document = way.secured()
    same = document | {"proof": document["proof"] | {"@context": document["@context"]}}
    assert way.verifies(same)
    other = document | {"proof": document["proof"] | {"@context": document["@context"][:1]}}
    with pytest.raises(ProofError) as refused:
        securing.statements(other, SUITES)
    assert refused.value.code == "proof.context"


@each(JSON)
def test_contexts_may_be_appended_after_a_json_proof_but_not_changed(way: Way) -> None:
    document = way.secured()
    assert way.verifies(document | {"@context": [*document["@context"], "https://later.example/v1"]})
    for context in (
        ["https://first.example/v1", *document["@context"]],
        document["@context"][:-1],
        list(reversed(document["@context"])),
        "https://www.w3.org/ns/credentials/v2",
        None,
    ):
        with pytest.raises(ProofError) as refused:
            securing.statements(document | {"@context": context}, SUITES)
        assert refused.value.code == "proof.context"


@each(JSON)
def test_the_context_in_a_json_proof_is_signed(way: Way) -> None:
    document = way.secured()
    shorter = document["proof"] | {"@context": document["@context"][:1]}
    assert not way.verifies(document | {"proof": shorter})
    without = {name: value for name, value in document["proof"].items() if name != "@context"}
    assert not way.verifies(document | {"proof": without})
    with pytest.raises(ProofError):
        securing.statements(document | {"proof": document["proof"] | {"@context": []}}, SUITES)


@each(JSON)
def test_a_document_without_context_can_carry_a_json_proof(way: Way) -> None:
    def secure(document: JsonObject) -> dict[str, Any]:
        return dict(securing.secure(document, way.suite, way.options, way.signer))

    document = secure({"hello": "세계"})
    assert "@context" not in document["proof"]
    assert way.verifies(document)
    single = secure({"@context": "https://one.example", "a": 1})
    assert way.verifies(single)
    assert way.verifies({**single, "@context": ["https://one.example", "https://two.example"]})


def test_an_unknown_suite_is_named_with_the_known_ones() -> None:
    document = next(iter(WAYS.values())).secured()
    document["proof"]["cryptosuite"] = "eddsa-2099"
    with pytest.raises(UnknownSuiteError, match=f"eddsa-2099.*{re.escape(', '.join(SUITES.names))}"):
        securing.statements(document, SUITES)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@settings(max_examples=tries(60), deadline=None)
@given(st.sampled_from(list(WAYS.values())), TEXTS, TEXTS)
def test_any_text_is_signed_and_any_other_text_does_not_verify(way: Way, text: str, other: str) -> None:
    document = dict(securing.secure(badge() | {"name": text}, way.suite, way.options, way.signer))
    assert way.verifies(document)
    assert way.verifies(document | {"name": other}) == (text == other)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = st.sampled_from(
    [
        *("type", "cryptosuite", "created", "expires", "verificationMethod", "proofPurpose", "proofValue", "@context"),
        *("id", "previousProof", "domain", "challenge", "nonce", "x"),
    ]
)
PROOF_OF = {name: way.secured()["proof"] for name, way in WAYS.items()}
VALUES = ANYTHING | st.sampled_from(
    ["DataIntegrityProof", *SUITES.names, *(member for proof in PROOF_OF.values() for member in proof.values())]
)
PROOFS = st.dictionaries(MEMBERS, VALUES)


@settings(max_examples=tries(300), deadline=None)
@given(
    st.sampled_from(list(PROOF_OF)),
    PROOFS,
    st.dictionaries(st.sampled_from(["@context", "id", "name"]), ANYTHING),
    st.booleans(),
)
def test_arbitrary_proofs_are_statements_or_errors_of_ours(
    name: str, changes: dict[str, Any], document: dict[str, Any], many: bool
) -> None:
    proof = (PROOF_OF[name] if changes.pop("x", None) is None else {}) | changes
    whole = document | {"proof": [proof, proof] if many else proof}
    code = code_of(lambda: securing.statements(whole, SUITES))
    assert code is None or code.split(".")[0] in ("proof", "codec")
