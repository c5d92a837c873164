"""The file beside each epoch is read strictly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import JikinError, StatusError
from jikin.status.array import State
from jikin.status.notes import Note, seal
from jikin.status.publication import Publication
from jikin.values import Digest, Json

LCTX = Digest(b"\x01" * 32)
NOTES = [
    seal(Note(index, epoch, State.REVOKED, "r", 5), LCTX, bytes([index]) * 32)
    for index, epoch in ((7, 1), (3, 2), (7, 2), (200, 1))
]
PUBLICATION = Publication.make(LCTX, 2, Digest(b"\x09" * 32), NOTES)


def test_the_latest_note_of_each_entry_counts_and_they_are_sorted() -> None:
    assert [(note.index, note.epoch) for note in PUBLICATION.notes] == [(3, 2), (7, 2), (200, 1)]
    assert PUBLICATION.note(7) == NOTES[2]
    assert PUBLICATION.note(3) == NOTES[1]
    assert PUBLICATION.note(8) is None
    assert PUBLICATION.note(4000) is None
    PUBLICATION.check_notes(LCTX)


def test_what_is_written_is_read() -> None:
    assert Publication.parse(PUBLICATION.to_json()) == PUBLICATION
    empty = Publication.make(LCTX, 1, Digest(bytes(32)), [])
    assert Publication.parse(empty.to_json()) == empty


def changed(**members: Any) -> Json:
    return {**PUBLICATION.to_json(), **members}


def with_note(**members: Any) -> Json:
    notes: Any = PUBLICATION.to_json()["notes"]
    return changed(notes=[{**notes[0], **members}, *notes[1:]])


_NOTES: Any = PUBLICATION.to_json()["notes"]
_CIPHERTEXT: str = _NOTES[0]["ciphertext"]
MALFORMED: dict[str, tuple[Json, str]] = {
    "not an object": ([], "shape"),
    "nothing": (None, "shape"),
    "a member missing": ({k: v for k, v in PUBLICATION.to_json().items() if k != "noteCount"}, "shape"),
    "a member too many": (changed(more=1), "shape"),
    "another version": (changed(v=2), "v"),
    "a version that is true": (changed(v=True), "v"),
    "an epoch below zero": (changed(epoch=-1), "epoch"),
    "an epoch with a fraction": (changed(epoch=2.0), "epoch"),
    "notes of a later epoch": (changed(epoch=1), "notes"),
    "a root in capitals": (changed(arrayRoot="0x" + "AB" * 32), "arrayRoot"),
    "a root too short": (changed(notesRoot="0x00"), "notesRoot"),
    "another number of notes": (changed(noteCount=2), "noteCount"),
    "notes that are a text": (changed(notes="abc"), "notes"),
    "notes out of order": (changed(notes=_NOTES[::-1]), "notes"),
    "a note twice": (changed(notes=[_NOTES[0], _NOTES[0], _NOTES[1]]), "notes"),
    "a note that is a list": (changed(notes=[[], *_NOTES[1:]]), "notes"),
    "a note of no epoch": (with_note(epoch=0), "notes"),
    "an index too large": (with_note(index=1 << 22), "index"),
    "a key hash too short": (with_note(keyHash="0x12"), "keyHash"),
    "a ciphertext in base58": (with_note(ciphertext="z" + "1" * 188), "ciphertext"),
    "a ciphertext with padding": (with_note(ciphertext=_CIPHERTEXT + "="), "ciphertext"),
    "a ciphertext that is a number": (with_note(ciphertext=5), "ciphertext"),
}


@pytest.mark.parametrize(("value", "member"), MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_written_here_is_refused_and_named(value: Json, member: str) -> None:
    with pytest.raises(StatusError) as refused:
        Publication.parse(value)
    assert refused.value.code == f"status.publication.{member}"


def test_a_ciphertext_of_another_length_is_refused() -> None:
    with pytest.raises(StatusError, match="188 bytes"):
        Publication.parse(with_note(ciphertext=_CIPHERTEXT[:-3]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["v", "epoch", "arrayRoot", "notesRoot", "noteCount", "notes"]))
def test_no_value_breaks_the_reader(value: Json, member: str) -> None:
    for document in (value, changed(**{member: value})):
        try:
            Publication.parse(document)
        except JikinError:
            continue
