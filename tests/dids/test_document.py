"""DID documents: the keys that can be used, and documents that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from py_arkworks_bls12381 import G2Point

from jikin.codec import jwk, multibase, multikey
from jikin.dids import accounts
from jikin.dids import document as documents
from jikin.errors import DidError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import Address, Did, DidUrl, KeyType, PublicKey
from tests.codes import code_of

DID = Did("did:web:exam.example")
KEYS = [Ed25519Signer.from_seed(bytes([number]) * 32).public_key for number in range(4)]
TEXTS = [multikey.encode(key) for key in KEYS]
SECP256K1 = PublicKey(KeyType.SECP256K1, PrivateKey(bytes(range(1, 33))).public_key.format())
UNCOMPRESSED = PrivateKey(bytes(range(1, 33))).public_key.format(compressed=False)
G2 = PublicKey(KeyType.BLS12_381_G2, G2Point().to_compressed_bytes())
ADDRESS = Address.parse("0xf3beac30c498d9e26865f34fcaa57dbb935b0d74")
ACCOUNT = PublicKey(KeyType.ETHEREUM_ACCOUNT, ADDRESS.raw)


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


KINDS: dict[str, dict[str, Any]] = {
    "Multikey": {},
    "Ed25519VerificationKey2020": {"type": "Ed25519VerificationKey2020"},
    "JsonWebKey": {"type": "JsonWebKey", "publicKeyMultibase": None, "publicKeyJwk": jwk.encode(KEYS[0])},
    "JsonWebKey2020": {"type": "JsonWebKey2020", "publicKeyMultibase": None, "publicKeyJwk": jwk.encode(KEYS[0])},
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


def point(curve: ec.EllipticCurve, form: PublicFormat) -> bytes:
    return ec.derive_private_key(7, curve).public_key().public_bytes(Encoding.X962, form)


P256 = PublicKey(KeyType.P256, point(ec.SECP256R1(), PublicFormat.CompressedPoint))
P384 = PublicKey(KeyType.P384, point(ec.SECP384R1(), PublicFormat.CompressedPoint))
OTHERS: dict[str, tuple[str, dict[str, Any], PublicKey]] = {
    "secp256k1 in hexadecimal": (
        "EcdsaSecp256k1VerificationKey2019",
        {"publicKeyHex": SECP256K1.raw.hex()},
        SECP256K1,
    ),
    "secp256k1, not compressed": (
        "EcdsaSecp256k1VerificationKey2019",
        {"publicKeyHex": UNCOMPRESSED.hex()},
        SECP256K1,
    ),
    "secp256k1 in base58": (
        "Secp256k1VerificationKey2018",
        {"publicKeyBase58": multibase.encode_base58btc(SECP256K1.raw)},
        SECP256K1,
    ),
    "secp256k1 as a JWK": ("EcdsaSecp256k1VerificationKey2019", {"publicKeyJwk": jwk.encode(SECP256K1)}, SECP256K1),
    "secp256k1 as a Multikey": ("Multikey", {"publicKeyMultibase": multikey.encode(SECP256K1)}, SECP256K1),
    "P-256 as a JWK": ("EcdsaSecp256r1VerificationKey2019", {"publicKeyJwk": jwk.encode(P256)}, P256),
    "P-256, not compressed": (
        "EcdsaSecp256r1VerificationKey2019",
        {"publicKeyBase58": multibase.encode_base58btc(point(ec.SECP256R1(), PublicFormat.UncompressedPoint))},
        P256,
    ),
    "P-384": ("JsonWebKey2020", {"publicKeyJwk": jwk.encode(P384)}, P384),
    "BLS12-381 G2": ("Bls12381G2Key2020", {"publicKeyBase58": multibase.encode_base58btc(G2.raw)}, G2),
    "an account": (
        "EcdsaSecp256k1RecoveryMethod2020",
        {"blockchainAccountId": f"eip155:1:{ADDRESS}"},
        ACCOUNT,
    ),
    "an account with its checksum": (
        "EcdsaSecp256k1RecoveryMethod2020",
        {"blockchainAccountId": f"eip155:31337:{accounts.checksummed(ADDRESS)}"},
        ACCOUNT,
    ),
    "an account in the form of before": (
        "EcdsaSecp256k1RecoveryMethod2020",
        {"blockchainAccountId": f"{ADDRESS}@eip155:1"},
        ACCOUNT,
    ),
    "an address": ("EcdsaSecp256k1RecoveryMethod2020", {"ethereumAddress": str(ADDRESS)}, ACCOUNT),
    "an account by its key": (
        "EcdsaSecp256k1RecoveryMethod2020",
        {"publicKeyHex": SECP256K1.raw.hex()},
        SECP256K1,
    ),
    "one key in two notations": (
        "Ed25519VerificationKey2018",
        {"publicKeyBase58": multibase.encode_base58btc(KEYS[1].raw), "publicKeyJwk": jwk.encode(KEYS[1])},
        KEYS[1],
    ),
}


@pytest.mark.parametrize(("type", "members", "key"), OTHERS.values(), ids=OTHERS.keys())
def test_every_notation_of_a_key_is_read(type: str, members: dict[str, Any], key: PublicKey) -> None:
    (found,) = documents.read(
        DID, with_methods(method(0, **({"publicKeyMultibase": None, "type": type} | members)))
    ).methods
    assert found.public_key == key


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
    "an RSA key": {
        "type": "JsonWebKey2020",
        "publicKeyMultibase": None,
        "publicKeyJwk": {"kty": "RSA", "n": "AA", "e": "AQAB"},
    },
    "two keys at once": {
        "type": "Ed25519VerificationKey2018",
        "publicKeyBase58": multibase.encode_base58btc(KEYS[2].raw),
    },
    "a private key, which is none any more": {
        "type": "JsonWebKey",
        "publicKeyMultibase": None,
        "publicKeyJwk": {**jwk.encode(KEYS[0]), "d": multibase.encode_base64url(bytes(32))},
    },
    "an Ed25519 key that is no point": {"publicKeyMultibase": multibase.encode(b"\xed\x01" + bytes(32))},
    "a P-256 key off its curve": {"publicKeyMultibase": multibase.encode(b"\x80\x24\x02" + b"\xff" * 32)},
    "a point at infinity": {"publicKeyMultibase": multibase.encode(b"\xeb\x01\xc0" + bytes(95))},
    "a secp256k1 key called P-256": {
        "type": "EcdsaSecp256r1VerificationKey2019",
        "publicKeyMultibase": None,
        "publicKeyJwk": jwk.encode(SECP256K1),
    },
    "no hexadecimal": {
        "type": "EcdsaSecp256k1VerificationKey2019",
        "publicKeyMultibase": None,
        "publicKeyHex": "xx",
    },
    "an account of a mistyped address": {
        "type": "EcdsaSecp256k1RecoveryMethod2020",
        "publicKeyMultibase": None,
        "blockchainAccountId": "eip155:1:0xF3beac30c498d9e26865f34fcaa57dbb935b0d74",
    },
    "an account of another kind of chain": {
        "type": "EcdsaSecp256k1RecoveryMethod2020",
        "publicKeyMultibase": None,
        "blockchainAccountId": "bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6",
    },
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
    st.dictionaries(
        st.sampled_from(["id", "type", "controller", "publicKeyMultibase", "publicKeyJwk", "publicKeyBase58"]), ANYTHING
    )
    | st.fixed_dictionaries(
        {"type": st.sampled_from(sorted({kind for kind, _, _ in OTHERS.values()}))},
        optional={
            name: ANYTHING | st.text("0123456789abcdefx:@ei", max_size=66)
            for name in ("publicKeyHex", "blockchainAccountId", "ethereumAddress", "publicKeyBase58", "publicKeyJwk")
        },
    ),
)
MEMBERS = st.dictionaries(
    st.sampled_from(["verificationMethod", "assertionMethod", "authentication", "keyAgreement"]),
    ANYTHING | st.lists(METHODS | ANYTHING, max_size=3),
)


@given(MEMBERS)
def test_arbitrary_documents_are_read_or_errors_of_ours(members: dict[str, Any]) -> None:
    document = {"id": str(DID), **members}
    assert (code_of(documents.read, DID, document) or "did.").startswith("did.")
