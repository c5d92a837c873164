"""Accounts sign as eth-account does, and one signature has one form."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_keys import keys
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import ValueRefusedError
from jikin.proofs import ethereum_account
from jikin.proofs.ethereum_account import EthereumAccountSigner
from jikin.values import KeyType, PublicKey

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SIGNER = EthereumAccountSigner.from_secret(bytes(range(1, 33)))
ACCOUNT = SIGNER.public_key
DIGEST = bytes(range(32))
SIGNATURE = SIGNER.sign(DIGEST)
SECRETS = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))


@given(SECRETS, st.binary(min_size=32, max_size=32))
def test_addresses_and_signatures_are_those_of_eth_account(secret: bytes, digest: bytes) -> None:
    signer, other = EthereumAccountSigner.from_secret(secret), keys.PrivateKey(secret)
    assert "0x" + signer.public_key.raw.hex() == Account.from_key(secret).address.lower()
    theirs = other.sign_msg_hash(digest).to_bytes()
    assert signer.sign(digest) == theirs[:64] + bytes([27 + theirs[64]])
    assert ethereum_account.verify(signer.public_key, digest, signer.sign(digest))
    point = ethereum_account.recover(digest, signer.sign(digest))
    assert point == other.public_key.to_compressed_bytes()
    assert ethereum_account.address_of(point) == signer.public_key.raw


@given(st.integers(0, 64 * 8 - 1), st.integers(0, 32 * 8 - 1))
def test_one_flipped_bit_is_refused(in_signature: int, in_digest: int) -> None:
    signature, digest = bytearray(SIGNATURE), bytearray(DIGEST)
    signature[in_signature // 8] ^= 1 << in_signature % 8
    digest[in_digest // 8] ^= 1 << in_digest % 8
    assert not ethereum_account.verify(ACCOUNT, DIGEST, bytes(signature))
    assert not ethereum_account.verify(ACCOUNT, bytes(digest), SIGNATURE)


def test_no_second_signature_can_be_made_out_of_a_first() -> None:
    r, s, v = SIGNATURE[:32], int.from_bytes(SIGNATURE[32:64], "big"), SIGNATURE[64]
    mirrored = r + (ORDER - s).to_bytes(32, "big") + bytes([27 + 28 - v])
    assert (
        keys.Signature(mirrored[:64] + bytes([mirrored[64] - 27]))
        .recover_public_key_from_msg_hash(DIGEST)
        .to_canonical_address()
        == ACCOUNT.raw
    )  # mathematically it fits
    for second in (mirrored, *(SIGNATURE[:64] + bytes([other]) for other in (0, 1, 29, 30, 35, 55 - v))):
        assert not ethereum_account.verify(ACCOUNT, DIGEST, second)


def test_other_lengths_keys_and_kinds_are_no_signature() -> None:
    for wrong in (b"", SIGNATURE[:-1], SIGNATURE + b"\0", bytes(65), b"\xff" * 64 + b"\x1b", bytes(64) + b"\x1b"):
        assert not ethereum_account.is_canonical(wrong)
        assert not ethereum_account.verify(ACCOUNT, DIGEST, wrong)
    for digest in (b"", DIGEST[:-1], DIGEST + b"\0"):
        assert not ethereum_account.verify(ACCOUNT, digest, SIGNATURE)
    for key in (
        EthereumAccountSigner.generate().public_key,
        PublicKey(KeyType.ETHEREUM_ACCOUNT, b""),
        PublicKey(KeyType.ETHEREUM_ACCOUNT, ACCOUNT.raw + b"\0"),
        PublicKey(KeyType.SECP256K1, ACCOUNT.raw),
        PublicKey(KeyType.ED25519, ACCOUNT.raw),
    ):
        assert not ethereum_account.verify(key, DIGEST, SIGNATURE)


def test_an_r_that_is_no_abscissa_recovers_no_key() -> None:
    r = next(r for r in range(1, 100) if pow(r**3 + 7, (2**256 - 2**32 - 978) // 2, 2**256 - 2**32 - 977) != 1)
    assert ethereum_account.recover(DIGEST, r.to_bytes(32, "big") + SIGNATURE[32:]) is None


def test_an_account_signs_digests_only_and_shows_no_secret() -> None:
    for message in (b"", bytes(31), bytes(33)):
        with pytest.raises(ValueRefusedError):
            SIGNER.sign(message)
    for secret in (b"", bytes(32), b"\xff" * 32, bytes(33)):
        with pytest.raises(ValueRefusedError):
            EthereumAccountSigner.from_secret(secret)
    assert repr(SIGNER) == "EthereumAccountSigner()"
    assert SIGNER.export_secret() == bytes(range(1, 33))
