"""The vault's cryptography: what is sealed opens at its own place alone, and nothing old passes for new."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jikin.errors import ValueRefusedError, WalletError
from wallet import vault
from wallet.vault import Costs, Entry, Key, Manifest, Place, Sealed

CHEAP = Costs(memory_kib=64, time=1, lanes=1)
PLACE = Place("a" * 32, "b" * 32, 3, "certificate.1")
ELSEWHERE = {
    "another vault": replace(PLACE, vault="c" * 32),
    "another record": replace(PLACE, record="c" * 32),
    "an older version": replace(PLACE, version=2),
    "another schema": replace(PLACE, schema="offer.1"),
    "parts that only read alike": replace(PLACE, record="b" * 31, schema="bcertificate.1"),
}


@pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_record_does_not_open_as(place: Place) -> None:
    key = Key.generate()
    sealed = vault.seal(key, PLACE, b"content")
    assert vault.unseal(key, PLACE, sealed) == b"content"
    with pytest.raises(WalletError) as refused:
        vault.unseal(key, place, sealed)
    assert refused.value.code == "wallet.tampered"


@pytest.mark.parametrize("part", ["wrapped_key", "ciphertext"])
def test_a_changed_bit_is_noticed(part: str) -> None:
    key = Key.generate()
    sealed = vault.seal(key, PLACE, b"content")
    data = bytearray(getattr(sealed, part))
    for position in (0, len(data) // 2, len(data) - 1):
        changed = bytearray(data)
        changed[position] ^= 1
        with pytest.raises(WalletError):
            vault.unseal(key, PLACE, replace(sealed, **{part: bytes(changed)}))


@pytest.mark.parametrize("sealed", [Sealed(b"", b""), Sealed(b"x" * 60, b"x" * 5), Sealed(b"x" * 60, b"x" * 40)])
def test_what_was_never_sealed_does_not_open(sealed: Sealed) -> None:
    with pytest.raises(WalletError):
        vault.unseal(Key.generate(), PLACE, sealed)


def test_every_version_has_a_key_of_its_own() -> None:
    key = Key.generate()
    first, second = vault.seal(key, PLACE, b"content"), vault.seal(key, PLACE, b"content")
    assert first.wrapped_key != second.wrapped_key
    assert first.ciphertext != second.ciphertext


def test_a_passphrase_opens_and_another_does_not() -> None:
    key, salt = Key.generate(), vault.new_salt()
    wrapped = vault.wrap(vault.stretch("고양이 셋", salt, CHEAP), key, PLACE)
    opened = vault.unwrap(vault.stretch("고양이 셋", salt, CHEAP), wrapped, PLACE)
    assert opened is not None
    assert opened.data == key.data
    assert vault.unwrap(vault.stretch("고양이 넷", salt, CHEAP), wrapped, PLACE) is None
    assert vault.unwrap(vault.stretch("고양이 셋", vault.new_salt(), CHEAP), wrapped, PLACE) is None


def test_the_costs_are_those_of_the_security_rules() -> None:
    assert Costs() == Costs(memory_kib=65536, time=3, lanes=4)


def test_hangul_typed_as_jamo_is_the_same_passphrase() -> None:
    assert vault.normal_passphrase("\u1100\u1161") == vault.normal_passphrase("가")


def test_a_recovery_code_is_read_as_people_write_it() -> None:
    code = vault.new_recovery_code()
    assert len(code) == 29
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert vault.normal_recovery_code(typed) == vault.normal_recovery_code(code) == code.replace("-", "")


def test_a_wiped_key_is_empty_and_of_no_use() -> None:
    key = Key(bytes(range(32)))
    inside = key.data
    key.wipe()
    assert not any(inside)
    with pytest.raises(WalletError) as refused:
        _ = key.data
    assert refused.value.code == "wallet.closed"


def test_a_key_shows_nothing_of_itself() -> None:
    key = Key(b"\xab" * 32)
    assert repr(key) == str(key) == "Key(…)"
    with pytest.raises(ValueRefusedError) as refused:
        Key(b"\xab" * 31)
    assert "ab" not in str(refused.value)


def test_neither_half_of_a_session_is_the_key() -> None:
    key = Key.generate()
    token, kept = vault.split(key)
    assert vault.join(token, kept).data == key.data
    other, _ = vault.split(key)
    assert vault.join(other, kept).data != key.data
    assert kept != bytes(key.data)
    with pytest.raises(WalletError):
        vault.join("no base64 £", kept)


def test_an_older_manifest_does_not_open_as_the_newest() -> None:
    key, holder = Key.generate(), "a" * 32
    first = vault.seal_manifest(key, holder, Manifest(1, {}))
    second = vault.seal_manifest(key, holder, Manifest(2, {"b": Entry("event.1", 1)}))
    assert vault.unseal_manifest(key, holder, 2, second) == Manifest(2, {"b": Entry("event.1", 1)})
    for counter, name, sealed in ((2, holder, first), (1, holder, second), (2, "c" * 32, second)):
        with pytest.raises(WalletError) as refused:
            vault.unseal_manifest(key, name, counter, sealed)
        assert refused.value.code == "wallet.tampered"


def test_a_watermark_is_believed_from_its_own_vault_alone() -> None:
    key, holder = Key.generate(), "a" * 32
    mark = vault.watermark(key, holder, 7)
    assert vault.read_watermark(key, holder, mark) == 7
    for other in ("", "7", "7.", "8" + mark[1:], mark + "0", "x" * 100, "７.aa", vault.watermark(key, "b" * 32, 7)):
        assert vault.read_watermark(key, holder, other) is None
    assert vault.read_watermark(Key.generate(), holder, mark) is None
