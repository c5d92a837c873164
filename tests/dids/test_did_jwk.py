"""A did:jwk is its key: it resolves without a network, and what is no public key is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import jwk, multibase
from jikin.dids import document as documents
from jikin.dids import jwk as did_jwk
from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import NoFetch
from jikin.errors import DidError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.p256 import P256Signer
from jikin.values import Did, KeyType, PublicKey
from tests.codes import code_of

METHODS = standard_methods()
# The example of the did:jwk specification (P-256).
EXAMPLE = (
    "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAi"
    "LCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9"
)


def did(members: Any) -> Did:
    return Did(f"did:jwk:{multibase.encode_base64url(json.dumps(members).encode())}")


def derived(curve: ec.EllipticCurve) -> bytes:
    key = ec.derive_private_key(7, curve).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def code(value: Did) -> str | None:
    return code_of(METHODS.resolve, value, NoFetch())


def test_the_example_of_the_specification_resolves() -> None:
    found = METHODS.resolve(Did(EXAMPLE), NoFetch())
    (method,) = found.methods
    assert str(method.id) == f"{EXAMPLE}#0"
    assert method.controller == Did(EXAMPLE)
    assert {"assertionMethod", "authentication"} <= method.relationships
    assert found.document["id"] == EXAMPLE
    assert documents.read(Did(EXAMPLE), found.document).methods == found.methods


def test_a_key_comes_back_from_its_did() -> None:
    for signer in (Ed25519Signer.generate(), P256Signer.generate()):
        found = METHODS.resolve(did_jwk.did_of(signer.public_key), NoFetch())
        assert found.methods[0].public_key == signer.public_key


SIGNING = {"assertionMethod", "authentication", "capabilityInvocation", "capabilityDelegation"}
USES: dict[str | None, set[str]] = {
    "sig": SIGNING,
    "enc": {"keyAgreement"},
    None: {*SIGNING, "keyAgreement"},
}


@pytest.mark.parametrize(("use", "roles"), USES.items(), ids=[str(use) for use in USES])
def test_the_use_of_a_key_decides_its_roles(use: str | None, roles: set[str]) -> None:
    members = jwk.encode(P256Signer.generate().public_key)
    found = METHODS.resolve(did(members if use is None else {**members, "use": use}), NoFetch())
    assert found.methods[0].relationships == roles
    assert {name for name in found.document if name in {*SIGNING, "keyAgreement"}} == roles


@pytest.mark.parametrize(
    "key",
    [
        PublicKey(KeyType.P384, derived(ec.SECP384R1())),
        PublicKey(KeyType.SECP256K1, derived(ec.SECP256K1())),
    ],
    ids=lambda key: key.type.value,
)
def test_every_kind_of_key_with_a_jwk_has_a_did(key: PublicKey) -> None:
    assert METHODS.resolve(did_jwk.did_of(key), NoFetch()).methods[0].public_key == key


def test_a_key_that_agrees_on_secrets_is_shown_and_verifies_nothing() -> None:
    members = {"kty": "OKP", "crv": "X25519", "use": "enc", "x": multibase.encode_base64url(bytes(range(32)))}
    for shown in (members, {name: value for name, value in members.items() if name != "use"}):
        found = METHODS.resolve(did(shown), NoFetch())
        assert found.methods == ()
        assert found.document["verificationMethod"][0]["publicKeyJwk"] == shown  # type: ignore[index]
        assert "keyAgreement" in found.document
        assert "assertionMethod" not in found.document


def test_a_bls_key_is_shown_and_verifies_nothing() -> None:
    found = METHODS.resolve(did({"kty": "OKP", "crv": "Bls12381G2", "x": "AA"}), NoFetch())
    assert found.methods == ()
    assert "assertionMethod" in found.document


def test_a_private_key_is_refused_and_not_repeated() -> None:
    signer = Ed25519Signer.generate()
    secret = multibase.encode_base64url(signer.export_seed())
    with pytest.raises(DidError) as caught:
        METHODS.resolve(did({**jwk.encode(signer.public_key), "d": secret}), NoFetch())
    assert secret not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Did("did:jwk:AAAA"), "did.invalid"),
        (Did("did:jwk:eyJ9"), "did.invalid"),
        (did([]), "did.invalid"),
        (did({}), "did.unsupported-public-key-type"),
        (did({"kty": "oct", "k": "AA"}), "did.invalid"),
        (did({"kty": "RSA", "n": "AA", "e": "AQAB"}), "did.invalid"),
        (did({"kty": "RSA", "n": "AQAB", "e": "AQAB"}), "did.unsupported-public-key-type"),
        (did({"kty": "OKP", "crv": "Ed25519", "x": "AA"}), "did.invalid"),
        (did({"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}), "did.invalid"),
        (did({"kty": "OKP", "crv": ["Ed25519"], "x": "A" * 43}), "did.unsupported-public-key-type"),
        (did({"kty": "OKP", "crv": "X25519", "x": "AA", "d": "AA"}), "did.invalid"),
        (did({"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}), "did.invalid"),
    ],
)
def test_what_is_no_key_is_refused(value: Did, expected: str) -> None:
    assert code(value) == expected


MEMBERS = st.dictionaries(
    st.sampled_from(["kty", "crv", "x", "y", "use", "alg"]),
    st.sampled_from(["OKP", "EC", "X25519", "Ed25519", "P-256", "AAAA", "enc", None, 1, [], {}]),
)


@given(MEMBERS)
def test_no_jwk_raises_anything_but_a_refusal(members: dict[str, Any]) -> None:
    assert (code(did(members)) or "did.").startswith("did.")


@given(st.text("abcdefXYZ0123456789-_", min_size=1, max_size=60))
def test_no_identifier_raises_anything_but_a_refusal(text: str) -> None:
    assert (code(Did(f"did:jwk:{text}")) or "did.").startswith("did.")
