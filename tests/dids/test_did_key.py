"""did:key: the key follows from the DID, as in the published documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import jwk, multibase
from jikin.dids import document as documents
from jikin.dids.document import RELATIONSHIPS
from jikin.dids.key import did_of
from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import NoFetch
from jikin.errors import DidError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Did, DidUrl, KeyType, PublicKey
from tests.codes import code_of
from tests.shared_standards import standards

METHODS = standard_methods()
VECTORS = standards() / "vectors" / "did-key"


def published() -> dict[str, dict[str, Any]]:
    """Return every DID document in the vectors, by its DID."""
    found: dict[str, dict[str, Any]] = {}

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if str(value.get("id", "")).startswith("did:key:") and "#" not in value["id"]:
                found[value["id"]] = value
            for inner in value.values():
                walk(inner)

    for file in sorted(VECTORS.rglob("*.json")):
        walk(json.loads(file.read_bytes()))
    return found


PUBLISHED = published()
# X25519 agrees on keys and signs nothing; keys wrapped as jwk_jcs are of a kind that Jikin has no suite for.
UNSUPPORTED = {did for did in PUBLISHED if did.startswith(("did:key:z6LS", "did:key:z2dm"))}
SUPPORTED = sorted(PUBLISHED.keys() - UNSUPPORTED)


def test_the_vectors_hold_all_kinds() -> None:
    kinds = {METHODS.resolve(Did(did), NoFetch()).methods[0].public_key.type for did in SUPPORTED}
    points = {KeyType.P256, KeyType.P384, KeyType.P521, KeyType.SECP256K1, KeyType.BLS12_381_G2}
    assert kinds == {KeyType.ED25519, *points}
    assert (len(SUPPORTED), len(UNSUPPORTED)) == (18, 2)


def methods_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return every verification method of a document, listed or embedded, by its id."""
    members = ("verificationMethod", "publicKey", "keyAgreement")
    listed = (entry for member in members for entry in document.get(member, []) if isinstance(entry, dict))
    return {entry["id"]: entry for entry in listed}


def raw_of(method: dict[str, Any]) -> bytes:
    """Return the bytes of the key of a method, whatever its notation."""
    if "publicKeyBase58" in method:
        return multibase.decode_base58btc(method["publicKeyBase58"])
    if "publicKeyMultibase" in method:
        return multibase.decode(method["publicKeyMultibase"])[2:]
    if method["publicKeyJwk"]["kty"] == "OKP":
        return multibase.decode_base64url(method["publicKeyJwk"]["x"])
    return jwk.decode(method["publicKeyJwk"]).raw


@pytest.mark.parametrize("did", SUPPORTED)
def test_the_document_has_the_keys_ids_and_relationships_of_the_published_one(did: str) -> None:
    ours, theirs = dict(METHODS.resolve(Did(did), NoFetch()).document), PUBLISHED[did]
    for name, published in methods_of(theirs).items():
        assert raw_of(methods_of(ours)[name]) == raw_of(published)
    for role in RELATIONSHIPS:
        ids = [entry["id"] if isinstance(entry, dict) else entry for entry in theirs.get(role, [])]
        of_agreement = [name for name in ids if "#z6LS" in name]
        wanted = of_agreement if role == "keyAgreement" else ids
        assert not wanted or ours[role] == wanted


@pytest.mark.parametrize("did", SUPPORTED)
def test_the_key_is_that_of_the_published_document(did: str) -> None:
    resolved = METHODS.resolve(Did(did), NoFetch())
    (method,) = resolved.methods
    assert method.id == DidUrl(f"{did}#{did.removeprefix('did:key:')}")
    assert method.controller == Did(did)
    assert method.relationships == {
        "assertionMethod",
        "authentication",
        "capabilityInvocation",
        "capabilityDelegation",
    }
    theirs = documents.read(Did(did), PUBLISHED[did]).method(method.id)
    assert theirs is None or theirs.public_key == method.public_key


@pytest.mark.parametrize("did", sorted(UNSUPPORTED))
def test_kinds_of_key_that_verify_nothing_here_are_named(did: str) -> None:
    assert code_of(METHODS.resolve, Did(did), NoFetch()) == "did.unsupported-public-key-type"


def test_the_document_reads_like_any_other() -> None:
    did = Did(SUPPORTED[0])
    resolved = METHODS.resolve(did, NoFetch())
    assert documents.read(did, resolved.document) == resolved


