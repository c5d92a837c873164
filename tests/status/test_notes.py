"""Notes: one length, opened by one salt only, bound to their list, entry and epoch."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import StatusError
from jikin.status.array import State
from jikin.status.notes import CIPHERTEXT_BYTES, PLAINTEXT_BYTES, Note, SealedNote, note_key, seal
from jikin.values import Digest

LCTX = Digest(b"\x01" * 32)
SALT = b"\x02" * 32
NOTE = Note(index=77, epoch=3, state=State.REVOKED, reason="부정행위 확인", effective=1_780_000_000)
NOTES = st.builds(
    Note,
    index=st.integers(0, (1 << 22) - 1),
    epoch=st.integers(1, 1 << 30),
    state=st.sampled_from(State),
    reason=st.text(st.characters(codec="utf-8"), max_size=10),
    effective=st.integers(0, (1 << 40) - 1),
    replacement=st.none() | st.builds(Digest, st.binary(min_size=32, max_size=32)),
)


@given(NOTES, st.binary(min_size=32, max_size=32))
def test_who_holds_the_salt_reads_the_note(note: Note, salt: bytes) -> None:
    sealed = seal(note, LCTX, salt)
    assert len(sealed.ciphertext) == CIPHERTEXT_BYTES == 188
    assert sealed.open(LCTX, salt) == note


@given(NOTES)
def test_a_note_is_written_in_one_way_and_always_has_the_same_length(note: Note) -> None:
    plaintext = note.to_bytes()
    assert len(plaintext) == PLAINTEXT_BYTES == 160
    assert Note.from_bytes(plaintext) == note


def test_the_plaintext_is_deterministic_cbor() -> None:
    note = Note(index=1, epoch=2, state=State.REPLACED, reason="x", effective=3, replacement=Digest(b"\xaa" * 32))
    expected = (
        b"\xa6\x65epoch\x02\x65index\x01\x65state\x03\x66reason\x61x\x69effective\x03\x71replacementDigest\x58\x20"
        + b"\xaa" * 32
    )
    assert note.to_bytes() == expected.ljust(160, b"\x00")


def test_sealing_twice_gives_two_ciphertexts_under_one_key() -> None:
    first, second = seal(NOTE, LCTX, SALT), seal(NOTE, LCTX, SALT)
    assert first.ciphertext != second.ciphertext
    assert first.key_hash == second.key_hash


def test_the_key_depends_on_salt_list_entry_and_epoch() -> None:
    keys = {
        note_key(SALT, LCTX, 1, 1),
        note_key(b"\x03" * 32, LCTX, 1, 1),
        note_key(SALT, Digest(bytes(32)), 1, 1),
        note_key(SALT, LCTX, 2, 1),
        note_key(SALT, LCTX, 1, 2),
    }
    assert len(keys) == 5


SEALED = seal(NOTE, LCTX, SALT)
FORGERIES: dict[str, tuple[SealedNote, Digest, bytes]] = {
    "the salt of another credential": (SEALED, LCTX, b"\x03" * 32),
    "another list": (SEALED, Digest(bytes(32)), SALT),
    "another entry": (replace(SEALED, index=78), LCTX, SALT),
    "another epoch": (replace(SEALED, epoch=4), LCTX, SALT),
    "a changed ciphertext": (replace(SEALED, ciphertext=SEALED.ciphertext[:-1] + b"\x00"), LCTX, SALT),
    "a changed nonce": (replace(SEALED, ciphertext=b"\x00" + SEALED.ciphertext[1:]), LCTX, SALT),
    "another key committed to": (replace(SEALED, key_hash=Digest(bytes(32))), LCTX, SALT),
}


@pytest.mark.parametrize(("sealed", "lctx", "salt"), FORGERIES.values(), ids=FORGERIES.keys())
def test_a_note_that_is_not_its_own_does_not_open(sealed: SealedNote, lctx: Digest, salt: bytes) -> None:
    with pytest.raises(StatusError) as refused:
        sealed.open(lctx, salt)
    assert refused.value.code == "status.note"


def test_a_note_that_speaks_of_another_entry_inside_does_not_open() -> None:
    other = replace(seal(replace(NOTE, index=5), LCTX, SALT))
    key = note_key(SALT, LCTX, 77, 3)
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = bytes(12)
    inside = replace(NOTE, index=5).to_bytes()
    lying = SealedNote(77, 3, SEALED.key_hash, nonce + AESGCM(key).encrypt(nonce, inside, LCTX.raw))
    assert other.index == 5
    with pytest.raises(StatusError, match="speaks of entry 5"):
        lying.open(LCTX, SALT)


BAD_PLAINTEXTS = {
    "nothing": b"",
    "not CBOR": b"\xff" * 160,
    "not padded": NOTE.to_bytes().rstrip(b"\x00"),
    "padded with something": NOTE.to_bytes()[:-1] + b"\x01",
    "a list": b"\x80".ljust(160, b"\x00"),
    "a member too many": (b"\xa6" + NOTE.to_bytes()[1:].rstrip(b"\x00") + b"\x61z\x00").ljust(160, b"\x00"),
    "a member missing": b"\xa1\x65index\x01".ljust(160, b"\x00"),
    "no such state": NOTE.to_bytes().replace(b"\x65state\x01", b"\x65state\x04"),
    "a state that is a text": NOTE.to_bytes().replace(b"\x65state\x01", b"\x65state\x60"),
    "a number in a longer form": NOTE.to_bytes().replace(b"\x65epoch\x03", b"\x65epoch\x18\x03")[:160],
    "an indefinite map": b"\xbf" + NOTE.to_bytes()[1:].rstrip(b"\x00").ljust(159, b"\xff"),
}


@pytest.mark.parametrize("plaintext", BAD_PLAINTEXTS.values(), ids=BAD_PLAINTEXTS.keys())
def test_every_other_plaintext_is_refused(plaintext: bytes) -> None:
    with pytest.raises(StatusError):
        Note.from_bytes(plaintext)


@given(st.binary(max_size=160))
def test_no_plaintext_breaks_the_reader(data: bytes) -> None:
    with pytest.raises(StatusError):
        Note.from_bytes(data.ljust(160, b"\x00"))


REFUSED = {
    "a reason that is too long": {"reason": "가" * 40},
    "a reason with a lone surrogate": {"reason": "\ud800"},
    "no epoch": {"epoch": 0},
    "an instant before 1970": {"effective": -1},
    "an entry beyond every list": {"index": 1 << 22},
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_what_a_note_cannot_say_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(StatusError):
        replace(NOTE, **change)


def test_a_reason_of_thirty_syllables_fits_and_fifteen_beside_a_replacement() -> None:
    assert len(replace(NOTE, reason="가" * 30).to_bytes()) == 160
    assert len(replace(NOTE, reason="가" * 15, replacement=Digest(bytes(32))).to_bytes()) == 160


def test_a_salt_of_another_length_is_refused() -> None:
    with pytest.raises(StatusError, match="32 bytes"):
        seal(NOTE, LCTX, b"short")
