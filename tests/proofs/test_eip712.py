"""Credentials signed by an Ethereum account: others' verify here, ours elsewhere; what is not signed is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from jikin.anchoring.digest import credential_digest
from jikin.codec.contexts import Contexts
from jikin.errors import JikinError, ProofError, UnknownSuiteError
from jikin.proofs import ethereum_account, securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.eip712 import NAME, EthereumEip712Signature2021
from jikin.proofs.ethereum_account import EthereumAccountSigner
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, Form, JsonObject, KeyType, PublicKey
from tests.badge_sample import badge
from tests.codes import code_of
from tests.shared_standards import standards

SUITES = standard_suites(Contexts.packaged())
SUITE = SUITES.named(NAME)
SIGNER = EthereumAccountSigner.from_secret(bytes(range(1, 33)))
ACCOUNT = SIGNER.public_key
METHOD = DidUrl(f"did:pkh:eip155:1:0x{ACCOUNT.raw.hex()}#blockchainAccountId")
OPTIONS = ProofOptions(METHOD, created=1_780_000_000)


def secured(**options: Any) -> dict[str, Any]:
    return dict(securing.secure(badge(), SUITE, replace(OPTIONS, **options), SIGNER))


def verifies(document: JsonObject, key: PublicKey = ACCOUNT) -> bool:
    (statement,) = securing.statements(document, SUITES)
    return SUITE.verify(statement, key)


def noticed(document: JsonObject, key: PublicKey = ACCOUNT) -> bool:
    """Say whether a forgery is refused, or does not verify."""
    try:
        return not verifies(document, key)
    except ProofError:
        return True


# --- what others signed ---

PUBLISHED = {
    "as eip712Domain": "vectors/did-pkh/vc-eth-eip712sig.jsonld",
    "as eip712": "vectors/did-pkh/vc-poly-eip712sig.jsonld",
}
each_published = pytest.mark.parametrize("path", PUBLISHED.values(), ids=PUBLISHED.keys())


def published(path: str) -> tuple[dict[str, Any], PublicKey]:
    document = json.loads((standards() / path).read_bytes())
    address = document["proof"]["verificationMethod"].partition("#")[0].rpartition(":0x")[2]
    return document, PublicKey(KeyType.ETHEREUM_ACCOUNT, bytes.fromhex(address))


@each_published
def test_a_credential_signed_elsewhere_verifies_by_its_account_only(path: str) -> None:
    document, account = published(path)
    assert verifies(document, account)
    (statement,) = securing.statements(document, SUITES)
    point = ethereum_account.recover(statement.signed, statement.signature)
    assert point is not None
    assert SUITE.verify(statement, PublicKey(KeyType.SECP256K1, point))
    for position in range(20):
        raw = bytearray(account.raw)
        raw[position] ^= 1
        assert not SUITE.verify(statement, PublicKey(KeyType.ETHEREUM_ACCOUNT, bytes(raw)))


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def with_one_character_changed(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in places(document):
        forged = deepcopy(document)
        place: Any = forged
        for key in path[:-1]:
            place = place[key]
        old = place[path[-1]]
        middle = len(old) // 2
        place[path[-1]] = old[:middle] + ("2" if old[middle] != "2" else "3") + old[middle + 1 :]
        yield ".".join(map(str, path)), forged


@each_published
def test_one_changed_character_anywhere_is_noticed(path: str) -> None:
    document, account = published(path)
    for name, forged in with_one_character_changed(document):
        try:
            accepted = verifies(forged, account)
        except JikinError:
            continue  # no longer a proof, a type or a date: refused before any signature is looked at
        assert not accepted, name


OTHER_SUITES = {
    "vectors/did-pkh/vc-eth-eip712vm.jsonld": "Eip712Signature2021",
    "vectors/did-pkh/vc-eth-epsig.jsonld": "EthereumPersonalSignature2021",
}


@pytest.mark.parametrize(("path", "name"), OTHER_SUITES.items())
def test_the_other_suites_of_accounts_are_unknown_and_named(path: str, name: str) -> None:
    with pytest.raises(UnknownSuiteError, match=name):
        securing.statements(published(path)[0], SUITES)


def test_a_credential_whose_proof_options_nobody_signed_is_refused() -> None:
    """Its types leave out the proof, and members of the subject: anybody could change them."""
    document, _ = published("real-samples/eip712/cred2.json")
    with pytest.raises(ProofError, match="proof is not in the type VerifiableCredential") as refused:
        securing.statements(document, SUITES)
    assert refused.value.code == "proof.eip712.unsigned"


# --- what we sign ---


def test_a_secured_badge_is_the_badge_and_one_proof_that_says_what_was_signed() -> None:
    document = secured()
    proof = document["proof"]
    assert {name: value for name, value in document.items() if name != "proof"} == badge()
    assert list(proof) == ["type", "created", "verificationMethod", "proofPurpose", "eip712", "proofValue"]
    assert proof["eip712"]["domain"] == {"name": NAME}
    assert proof["eip712"]["primaryType"] == "Document"
    assert set(proof["eip712"]["types"]) > {"EIP712Domain", "Document", "Proof", "CredentialSubject", "Result"}
    (statement,) = securing.statements(document, SUITES)
    assert statement.form is Form.EIP712
    assert statement.algorithm == NAME
    assert len(statement.signed) == 32
    assert "0x" + statement.signature.hex() == proof["proofValue"]
    assert verifies(document)
    assert credential_digest([statement]) != credential_digest(
        securing.statements(secured(created=1_780_000_001), SUITES)
    )


def test_eth_account_signs_and_recovers_the_same() -> None:
    document = secured()
    proof = document["proof"]
    options = {name: value for name, value in proof.items() if name not in ("eip712", "proofValue")}
    whole = {**proof["eip712"], "message": badge() | {"proof": options}}
    message = encode_typed_data(full_message=whole)
    assert "0x" + Account.sign_message(message, SIGNER.export_secret()).signature.hex() == proof["proofValue"]
    assert Account.recover_message(message, signature=proof["proofValue"]).lower() == f"0x{ACCOUNT.raw.hex()}"


def test_one_changed_character_of_a_badge_of_ours_is_noticed() -> None:
    for name, forged in with_one_character_changed(secured(challenge="c", domain="d", expires=1_790_000_000)):
        assert noticed(forged), name


FORGERIES: dict[str, dict[str, Any]] = {
    "a member more": {"grade": "1급"},
    "a result less": {"credentialSubject": badge()["credentialSubject"] | {"result": []}},
    "a member with null": {"evidence": None},
    "another form of a value": {"validUntil": ["2031-03-01T23:59:59Z"]},
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_badge_is_noticed(change: dict[str, Any]) -> None:
    assert noticed(secured() | change)


def test_members_left_out_are_noticed() -> None:
    document = secured(challenge="c", domain="d")
    for name in document.keys() - {"proof"}:
        assert noticed({member: value for member, value in document.items() if member != name})
    for name in document["proof"].keys() - {"eip712"}:
        proof = {member: value for member, value in document["proof"].items() if member != name}
        assert noticed(document | {"proof": proof})


def test_a_proof_without_typed_data_was_made_with_generated_types() -> None:
    document = secured()
    bare = {name: value for name, value in document["proof"].items() if name != "eip712"}
    assert verifies(document | {"proof": bare})
    older = {**bare, "eip712Domain": {}}
    parts = document["proof"]["eip712"]
    older["eip712Domain"] = {"domain": parts["domain"], "primaryType": "Document", "messageSchema": parts["types"]}
    assert verifies(document | {"proof": older})


def test_the_domain_is_the_issuers_choice() -> None:
    domain = {"name": "Jikin", "version": "1", "chainId": 31337, "verifyingContract": "0x" + "ab" * 20}
    suite = EthereumEip712Signature2021(domain)
    document = dict(securing.secure(badge(), suite, OPTIONS, SIGNER))
    assert verifies(document)
    proof: Any = document["proof"]
    other = proof["eip712"] | {"domain": domain | {"chainId": 1}}
    assert not verifies(document | {"proof": proof | {"eip712": other}})
    bare = {name: value for name, value in proof.items() if name != "eip712"}
    assert not verifies(document | {"proof": bare})
    with pytest.raises(ProofError) as refused:
        securing.secure(badge(), EthereumEip712Signature2021({"owner": "x"}), OPTIONS, SIGNER)
    assert refused.value.code == "proof.eip712.domain"


UNTYPED: dict[str, dict[str, Any]] = {
    "null": {"evidence": None},
    "a fraction": {"score": 0.5},
    "a number too large": {"score": 2**53},
    "an array of different shapes": {"evidence": [{"id": "urn:x:1"}, {"id": "urn:x:1", "name": "x"}]},
    "half a character": {"name": "\ud800"},
}


@pytest.mark.parametrize("change", UNTYPED.values(), ids=UNTYPED.keys())
def test_a_document_without_types_is_not_signed(change: dict[str, Any]) -> None:
    with pytest.raises(ProofError) as refused:
        securing.secure(badge() | change, SUITE, OPTIONS, SIGNER)
    assert refused.value.code == "proof.eip712.value"


def test_a_name_that_could_move_a_border_is_not_signed() -> None:
    with pytest.raises(ProofError) as refused:
        securing.secure(badge() | {"a,string b": "x"}, SUITE, OPTIONS, SIGNER)
    assert refused.value.code == "proof.eip712.types"


def test_it_signs_no_earlier_proofs_and_no_parts() -> None:
    with pytest.raises(ProofError, match="pointers"):
        securing.secure(badge(), SUITE, replace(OPTIONS, mandatory_pointers=("/issuer",)), SIGNER)
    first = securing.secure(badge(), SUITE, replace(OPTIONS, id="urn:x:1"), SIGNER)
    with pytest.raises(ProofError) as refused:
        securing.add(first, SUITE, replace(OPTIONS, previous_proof=("urn:x:1",)), SIGNER)
    assert refused.value.code == "proof.chain"


class WrongSigner:
    def __init__(self, signature: bytes) -> None:
        self.public_key = ACCOUNT
        self._signature = signature

    def sign(self, message: bytes) -> bytes:
        return self._signature


def test_a_signer_of_the_wrong_kind_makes_no_proof() -> None:
    signature = SIGNER.sign(bytes(32))
    for signer in (Ed25519Signer.generate(), WrongSigner(signature[:-1]), WrongSigner(signature[:-1] + b"\0")):
        with pytest.raises(ProofError):
            SUITE.create_proof(badge(), OPTIONS, signer)


def test_a_statement_is_verified_by_its_own_suite_and_form_only() -> None:
    (statement,) = securing.statements(secured(), SUITES)
    for name in SUITES.names:
        assert SUITES.named(name).verify(statement, ACCOUNT) == (name == NAME)
    assert not SUITE.verify(replace(statement, form=Form.DATA_INTEGRITY), ACCOUNT)
    assert not SUITE.verify(replace(statement, algorithm="ES256K"), ACCOUNT)


VALUE = secured()["proof"]["proofValue"]
PARTS = secured()["proof"]["eip712"]
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HIGH = (ORDER - int(VALUE[66:130], 16)).to_bytes(32, "big").hex()
MALFORMED: dict[str, tuple[dict[str, Any], str]] = {
    "another type": ({"type": "Ed25519Signature2020"}, "proof.malformed"),
    "a cryptosuite": ({"cryptosuite": NAME}, "proof.malformed"),
    "a date without zone": ({"created": "2026-05-28T20:26:40"}, "proof.malformed"),
    "no value": ({"proofValue": None}, "proof.malformed"),
    "a value without 0x": ({"proofValue": VALUE[2:]}, "proof.malformed"),
    "a value in capitals": ({"proofValue": "0x" + VALUE[2:].upper()}, "proof.malformed"),
    "a value of 64 bytes": ({"proofValue": VALUE[:-2]}, "proof.malformed"),
    "a value in base58": ({"proofValue": "z2"}, "proof.malformed"),
    "a high s": ({"proofValue": VALUE[:66] + HIGH + ("1b" if VALUE.endswith("1c") else "1c")}, "proof.malformed"),
    "v counted from 0": ({"proofValue": VALUE[:-2] + "00"}, "proof.malformed"),
    "a canonicalizationHash": ({"canonicalizationHash": "00"}, "proof.malformed"),
    "typed data in both places": ({"eip712Domain": PARTS}, "proof.eip712.types"),
    "typed data that is a text": ({"eip712": "https://example.org/x.json"}, "proof.eip712.types"),
    "types by URL": ({"eip712": PARTS | {"types": "https://example.org/types.json"}}, "proof.eip712.types"),
    "the older name in the newer place": (
        {"eip712": {"messageSchema": PARTS["types"], "domain": PARTS["domain"], "primaryType": "Document"}},
        "proof.eip712.types",
    ),
    "a part more": ({"eip712": PARTS | {"message": {}}}, "proof.eip712.types"),
    "no domain": ({"eip712": {"types": PARTS["types"], "primaryType": "Document"}}, "proof.eip712.types"),
    "another primaryType": ({"eip712": PARTS | {"primaryType": "Proof"}}, "proof.eip712.types"),
}


@pytest.mark.parametrize(("changes", "code"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_proof_is_refused(changes: dict[str, Any], code: str) -> None:
    proof = {name: value for name, value in (secured()["proof"] | changes).items() if value is not None}
    with pytest.raises(ProofError) as refused:
        SUITE.statement(badge(), proof)
    assert refused.value.code == code


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SAMPLE = secured()
MEMBERS = st.sampled_from([*SAMPLE["proof"], "eip712Domain", "id", "previousProof", "challenge", "x"])


@given(
    st.dictionaries(MEMBERS, ANYTHING, max_size=3),
    st.dictionaries(st.sampled_from(["name", "issuer", "x"]), ANYTHING, max_size=2),
    st.dictionaries(st.sampled_from(["types", "domain", "primaryType"]), ANYTHING, max_size=1),
)
def test_arbitrary_proofs_are_statements_or_errors_of_ours(
    changes: dict[str, Any], document: dict[str, Any], parts: dict[str, Any]
) -> None:
    proof = SAMPLE["proof"] | {"eip712": PARTS | parts} | changes
    code = code_of(lambda: securing.statements(SAMPLE | document | {"proof": proof}, SUITES))
    assert code is None or code.startswith("proof.")
