"""secp256k1 signatures are 64 bytes with the lower s, checked against another implementation and against tampering."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import ValueRefusedError
from jikin.proofs import secp256k1
from jikin.proofs.p256 import P256Signer
from jikin.proofs.secp256k1 import Secp256k1Signer
from jikin.values import KeyType, PublicKey

SIGNER = Secp256k1Signer.generate()
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ALGORITHM = ec.ECDSA(hashes.SHA256())


def halves(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")


def joined(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@given(st.binary(max_size=100))
def test_what_is_signed_verifies_and_nothing_else(message: bytes) -> None:
    signature = SIGNER.sign(message)
    assert len(signature) == secp256k1.SIGNATURE_BYTES
    assert secp256k1.verify(SIGNER.public_key, message, signature)
    assert not secp256k1.verify(SIGNER.public_key, message + b"x", signature)
    assert not secp256k1.verify(Secp256k1Signer.generate().public_key, message, signature)


def test_another_implementation_verifies_ours_and_ours_theirs() -> None:
    theirs = ec.generate_private_key(ec.SECP256K1())
    raw = theirs.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    r, s = decode_dss_signature(theirs.sign(b"m", ALGORITHM))
    assert secp256k1.verify(PublicKey(KeyType.SECP256K1, raw), b"m", joined(r, min(s, ORDER - s)))
    ours = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), SIGNER.public_key.raw)
    ours.verify(encode_dss_signature(*halves(SIGNER.sign(b"m"))), b"m", ALGORITHM)


def test_the_same_signature_with_the_higher_s_is_none() -> None:
    r, s = halves(SIGNER.sign(b"m"))
    assert s <= ORDER // 2
    assert not secp256k1.verify(SIGNER.public_key, b"m", joined(r, ORDER - s))


@pytest.mark.parametrize("signature", [b"", bytes(64), b"\xff" * 64, bytes(63), bytes(65)])
def test_what_is_no_signature_is_false_and_no_failure(signature: bytes) -> None:
    assert not secp256k1.verify(SIGNER.public_key, b"m", signature)


def test_keys_of_another_kind_are_false() -> None:
    signature = SIGNER.sign(b"m")
    assert not secp256k1.verify(P256Signer.generate().public_key, b"m", signature)
    uncompressed = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), SIGNER.public_key.raw).public_bytes(
        Encoding.X962, PublicFormat.UncompressedPoint
    )
    for raw in (b"", bytes(33), b"\x02" + b"\xff" * 32, uncompressed):
        assert not secp256k1.verify(PublicKey(KeyType.SECP256K1, raw), b"m", signature)


def test_a_key_is_kept_as_32_bytes_and_shows_nothing() -> None:
    secret = SIGNER.export_secret()
    assert len(secret) == 32
    assert Secp256k1Signer.from_secret(secret).public_key == SIGNER.public_key
    assert repr(SIGNER) == "Secp256k1Signer()"
    for wrong in (b"", bytes(32), b"\xff" * 32, bytes(33)):
        with pytest.raises(ValueRefusedError) as refused:
            Secp256k1Signer.from_secret(wrong)
        assert refused.value.__cause__ is None
