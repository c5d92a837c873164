"""Ed25519: strict, and the same as an independent implementation."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import ValueRefusedError
from jikin.proofs import ed25519
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.values import KeyType, PublicKey

ORDER = 2**252 + 27742317777372353535851937790883648493

# RFC 8032, section 7.1, test 3.
SEED = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
PUBLIC = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
SIGNATURE = (
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
)


def test_the_rfc_vector_comes_out() -> None:
    signer = Ed25519Signer.from_seed(bytes.fromhex(SEED))
    assert signer.public_key == PublicKey(KeyType.ED25519, bytes.fromhex(PUBLIC))
    assert signer.sign(b"\xaf\x82").hex() == SIGNATURE
    assert ed25519.verify(signer.public_key, b"\xaf\x82", bytes.fromhex(SIGNATURE))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100))
def test_signatures_are_those_of_an_independent_implementation(seed: bytes, message: bytes) -> None:
    ours, other = Ed25519Signer.from_seed(seed), Ed25519PrivateKey.from_private_bytes(seed)
    assert ours.public_key.raw == other.public_key().public_bytes_raw()
    assert ours.sign(message) == other.sign(message)
    Ed25519PublicKey.from_public_bytes(ours.public_key.raw).verify(ours.sign(message), message)
    assert ed25519.verify(ours.public_key, message, other.sign(message))


@given(st.binary(min_size=1, max_size=40), st.integers(0, 511), st.booleans())
def test_one_flipped_bit_is_refused_by_both_implementations(message: bytes, bit: int, in_signature: bool) -> None:
    signer = Ed25519Signer.generate()
    signature = bytearray(signer.sign(message))
    text = bytearray(message)
    if in_signature:
        signature[bit // 8] ^= 1 << bit % 8
    else:
        text[bit // 8 % len(text)] ^= 1 << bit % 8
    assert not ed25519.verify(signer.public_key, bytes(text), bytes(signature))
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(signer.public_key.raw).verify(bytes(signature), bytes(text))


def test_no_second_signature_can_be_made_out_of_a_first() -> None:
    signer = Ed25519Signer.generate()
    signature = signer.sign(b"x")
    shifted = int.from_bytes(signature[32:], "little") + ORDER
    assert not ed25519.verify(signer.public_key, b"x", signature[:32] + shifted.to_bytes(32, "little"))


SMALL_ORDER = {
    "zero": bytes(32),
    "one": b"\x01" + bytes(31),
    "order two": bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    "order eight": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    "one, not canonical": bytes.fromhex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
}


@pytest.mark.parametrize("point", SMALL_ORDER.values(), ids=SMALL_ORDER.keys())
def test_a_key_of_small_order_verifies_nothing(point: bytes) -> None:
    """With such a key, R = identity and S = 0 would be a signature over every message."""
    key = PublicKey(KeyType.ED25519, point)
    for r in SMALL_ORDER.values():
        for message in (b"", b"x", b"y"):
            assert not ed25519.verify(key, message, r + bytes(32))


def test_other_lengths_and_kinds_are_no_signature() -> None:
    signer = Ed25519Signer.generate()
    signature, raw = signer.sign(b"x"), signer.public_key.raw
    for wrong in (b"", signature[:-1], signature + b"\0", signature * 2):
        assert not ed25519.verify(signer.public_key, b"x", wrong)
    for key in (PublicKey(KeyType.ED25519, b""), PublicKey(KeyType.ED25519, raw + b"\0"), PublicKey(KeyType.P256, raw)):
        assert not ed25519.verify(key, b"x", signature)


def test_a_seed_is_32_bytes() -> None:
    for seed in (b"", bytes(31), bytes(33), bytes(64)):
        with pytest.raises(ValueRefusedError):
            Ed25519Signer.from_seed(seed)


def test_the_secret_shows_in_no_representation() -> None:
    signer = Ed25519Signer.from_seed(bytes.fromhex(SEED))
    for text in (repr(signer), str(signer), f"{signer}", repr([signer]), repr({"key": signer})):
        assert SEED not in text
        assert repr(bytes.fromhex(SEED))[2:10] not in text
