"""ML-DSA-44: keys from seeds, hedged signatures, and nothing but whole and genuine ones accepted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import multikey
from jikin.errors import ValueRefusedError
from jikin.proofs import mldsa44
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.values import KeyType, PublicKey

SIGNER = Mldsa44Signer.from_seed(bytes(range(32)))
KEY = SIGNER.public_key
SIGNATURE = SIGNER.sign(b"m")


def test_a_seed_makes_one_key_and_another_signature_each_time() -> None:
    assert len(KEY.raw) == 1312
    assert Mldsa44Signer.from_seed(bytes(range(32))).public_key == KEY
    assert Mldsa44Signer.generate().public_key != KEY
    assert SIGNER.export_seed() == bytes(range(32))
    other = SIGNER.sign(b"m")
    assert len(other) == len(SIGNATURE) == mldsa44.SIGNATURE_BYTES
    assert other != SIGNATURE
    assert mldsa44.verify(KEY, b"m", other)
    assert mldsa44.verify(KEY, b"m", SIGNATURE)


@given(st.binary(max_size=40), st.integers(0, mldsa44.SIGNATURE_BYTES * 8 - 1))
def test_one_flipped_bit_is_refused(message: bytes, bit: int) -> None:
    signature = bytearray(SIGNATURE)
    signature[bit // 8] ^= 1 << bit % 8
    assert not mldsa44.verify(KEY, b"m", bytes(signature))
    assert mldsa44.verify(KEY, message, SIGNATURE) == (message == b"m")


def test_other_keys_lengths_and_kinds_are_no_signature() -> None:
    assert not mldsa44.verify(Mldsa44Signer.generate().public_key, b"m", SIGNATURE)
    for wrong in (b"", SIGNATURE[:-1], SIGNATURE + b"\0", bytes(2420), b"\xff" * 2420):
        assert not mldsa44.verify(KEY, b"m", wrong)
    for raw in (b"", KEY.raw[:-1], KEY.raw + b"\0", bytes(1312)):
        assert not mldsa44.verify(PublicKey(KeyType.ML_DSA_44, raw), b"m", SIGNATURE)
    assert not mldsa44.verify(PublicKey(KeyType.ED25519, KEY.raw), b"m", SIGNATURE)
    assert not mldsa44.verify(Ed25519Signer.generate().public_key, b"m", SIGNATURE)


def test_a_seed_is_32_bytes_and_shows_nowhere() -> None:
    for seed in (b"", bytes(31), bytes(33)):
        with pytest.raises(ValueRefusedError):
            Mldsa44Signer.from_seed(seed)
    assert repr(SIGNER) == "Mldsa44Signer()"


def test_its_multikey_comes_back() -> None:
    assert multikey.decode(multikey.encode(KEY)) == KEY
