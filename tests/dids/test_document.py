"""DID documents: the keys that can be used, and documents that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.codec import multibase, multikey
from jikin.dids import document as documents
from jikin.errors import DidError
from jikin.values import Did, DidUrl, KeyType, PublicKey
from tests.codes import code_of

DID = Did("did:web:exam.example")
KEYS = [PublicKey(KeyType.ED25519, bytes([number]) * 32) for number in range(4)]
TEXTS = [multikey.encode(key) for key in KEYS]


def method(number: int, **changes: Any) -> dict[str, Any]:
    base = {
        "id": f"{DID}#key-{number}",
        "type": "Multikey",
        "controller": str(DID),
        "publicKeyMultibase": TEXTS[number],
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


def with_methods(*methods: Any, **members: Any) -> dict[str, Any]:
    return {"@context": "https://www.w3.org/ns/did/v1", "id": str(DID), "verificationMethod": list(methods), **members}


def test_listed_referenced_and_embedded_methods_get_their_relationships() -> None:
    document = documents.read(
        DID,
        with_methods(
            method(0),
            method(1, id="#key-1"),
            method(2),
            assertionMethod=[f"{DID}#key-0", "#key-1", method(3)],
            authentication=["#key-0", f"{DID}#key-1", "did:web:other.example#key", "#none"],
        ),
    )
    found = {found.id.fragment: found for found in document.methods}
    assert {name: found.public_key for name, found in found.items()} == {f"key-{n}": KEYS[n] for n in range(4)}
    assert found["key-0"].relationships == {"assertionMethod", "authentication"}
    assert found["key-1"].relationships == {"assertionMethod", "authentication"}
    assert found["key-2"].relationships == frozenset()
    assert found["key-3"].relationships == {"assertionMethod"}
    assert document.method(DidUrl(f"{DID}#key-3")) is found["key-3"]
    assert document.method(DidUrl(f"{DID}#none")) is None


def jwk(raw: bytes) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": multibase.encode_base64url(raw)}


KINDS: dict[str, dict[str, Any]] = {
    "Multikey": {},
    "Ed25519VerificationKey2020": {"type": "Ed25519VerificationKey2020"},
    "JsonWebKey": {"type": "JsonWebKey", "publicKeyMultibase": None, "publicKeyJwk": jwk(KEYS[0].raw)},
    "JsonWebKey2020": {"type": "JsonWebKey2020", "publicKeyMultibase": None, "publicKeyJwk": jwk(KEYS[0].raw)},
    "Ed25519VerificationKey2018": {
        "type": "Ed25519VerificationKey2018",
        "publicKeyMultibase": None,
        "publicKeyBase58": multibase.encode_base58btc(KEYS[0].raw),
    },
}


@pytest.mark.parametrize("changes", KINDS.values(), ids=KINDS.keys())
def test_each_kind_of_method_gives_its_key(changes: dict[str, Any]) -> None:
    (found,) = documents.read(DID, with_methods(method(0, **changes))).methods
    assert found.public_key == KEYS[0]
    assert found.controller == DID


UNUSABLE: dict[str, dict[str, Any]] = {
    "an unknown type": {"type": "RsaVerificationKey2018"},
    "a list of types": {"type": ["Multikey"]},
    "no key": {"publicKeyMultibase": None},
    "a key that is no text": {"publicKeyMultibase": 5},
    "a key of another kind": {"publicKeyMultibase": "z6LSbgq3GejX88eiAYWmZ9EiddS3GaXodvm8MJJyEH7bqXgz"},
    "a P-256 key called Ed25519": {
        "type": "Ed25519VerificationKey2020",
        "publicKeyMultibase": multikey.encode(PublicKey(KeyType.P256, b"\x02" + bytes(32))),
    },
    "a base58 key cut short": {"type": "Ed25519VerificationKey2018", "publicKeyBase58": "111"},
    "a JWK that is none": {"type": "JsonWebKey", "publicKeyJwk": {"kty": "RSA"}},
    "another DID's method": {"id": "did:web:other.example#key-0"},
    "an id without fragment": {"id": str(DID)},
}


@pytest.mark.parametrize("changes", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_methods_that_cannot_be_used_are_left_out_and_the_others_stay(changes: dict[str, Any]) -> None:
    document = documents.read(DID, with_methods(method(0, **changes), method(1)))
    assert [found.public_key for found in document.methods] == [KEYS[1]]


BROKEN = {
    "another DID's document": (with_methods(method(0)) | {"id": "did:web:exam.example.evil"}, "did.document-id"),
    "a document in other letters": (with_methods(method(0)) | {"id": "did:web:EXAM.example"}, "did.document-id"),
    "a document without id": ({"verificationMethod": [method(0)]}, "did.document-id"),
    "two methods of one id": (with_methods(method(0), method(1, id=f"{DID}#key-0")), "did.duplicate-method"),
    "two methods of one id, once relative": (with_methods(method(0), method(1, id="#key-0")), "did.duplicate-method"),
    "a listed and an embedded method of one id": (
        with_methods(method(0), assertionMethod=[method(1, id=f"{DID}#key-0")]),
        "did.duplicate-method",
    ),
    "two embedded methods of one id": (
        with_methods(assertionMethod=[method(0)], authentication=[method(0)]),
        "did.duplicate-method",
    ),
    "an unusable method of the same id": (
        with_methods(method(0), method(1, id="#key-0", type="Other")),
        "did.duplicate-method",
    ),
    "methods that are no array": (with_methods() | {"verificationMethod": method(0)}, "did.document"),
    "a relationship that is no array": (with_methods(method(0), assertionMethod="#key-0"), "did.document"),
    "a method that is a text": (with_methods("#key-0"), "did.document"),
    "a method without id": (with_methods(method(0, id=None)), "did.document"),
    "a method with an id that is none": (with_methods(method(0, id="key-0")), "did.document"),
    "a method without controller": (with_methods(method(0, controller=None)), "did.document"),
    "a method with a controller that is none": (with_methods(method(0, controller="me")), "did.document"),
    "two hundred methods": (with_methods(*[method(0, id=f"#{number}") for number in range(200)]), "did.document"),
}


@pytest.mark.parametrize(("document", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_document_is_refused(document: dict[str, Any], code: str) -> None:
    with pytest.raises(DidError) as refused:
        documents.read(DID, document)
    assert refused.value.code == code


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([*TEXTS, "#key-0", str(DID)]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "controller", "publicKeyMultibase", "publicKeyJwk", "publicKeyBase58", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
METHODS = st.builds(
    lambda number, changes: method(number, **changes),
    st.integers(0, 3),
    st.dictionaries(st.sampled_from(["id", "type", "controller", "publicKeyMultibase", "publicKeyJwk"]), ANYTHING),
)
MEMBERS = st.dictionaries(
    st.sampled_from(["verificationMethod", "assertionMethod", "authentication", "keyAgreement"]),
    ANYTHING | st.lists(METHODS | ANYTHING, max_size=3),
)


@settings(max_examples=300)
@given(MEMBERS)
def test_arbitrary_documents_are_read_or_errors_of_ours(members: dict[str, Any]) -> None:
    document = {"id": str(DID), **members}
    assert (code_of(documents.read, DID, document) or "did.").startswith("did.")
