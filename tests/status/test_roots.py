"""Hashes over a list: each formula written out once more, and every field counts."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import StatusError
from jikin.status.array import State, StatusArray
from jikin.status.root import (
    NO_NOTES,
    array_root,
    array_tree,
    chunk_leaf,
    key_hash,
    list_context,
    note_leaf,
    notes_root,
    status_root,
)
from jikin.values import Digest, ListId

CTX = Digest(bytes(range(32)))
LIST = ListId(b"\x07" * 32)
LCTX = list_context(CTX, LIST, 1 << 17)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def literal_root(lctx: bytes, raw: bytes) -> bytes:
    level = [
        sha256(b"\x00JKA1" + lctx + number.to_bytes(4, "big") + raw[number * 64 : number * 64 + 64])
        for number in range(len(raw) // 64)
    ]
    while len(level) > 1:
        level = [sha256(b"\x01" + level[at] + level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def test_the_list_context_is_the_formula_and_every_field_counts() -> None:
    assert LCTX.raw == sha256(b"JKC1" + CTX.raw + LIST.raw + (1 << 17).to_bytes(4, "big"))
    others = {
        list_context(Digest(bytes(32)), LIST, 1 << 17),
        list_context(CTX, ListId(bytes(32)), 1 << 17),
        list_context(CTX, LIST, 1 << 18),
    }
    assert len(others | {LCTX}) == 4


@pytest.mark.parametrize("power", range(17, 23))
def test_the_array_root_of_every_size_is_the_formula(power: int) -> None:
    array = StatusArray.all_valid(1 << power).with_states({1: State.REVOKED, (1 << power) - 1: State.REPLACED})
    lctx = list_context(CTX, LIST, 1 << power)
    assert array_root(lctx, array).raw == literal_root(lctx.raw, array.raw)


@given(st.integers(0, (1 << 17) - 1), st.sampled_from([State.REVOKED, State.SUSPENDED, State.REPLACED]))
def test_every_entry_counts_in_the_root_and_its_chunk_has_a_path(index: int, state: State) -> None:
    empty = StatusArray.all_valid(1 << 17)
    array = empty.with_states({index: state})
    tree = array_tree(LCTX, array)
    assert tree.root != array_root(LCTX, empty)
    chunk = index // 256
    leaf = chunk_leaf(LCTX, chunk, array.raw[chunk * 64 : chunk * 64 + 64])
    assert tree.leaf(chunk) == leaf
    assert len(tree.path(chunk)) == 9


def test_a_chunk_has_64_bytes() -> None:
    with pytest.raises(StatusError, match="64 bytes"):
        chunk_leaf(LCTX, 0, bytes(63))


def test_a_note_leaf_is_the_formula_and_every_field_counts() -> None:
    committed, ciphertext = key_hash(b"k" * 32), b"c" * 188
    leaf = note_leaf(LCTX, 5, 2, committed, ciphertext)
    place = (5).to_bytes(4, "big") + (2).to_bytes(8, "big")
    assert committed.raw == sha256(b"JKK1" + b"k" * 32)
    assert leaf.raw == sha256(b"\x00JKN1" + LCTX.raw + place + committed.raw + ciphertext)
    others = {
        note_leaf(CTX, 5, 2, committed, ciphertext),
        note_leaf(LCTX, 6, 2, committed, ciphertext),
        note_leaf(LCTX, 5, 3, committed, ciphertext),
        note_leaf(LCTX, 5, 2, CTX, ciphertext),
        note_leaf(LCTX, 5, 2, committed, ciphertext + b"c"),
    }
    assert len(others | {leaf}) == 6


def test_no_notes_have_a_root_of_zeros() -> None:
    assert notes_root([]) == NO_NOTES == Digest(bytes(32))
    assert notes_root([CTX]) == CTX


def test_the_status_root_is_the_formula_and_every_field_counts() -> None:
    array, notes = Digest(b"a" * 32), Digest(b"n" * 32)
    root = status_root(LCTX, 3, array, notes, 7)
    expected = b"JKR1" + LCTX.raw + (3).to_bytes(8, "big") + array.raw + notes.raw + (7).to_bytes(4, "big")
    assert root.raw == sha256(expected)
    others = {
        status_root(CTX, 3, array, notes, 7),
        status_root(LCTX, 4, array, notes, 7),
        status_root(LCTX, 3, notes, notes, 7),
        status_root(LCTX, 3, array, array, 7),
        status_root(LCTX, 3, array, notes, 8),
    }
    assert len(others | {root}) == 6
    assert replace(root) == root
