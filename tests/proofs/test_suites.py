"""What every suite promises: sign, verify, tamper, refuse; checked for each suite of a standard installation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.codec import multibase, multikey
from jikin.codec.contexts import Contexts
from jikin.errors import CanonicalizationError, ProofError, UnknownSuiteError
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions, Suite
from jikin.values import DidUrl, Form, JsonObject, KeyType, PublicKey
from tests.badge_sample import badge
from tests.codes import code_of

SUITES = standard_suites(Contexts.packaged())
SIGNER = Ed25519Signer.from_seed(bytes(range(32)))
KEY = SIGNER.public_key
METHOD = DidUrl(f"did:web:exam.example#{multikey.encode(KEY)}")
OPTIONS = ProofOptions(METHOD, created=1_780_000_000)
each_suite = pytest.mark.parametrize("suite", [SUITES.named(name) for name in SUITES.names], ids=SUITES.names)


def secured(suite: Suite, **options: Any) -> dict[str, Any]:
    return dict(securing.secure(badge(), suite, replace(OPTIONS, **options), SIGNER))


def verifies(suite: Suite, document: JsonObject, key: PublicKey = KEY) -> bool:
    (statement,) = securing.statements(document, SUITES)
    return suite.verify(statement, key)


def test_the_standard_suites_are_the_promised_ones() -> None:
    assert SUITES.names == ("eddsa-rdfc-2022", "eddsa-jcs-2022")


@each_suite
def test_a_secured_badge_is_the_badge_and_one_bare_proof(suite: Suite) -> None:
    document = secured(suite)
    assert {name: value for name, value in document.items() if name != "proof"} == badge()
    proof = document["proof"]
    assert proof["type"] == "DataIntegrityProof"
    assert proof["cryptosuite"] == suite.name
    assert proof["created"] == "2026-05-28T20:26:40Z"
    assert proof["proofPurpose"] == "assertionMethod"
    assert proof["verificationMethod"] == str(METHOD)
    assert proof["proofValue"].startswith("z")
    assert ("@context" in proof) == (suite.name == "eddsa-jcs-2022")
    assert verifies(suite, document)


@each_suite
def test_the_statement_is_two_hashes_and_a_signature_of_64_bytes(suite: Suite) -> None:
    document = secured(suite)
    (statement,) = securing.statements(document, SUITES)
    assert statement.form is Form.DATA_INTEGRITY
    assert statement.algorithm == suite.name
    assert len(statement.signed) == 64
    assert statement.signature == multibase.decode(document["proof"]["proofValue"])
    (again,) = securing.statements(secured(suite, created=OPTIONS.created), SUITES)
    assert again == statement
    (other,) = securing.statements(secured(suite, created=1_780_000_001), SUITES)
    assert other.signed[:32] != statement.signed[:32]  # the configuration's hash comes first
    assert other.signed[32:] == statement.signed[32:]


@each_suite
def test_challenge_domain_and_expiry_are_signed(suite: Suite) -> None:
    document = secured(suite, purpose="authentication", challenge="c", domain="d", expires=1_790_000_000, created=None)
    assert verifies(suite, document)
    for member, value in {"challenge": "x", "domain": "x", "expires": "2026-01-01T00:00:00Z"}.items():
        assert not verifies(suite, document | {"proof": document["proof"] | {member: value}})
        dropped = {name: kept for name, kept in document["proof"].items() if name != member}
        assert not verifies(suite, document | {"proof": dropped})


FORGERIES = {
    "the holder is another": ("credentialSubject", "id", "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"),
    "the result is better": ("credentialSubject", "result", [{"type": ["Result"], "value": "100"}]),
    "the issuer has another name": ("issuer", "name", "다른시험원"),
    "it never expires": ("validUntil", None, "2099-01-01T00:00:00Z"),
    "a status is taken away": ("credentialStatus", None, None),
    "it can no longer be revoked": ("credentialStatus", "statusListIndex", "12346"),
}


@each_suite
@pytest.mark.parametrize(("member", "inner", "value"), FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_badge_does_not_verify(suite: Suite, member: str, inner: str | None, value: Any) -> None:
    document = secured(suite)
    if inner is not None:
        document[member] = document[member] | {inner: value}
    elif value is None:
        del document[member]
    else:
        document[member] = value
    assert not verifies(suite, document)


@each_suite
def test_a_statement_is_verified_by_its_own_suite_and_kind_of_key_only(suite: Suite) -> None:
    (statement,) = securing.statements(secured(suite), SUITES)
    for name in SUITES.names:
        assert SUITES.named(name).verify(statement, KEY) == (name == suite.name)
    assert not suite.verify(replace(statement, form=Form.JWS), KEY)
    assert not suite.verify(replace(statement, signature=statement.signature[:-1]), KEY)
    assert not suite.verify(replace(statement, signature=statement.signature + b"\0"), KEY)
    for kind in KeyType:
        if kind not in suite.key_types:
            assert not suite.verify(statement, PublicKey(kind, KEY.raw))
    for raw in (b"", KEY.raw[:-1], KEY.raw + b"\0", bytes(32), b"\xff" * 32):
        assert not suite.verify(statement, PublicKey(KeyType.ED25519, raw))


class WrongSigner:
    def __init__(self, kind: KeyType, signature: bytes) -> None:
        self.public_key = PublicKey(kind, KEY.raw)
        self._signature = signature

    def sign(self, message: bytes) -> bytes:
        return self._signature


@each_suite
def test_a_signer_of_the_wrong_kind_makes_no_proof(suite: Suite) -> None:
    for signer in (WrongSigner(KeyType.P256, bytes(64)), WrongSigner(KeyType.ED25519, bytes(63))):
        with pytest.raises(ProofError):
            suite.create_proof(badge(), OPTIONS, signer)


SIGNATURE = SIGNER.sign(b"")
MALFORMED: dict[str, dict[str, Any]] = {
    "no type": {"type": None},
    "another type": {"type": "Ed25519Signature2020"},
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
    "a value without header": {"proofValue": multibase.encode_base58btc(SIGNATURE)},
    "a value in base64url": {"proofValue": multibase.encode(SIGNATURE, "u")},
    "a value of 63 bytes": {"proofValue": multibase.encode(SIGNATURE[:-1])},
    "a value of 65 bytes": {"proofValue": multibase.encode(SIGNATURE + b"\1")},
    "a value that is no base58": {"proofValue": "z0OIl"},
    "a value without end": {"proofValue": "z" + "2" * 100_000},
    "a value that is a list": {"proofValue": ["z2"]},
}


@each_suite
@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_proof_is_refused(suite: Suite, changes: dict[str, Any]) -> None:
    document = secured(suite)
    proof = {name: value for name, value in (document["proof"] | changes).items() if value is not None}
    unsecured, _ = securing.split(document)
    with pytest.raises(ProofError) as refused:
        suite.statement(unsecured, proof)
    assert refused.value.code == "proof.malformed"


@each_suite
def test_documents_without_canonical_form_are_not_signed(suite: Suite) -> None:
    document = badge()
    document["credentialSubject"]["result"][0]["value"] = 2**60
    with pytest.raises(CanonicalizationError):
        securing.secure(document, suite, OPTIONS, SIGNER)


def test_an_undefined_term_is_not_signed_by_the_rdf_suite() -> None:
    with pytest.raises(CanonicalizationError, match="grade"):
        securing.secure(badge() | {"grade": "1급"}, SUITES.named("eddsa-rdfc-2022"), OPTIONS, SIGNER)


def test_an_undefined_member_of_the_proof_is_refused_by_the_rdf_suite() -> None:
    document = secured(SUITES.named("eddsa-rdfc-2022"))
    document["proof"]["note"] = "x"
    with pytest.raises(CanonicalizationError, match="note"):
        securing.statements(document, SUITES)


def test_the_rdf_suite_signs_what_is_said_and_not_how_it_is_laid_out() -> None:
    suite = SUITES.named("eddsa-rdfc-2022")
    document = secured(suite)
    document["credentialSubject"]["result"].reverse()
    document["issuer"]["type"] = "Profile"
    assert verifies(suite, dict(reversed(document.items())))


def test_an_rdf_proof_with_a_context_of_its_own_is_refused() -> None:
    suite = SUITES.named("eddsa-rdfc-2022")
    document = secured(suite)
    same = document | {"proof": document["proof"] | {"@context": document["@context"]}}
    assert verifies(suite, same)
    other = document | {"proof": document["proof"] | {"@context": document["@context"][:1]}}
    with pytest.raises(ProofError) as refused:
        securing.statements(other, SUITES)
    assert refused.value.code == "proof.context"


JCS = SUITES.named("eddsa-jcs-2022")


def test_contexts_may_be_appended_after_a_json_proof_but_not_changed() -> None:
    document = secured(JCS)
    assert verifies(JCS, document | {"@context": [*document["@context"], "https://later.example/v1"]})
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


def test_the_context_in_a_json_proof_is_signed() -> None:
    document = secured(JCS)
    shorter = document["proof"] | {"@context": document["@context"][:1]}
    assert not verifies(JCS, document | {"proof": shorter})
    without = {name: value for name, value in document["proof"].items() if name != "@context"}
    assert not verifies(JCS, document | {"proof": without})
    with pytest.raises(ProofError):
        securing.statements(document | {"proof": document["proof"] | {"@context": []}}, SUITES)


def test_a_document_without_context_can_carry_a_json_proof() -> None:
    document = securing.secure({"hello": "세계"}, JCS, OPTIONS, SIGNER)
    assert "@context" not in dict(document)["proof"]  # type: ignore[operator]
    assert verifies(JCS, document)
    single = securing.secure({"@context": "https://one.example", "a": 1}, JCS, OPTIONS, SIGNER)
    assert verifies(JCS, single)
    assert verifies(JCS, {**single, "@context": ["https://one.example", "https://two.example"]})


def test_an_unknown_suite_is_named_with_the_known_ones() -> None:
    document = secured(JCS)
    document["proof"]["cryptosuite"] = "eddsa-2099"
    with pytest.raises(UnknownSuiteError, match=r"eddsa-2099.*eddsa-rdfc-2022, eddsa-jcs-2022"):
        securing.statements(document, SUITES)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SUITES.names), TEXTS, TEXTS)
def test_any_text_is_signed_and_any_other_text_does_not_verify(name: str, text: str, other: str) -> None:
    suite = SUITES.named(name)
    document = dict(securing.secure(badge() | {"name": text}, suite, OPTIONS, SIGNER))
    assert verifies(suite, document)
    assert verifies(suite, document | {"name": other}) == (text == other)


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
VALUES = ANYTHING | st.sampled_from(["DataIntegrityProof", *SUITES.names, str(METHOD), multibase.encode(SIGNATURE)])
PROOFS = st.dictionaries(MEMBERS, VALUES)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SUITES.names),
    PROOFS,
    st.dictionaries(st.sampled_from(["@context", "id", "name"]), ANYTHING),
    st.booleans(),
)
def test_arbitrary_proofs_are_statements_or_errors_of_ours(
    name: str, changes: dict[str, Any], document: dict[str, Any], many: bool
) -> None:
    proof = (secured(SUITES.named(name))["proof"] if changes.pop("x", None) is None else {}) | changes
    whole = document | {"proof": [proof, proof] if many else proof}
    code = code_of(lambda: securing.statements(whole, SUITES))
    assert code is None or code.split(".")[0] in ("proof", "codec")
