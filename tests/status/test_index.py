"""Entries are given out by a keyed permutation that the list commits to."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import StatusError
from jikin.status.index import IndexPermutation, new_key

KEYS = st.binary(min_size=32, max_size=32)


@given(KEYS, st.integers(17, 22), st.data())
def test_every_serial_number_has_one_entry_and_back(key: bytes, power: int, data: st.DataObject) -> None:
    permutation = IndexPermutation(key, power)
    serial = data.draw(st.integers(0, (1 << power) - 1))
    entry = permutation.entry(serial)
    assert 0 <= entry < 1 << power
    assert permutation.serial(entry) == serial


def test_no_two_serial_numbers_share_an_entry() -> None:
    permutation = IndexPermutation(bytes(range(32)), 17)
    entries = {permutation.entry(serial) for serial in range(5000)}
    assert len(entries) == 5000


def test_neighbours_lie_far_apart_and_all_over_the_list() -> None:
    permutation = IndexPermutation(bytes(range(32)), 18)
    entries = [permutation.entry(serial) for serial in range(4096)]
    per_quarter = [sum(entry >> 16 == quarter for entry in entries) for quarter in range(4)]
    assert all(900 < count < 1150 for count in per_quarter)
    assert sum(abs(a - b) < 64 for a, b in pairwise(entries)) < 12


def test_another_key_or_size_is_another_permutation_and_another_commitment() -> None:
    first, second = IndexPermutation(b"\x01" * 32, 17), IndexPermutation(b"\x02" * 32, 17)
    assert [first.entry(n) for n in range(8)] != [second.entry(n) for n in range(8)]
    assert len({first.key_hash, second.key_hash, IndexPermutation(b"\x01" * 32, 18).key_hash}) == 3


FIRST_ODD = [11069, 49027, 27615, 74540]
FIRST_EVEN = [775793, 434383, 3187771, 3521661]


def test_the_first_entries_under_a_known_key_do_not_change() -> None:
    assert [IndexPermutation(bytes(range(32)), 17).entry(n) for n in range(4)] == FIRST_ODD
    assert [IndexPermutation(bytes(range(32)), 22).entry(n) for n in range(4)] == FIRST_EVEN


@pytest.mark.parametrize(("key", "power"), [(b"", 17), (bytes(31), 17), (bytes(32), 16), (bytes(32), 23)])
def test_other_keys_and_sizes_are_refused(key: bytes, power: int) -> None:
    with pytest.raises(StatusError):
        IndexPermutation(key, power)


@pytest.mark.parametrize("serial", [-1, 1 << 17, True])
def test_numbers_beyond_the_list_are_refused(serial: int) -> None:
    with pytest.raises(StatusError, match="has no number"):
        IndexPermutation(bytes(32), 17).entry(serial)


def test_the_key_is_not_shown() -> None:
    key = new_key()
    assert key.hex() not in repr(IndexPermutation(key, 17))
    assert str(key) not in repr(IndexPermutation(key, 17))