WRONG = {
    "too short": ("did:key:" + multibase.encode(b"\xed\x01" + bytes(31)), "did.invalid-public-key-length"),
    "no multibase": ("did:key:abc", "did.invalid"),
    "base64url": ("did:key:" + multibase.encode(b"\xed\x01" + bytes(32), "u"), "did.invalid"),
    "with a version": ("did:key:1.1:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "did.invalid"),
    "a letter that base58 has not": ("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do0", "did.invalid"),
    "another method": ("did:example:123", "did.method-not-supported"),
}


@pytest.mark.parametrize(("did", "code"), WRONG.values(), ids=WRONG.keys())
def test_another_text_is_no_did_key(did: str, code: str) -> None:
    with pytest.raises(DidError) as refused:
        METHODS.resolve(Did(did), NoFetch())
    assert refused.value.code == code


@given(st.binary(min_size=32, max_size=32))
def test_every_ed25519_key_has_a_did(seed: bytes) -> None:
    key = Ed25519Signer.from_seed(seed).public_key
    (method,) = METHODS.resolve(did_of(key), NoFetch()).methods
    assert method.public_key == key


OFF_CURVE = {
    KeyType.ED25519: b"\xff" * 32,
    KeyType.P256: b"\x02" + b"\xff" * 32,
    KeyType.P384: b"\x03" + b"\xff" * 48,
    KeyType.SECP256K1: b"\x02" + b"\xff" * 32,
    KeyType.BLS12_381_G2: b"\x80" + b"\x01" * 95,
}


@pytest.mark.parametrize(("type", "raw"), OFF_CURVE.items(), ids=lambda value: getattr(value, "value", ""))
def test_bytes_that_are_no_point_of_the_curve_are_no_key(type: KeyType, raw: bytes) -> None:
    assert code_of(METHODS.resolve, did_of(PublicKey(type, raw)), NoFetch()) == "did.invalid-public-key"


def test_a_post_quantum_key_is_its_did() -> None:
    key = PublicKey(KeyType.ML_DSA_44, bytes(range(256)) * 5 + bytes(32))
    (method,) = METHODS.resolve(did_of(key), NoFetch()).methods
    assert method.public_key == key


def test_a_version_is_the_one_that_there_is() -> None:
    text = SUPPORTED[0].removeprefix("did:key:")
    did = Did(f"did:key:1:{text}")
    (method,) = METHODS.resolve(did, NoFetch()).methods
    assert method.id == DidUrl(f"{did}#{text}")
    for version in ("0", "2", "-4", "1.1", "x", ""):
        assert code_of(METHODS.resolve, Did(f"did:key:{version}:{text}"), NoFetch()) == "did.invalid"


# --- the form of the key ---

ED25519 = Did("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
P256 = Did("did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv")
FORMS = {
    "Multikey": ("Multikey", "Multikey"),
    "JsonWebKey": ("JsonWebKey", "JsonWebKey"),
    "JsonWebKey2020": ("JsonWebKey2020", "JsonWebKey2020"),
    "Ed25519VerificationKey2020": ("Ed25519VerificationKey2020", "X25519KeyAgreementKey2020"),
}


@pytest.mark.parametrize(("form", "types"), FORMS.items())
def test_the_key_is_shown_in_the_form_that_is_asked_for(form: str, types: tuple[str, str]) -> None:
    found = METHODS.resolve(ED25519, NoFetch(), {"publicKeyFormat": form})
    shown = methods_of(dict(found.document))
    assert tuple(method["type"] for method in shown.values()) == types
    assert documents.read(ED25519, found.document) == found
    plain = METHODS.resolve(ED25519, NoFetch())
    assert found.methods == plain.methods
    assert list(shown) == list(methods_of(dict(plain.document)))


def test_the_key_to_agree_with_can_be_left_out() -> None:
    found = METHODS.resolve(ED25519, NoFetch(), {"enableEncryptionKeyDerivation": "false"})
    assert "keyAgreement" not in found.document
    assert len(methods_of(dict(found.document))) == 1


REFUSED_FORMS = {
    "a form that nobody knows": (ED25519, "unknown", "did.unsupported-public-key-type"),
    "a form that is not made any more": (ED25519, "Ed25519VerificationKey2018", "did.invalid-public-key-type"),
    "a form for agreement alone": (ED25519, "X25519KeyAgreementKey2020", "did.invalid-public-key-type"),
    "a form of another kind of key": (P256, "Ed25519VerificationKey2020", "did.invalid-public-key-type"),
    "a JWK of a key that has none": (
        did_of(PublicKey(KeyType.ML_DSA_44, bytes(1312))),
        "JsonWebKey",
        "did.invalid-public-key-type",
    ),
}


@pytest.mark.parametrize(("did", "form", "code"), REFUSED_FORMS.values(), ids=REFUSED_FORMS.keys())
def test_a_form_that_does_not_fit_is_refused(did: Did, form: str, code: str) -> None:
    assert code_of(METHODS.resolve, did, NoFetch(), {"publicKeyFormat": form}) == code


def test_a_key_has_no_versions() -> None:
    assert code_of(METHODS.resolve, ED25519, NoFetch(), {"versionId": "1"}) == "did.options"


@given(st.from_regex(r"z[1-9A-Za-z]{0,60}", fullmatch=True))
def test_arbitrary_did_keys_are_documents_or_errors_of_ours(text: str) -> None:
    assert (code_of(METHODS.resolve, Did(f"did:key:{text}"), NoFetch()) or "did.").startswith("did.")
