"""Points of the curves: which bytes can be a key, and how a key is written in another way."""

from __future__ import annotations

import pytest
from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey
from py_arkworks_bls12381 import G2Point

from jikin.codec import points
from jikin.values import KeyType, PublicKey
from tests.codes import code_of


def elliptic(curve: ec.EllipticCurve, form: PublicFormat = PublicFormat.CompressedPoint) -> bytes:
    return ec.derive_private_key(7, curve).public_key().public_bytes(Encoding.X962, form)


KEYS = {
    KeyType.ED25519: bytes(SigningKey(bytes(32)).verify_key),
    KeyType.P256: elliptic(ec.SECP256R1()),
    KeyType.P384: elliptic(ec.SECP384R1()),
    KeyType.SECP256K1: PrivateKey(bytes([7]) * 32).public_key.format(),
    KeyType.BLS12_381_G2: G2Point().to_compressed_bytes(),
    KeyType.ML_DSA_44: bytes(1312),
    KeyType.ETHEREUM_ACCOUNT: bytes(20),
}


@pytest.mark.parametrize(("type", "raw"), KEYS.items(), ids=lambda value: getattr(value, "value", ""))
def test_a_key_is_one(type: KeyType, raw: bytes) -> None:
    points.check(PublicKey(type, raw))


SMALL_ORDER = {
    "zero": bytes(32),
    "one": b"\x01" + bytes(31),
    "a point of order eight": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    "an encoding that is not canonical": b"\xee" + b"\xff" * 30 + b"\x7f",
}


@pytest.mark.parametrize("raw", SMALL_ORDER.values(), ids=SMALL_ORDER.keys())
def test_a_point_that_fits_many_messages_is_no_key(raw: bytes) -> None:
    key = PublicKey(KeyType.ED25519, raw)
    assert code_of(points.check, key) == "codec.point"
    assert code_of(points.x25519_of, key) == "codec.point"


INFINITY = {
    "the point at infinity": b"\xc0" + bytes(95),
    "infinity, written otherwise": b"\xc0" + bytes(94) + b"\x01",
    "a point that is not compressed": bytes(96),
}


@pytest.mark.parametrize("raw", INFINITY.values(), ids=INFINITY.keys())
def test_no_key_lies_at_infinity(raw: bytes) -> None:
    assert code_of(points.check, PublicKey(KeyType.BLS12_381_G2, raw)) == "codec.point"


def test_a_point_outside_the_group_is_no_key() -> None:
    found = None
    for number in range(1, 50):  # on the curve, but of another order: the cofactor of G2 is large
        raw = b"\x80" + bytes(94) + bytes([number])
        try:
            point = G2Point.from_compressed_bytes_unchecked(raw)
        except ValueError:
            continue
        if not point.is_in_subgroup():
            found = raw
            break
    assert found is not None
    assert code_of(points.check, PublicKey(KeyType.BLS12_381_G2, found)) == "codec.point"


@given(st.sampled_from(list(KEYS)), st.binary(max_size=100))
def test_arbitrary_bytes_are_a_key_or_refused(type: KeyType, raw: bytes) -> None:
    assert code_of(points.check, PublicKey(type, raw)) in {None, "codec.point"}
    assert code_of(points.compressed, type, raw) in {None, "codec.point"}


@pytest.mark.parametrize("type", [KeyType.P256, KeyType.P384, KeyType.SECP256K1], ids=lambda kind: kind.value)
def test_the_other_point_of_the_same_abscissa_is_another_key(type: KeyType) -> None:
    raw = bytes([KEYS[type][0] ^ 1]) + KEYS[type][1:]
    assert points.compressed(type, raw) != points.compressed(type, KEYS[type])


def test_a_point_that_is_not_compressed_is_the_same_key() -> None:
    whole = PrivateKey(bytes([7]) * 32).public_key.format(compressed=False)
    assert points.compressed(KeyType.SECP256K1, whole).raw == KEYS[KeyType.SECP256K1]
    assert points.uncompressed(PublicKey(KeyType.SECP256K1, KEYS[KeyType.SECP256K1])) == whole
    p256 = elliptic(ec.SECP256R1(), PublicFormat.UncompressedPoint)
    assert points.compressed(KeyType.P256, p256).raw == KEYS[KeyType.P256]
    for forged in (whole[:-1] + bytes([whole[-1] ^ 2]), b"\x04" + bytes(64), b"\x05" + whole[1:]):
        assert code_of(points.compressed, KeyType.SECP256K1, forged) == "codec.point"


def test_a_key_without_whole_form_is_refused() -> None:
    assert code_of(points.uncompressed, PublicKey(KeyType.P384, KEYS[KeyType.P384])) == "codec.point"


def test_the_agreement_key_is_that_of_the_same_secret() -> None:
    signing = SigningKey(bytes(range(32)))
    agreed = X25519PrivateKey.from_private_bytes(bytes(signing.to_curve25519_private_key())).public_key()
    key = PublicKey(KeyType.ED25519, bytes(signing.verify_key))
    assert points.x25519_of(key) == agreed.public_bytes(Encoding.Raw, PublicFormat.Raw)
