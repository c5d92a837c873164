"""Packed changes: what is written is read, everything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.anchoring.changes import MAX_CHANGES, Change, pack, scan, unpack
from jikin.errors import AnchorError

ENTRIES = 1 << 17

changes_in_order = st.lists(
    st.tuples(st.integers(0, ENTRIES - 1), st.integers(0, 3)), unique_by=lambda pair: pair[0], max_size=200
).map(lambda pairs: tuple(Change(index, state) for index, state in sorted(pairs)))

REFUSED = {
    "the same entry twice": (Change(3, 1), Change(3, 2)),
    "entries falling": (Change(4, 1), Change(3, 1)),
    "an entry beyond the list": (Change(ENTRIES, 1),),
    "a negative entry": (Change(-1, 1),),
    "a fifth state": (Change(0, 4),),
    "a negative state": (Change(0, -1),),
    "too many": tuple(Change(index, 1) for index in range(MAX_CHANGES + 1)),
}
REFUSED_BYTES = {
    "a remainder": b"\x00\x00",
    "entries falling": bytes.fromhex("00001000000c"),
    "the same entry twice": bytes.fromhex("00000d00000e"),
    "an entry beyond the list": (ENTRIES * 4).to_bytes(3, "big"),
}


@given(changes_in_order)
def test_packed_changes_read_back(changes: tuple[Change, ...]) -> None:
    data = pack(changes, ENTRIES)
    assert len(data) == 3 * len(changes)
    assert unpack(data, ENTRIES) == scan(data) == changes


@given(st.binary(max_size=60))
def test_bytes_are_either_refused_or_exactly_what_would_be_written(data: bytes) -> None:
    try:
        changes = unpack(data, ENTRIES)
    except AnchorError:
        return
    assert pack(changes, ENTRIES) == data


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED.keys())
def test_changes_that_break_the_rules_are_not_packed(changes: tuple[Change, ...]) -> None:
    with pytest.raises(AnchorError) as refused:
        pack(changes, ENTRIES)
    assert refused.value.code == "anchor.changes"


@pytest.mark.parametrize("data", REFUSED_BYTES.values(), ids=REFUSED_BYTES.keys())
def test_bytes_that_break_the_rules_are_not_unpacked(data: bytes) -> None:
    with pytest.raises(AnchorError):
        unpack(data, ENTRIES)


def test_the_fold_sees_changes_out_of_order() -> None:
    assert scan(bytes.fromhex("00001000000c")) == (Change(4, 0), Change(3, 0))


def test_a_heartbeat_has_no_changes() -> None:
    assert pack(()) == b""
    assert unpack(b"", ENTRIES) == ()


def test_the_last_entry_of_the_largest_list_fits() -> None:
    assert pack([Change((1 << 22) - 1, 3)]) == b"\xff\xff\xff"
