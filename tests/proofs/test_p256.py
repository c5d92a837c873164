"""P-256 signatures are 64 bytes, checked against another implementation's vectors and against tampering."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import jwk, multibase, multikey
from jikin.dids import key as did_key
from jikin.errors import CodecError, ValueRefusedError
from jikin.proofs import p256
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.p256 import P256Signer
from jikin.values import KeyType, PublicKey

SIGNER = P256Signer.generate()

# RFC 7515, appendix A.3: the signing input, the key and the signature of an ES256 example.
RFC_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
RFC_SECRET = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
RFC_SIGNED = (
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
    "Ijp0cnVlfQ"
)
RFC_SIGNATURE = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"


def test_the_example_of_rfc_7515_verifies() -> None:
    key = jwk.decode(RFC_KEY)
    assert p256.verify(key, RFC_SIGNED.encode(), multibase.decode_base64url(RFC_SIGNATURE))
    assert P256Signer.from_secret(multibase.decode_base64url(RFC_SECRET)).public_key == key
    assert jwk.encode(key) == RFC_KEY


@given(st.binary(max_size=100))
def test_what_is_signed_verifies_and_nothing_else(message: bytes) -> None:
    signature = SIGNER.sign(message)
    assert len(signature) == p256.SIGNATURE_BYTES
    assert p256.verify(SIGNER.public_key, message, signature)
    assert not p256.verify(SIGNER.public_key, message + b"x", signature)
    assert not p256.verify(P256Signer.generate().public_key, message, signature)


@pytest.mark.parametrize("signature", [b"", bytes(64), b"\xff" * 64, bytes(63), bytes(65)])
def test_what_is_no_signature_is_false_and_no_failure(signature: bytes) -> None:
    assert not p256.verify(SIGNER.public_key, b"m", signature)


def test_keys_of_another_kind_are_false() -> None:
    signature = SIGNER.sign(b"m")
    assert not p256.verify(Ed25519Signer.generate().public_key, b"m", signature)
    assert not p256.verify(PublicKey(KeyType.P256, b"\x02" + b"\xff" * 32), b"m", signature)
    assert not p256.verify(PublicKey(KeyType.P256, b""), b"m", signature)


def test_a_key_is_kept_as_32_bytes_and_shows_nothing() -> None:
    secret = SIGNER.export_secret()
    assert len(secret) == 32
    assert P256Signer.from_secret(secret).public_key == SIGNER.public_key
    assert repr(SIGNER) == "P256Signer()"
    for wrong in (b"", bytes(32), b"\xff" * 32, bytes(33)):
        with pytest.raises(ValueRefusedError):
            P256Signer.from_secret(wrong)
    with pytest.raises(ValueRefusedError):
        P256Signer.of(ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(ValueRefusedError):
        P256Signer.of(ed25519.Ed25519PrivateKey.generate())


def test_its_did_is_a_multikey_and_its_jwk_comes_back() -> None:
    did = did_key.did_of(SIGNER.public_key)
    assert did.text.startswith("did:key:zDn")
    assert multikey.decode(did.identifier) == SIGNER.public_key
    for signer in (SIGNER, Ed25519Signer.generate()):
        assert jwk.decode(jwk.encode(signer.public_key)) == signer.public_key


def test_a_key_without_jwk_is_refused() -> None:
    for key in (PublicKey(KeyType.BLS12_381_G2, bytes(96)), PublicKey(KeyType.P256, b"\x02" + b"\xff" * 32)):
        with pytest.raises(CodecError):
            jwk.encode(key)
