"""P-384 and P-256 signatures are those of RFC 6979, and nothing else verifies."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import jwk, multikey
from jikin.dids import key as did_key
from jikin.errors import ValueRefusedError
from jikin.proofs import p256, p384
from jikin.proofs.ecdsa import Curve, EcdsaSigner
from jikin.proofs.p256 import P256Signer
from jikin.proofs.p384 import P384Signer
from jikin.values import KeyType, PublicKey

SIGNER = P384Signer.generate()

# RFC 6979, A.2.5 and A.2.6: private key, and r and s over "sample" and "test" with the hash of the curve's strength.
RFC: dict[str, dict[str, Any]] = {
    "P-256 with SHA-256": {
        "signer": P256Signer,
        "key": "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
        "sample": "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        "test": "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
        "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
    },
    "P-384 with SHA-384": {
        "signer": P384Signer,
        "key": "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5",
        "sample": "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
        "81a648152e44acf96e36dd1e80fabe46"
        "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
        "a329c145786e679e7b82c71a38628ac8",
        "test": "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb"
        "0542a7f0812998da8f1dd3ca3cf023db"
        "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e0"
        "6a739f040649a667bf3b828246baa5a5",
    },
}


@pytest.mark.parametrize("case", RFC.values(), ids=RFC.keys())
def test_signatures_are_those_of_rfc_6979(case: dict[str, Any]) -> None:
    kind: type[EcdsaSigner] = case["signer"]
    signer = kind.from_secret(bytes.fromhex(case["key"]))
    for message in ("sample", "test"):
        assert signer.sign(message.encode()).hex() == case[message]
        assert kind.curve.verify(signer.public_key, message.encode(), bytes.fromhex(case[message]))


@given(st.binary(max_size=100))
def test_what_is_signed_verifies_and_nothing_else(message: bytes) -> None:
    signature = SIGNER.sign(message)
    assert len(signature) == p384.SIGNATURE_BYTES == 96
    assert SIGNER.sign(message) == signature
    assert p384.verify(SIGNER.public_key, message, signature)
    assert not p384.verify(SIGNER.public_key, message + b"x", signature)
    assert not p384.verify(P384Signer.generate().public_key, message, signature)


@pytest.mark.parametrize("signature", [b"", bytes(96), b"\xff" * 96, bytes(95), bytes(97), bytes(64)])
def test_what_is_no_signature_is_false_and_no_failure(signature: bytes) -> None:
    assert not p384.verify(SIGNER.public_key, b"m", signature)


@pytest.mark.parametrize(("curve", "signer"), [(p256.CURVE, P256Signer.generate()), (p384.CURVE, SIGNER)])
def test_keys_of_another_kind_form_or_curve_are_false(curve: Curve, signer: EcdsaSigner) -> None:
    signature, key = signer.sign(b"m"), signer.public_key
    assert curve.verify(key, b"m", signature)
    for other in (KeyType.ED25519, KeyType.P256, KeyType.P384, KeyType.SECP256K1):
        assert curve.verify(PublicKey(other, key.raw), b"m", signature) == (other is key.type)
    no_point = PublicKey(key.type, b"\x02" + b"\xff" * (len(key.raw) - 1))
    assert not curve.verify(no_point, b"m", signature)
    assert not curve.verify(PublicKey(key.type, b""), b"m", signature)
    point = ec.EllipticCurvePublicKey.from_encoded_point(curve.curve, key.raw).public_numbers()
    half = len(key.raw) - 1
    uncompressed = b"\x04" + point.x.to_bytes(half, "big") + point.y.to_bytes(half, "big")
    assert not curve.verify(PublicKey(key.type, uncompressed), b"m", signature)


def test_of_many_signatures_each_one_counts() -> None:
    signer = P256Signer.generate()
    signed = [(message, signer.sign(message)) for message in (b"1", b"2", b"3")]
    assert p256.verify_all(signer.public_key, signed)
    assert p256.verify_all(signer.public_key, [])
    assert not p256.verify_all(signer.public_key, [*signed, (b"4", signed[0][1])])
    assert not p256.verify_all(signer.public_key, [(b"1", signed[1][1]), *signed[1:]])
    assert not p256.verify_all(P256Signer.generate().public_key, signed)


def test_a_key_is_kept_as_48_bytes_and_shows_nothing() -> None:
    secret = SIGNER.export_secret()
    assert len(secret) == 48
    assert P384Signer.from_secret(secret).public_key == SIGNER.public_key
    assert repr(SIGNER) == "P384Signer()"
    for wrong in (b"", bytes(48), b"\xff" * 48, bytes(32), secret + b"\0"):
        with pytest.raises(ValueRefusedError, match="P-384"):
            P384Signer.from_secret(wrong)
    for stranger in (ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate(), None):
        with pytest.raises(ValueRefusedError, match="P-384"):
            P384Signer.of(stranger)
    private = ec.generate_private_key(ec.SECP384R1())
    assert P384Signer.of(private).export_secret() == private.private_numbers().private_value.to_bytes(48, "big")


def test_its_did_is_a_multikey_and_its_jwk_comes_back() -> None:
    did = did_key.did_of(SIGNER.public_key)
    assert did.text.startswith("did:key:z82")
    assert multikey.decode(did.identifier) == SIGNER.public_key
    assert jwk.decode(jwk.encode(SIGNER.public_key)) == SIGNER.public_key
