"""The status array: two bits an entry, least significant first, and its bits for the W3C list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import StatusError
from jikin.status.array import REVOKED_STATES, SUSPENDED_STATES, State, StatusArray, check_entries

SMALLEST = 1 << 17
SPARSE = st.dictionaries(st.integers(0, SMALLEST - 1), st.sampled_from(State), max_size=20)


def test_a_list_that_was_just_opened_is_all_valid() -> None:
    array = StatusArray.all_valid(SMALLEST)
    assert array.entries == SMALLEST
    assert {array.state(index) for index in (0, 1, 2, 3, SMALLEST - 1)} == {State.VALID}


def test_entries_lie_least_significant_first_in_their_byte() -> None:
    array = StatusArray.all_valid(SMALLEST).with_states(
        {0: State.REVOKED, 1: State.SUSPENDED, 2: State.REPLACED, 5: State.REVOKED}
    )
    assert array.raw[:2] == bytes([0b00_11_10_01, 0b00_00_01_00])


@given(SPARSE)
def test_what_was_set_is_read_and_nothing_else_is_touched(states: dict[int, State]) -> None:
    array = StatusArray.all_valid(SMALLEST).with_states(states)
    for index, state in states.items():
        assert array.state(index) is state
    ended = sum(state is not State.VALID for state in states.values())
    assert sum(byte.bit_count() > 0 for byte in array.raw) <= ended


@given(SPARSE)
def test_bits_are_set_where_the_purpose_says_so_most_significant_first(states: dict[int, State]) -> None:
    array = StatusArray.all_valid(SMALLEST).with_states(states)
    for purpose in (REVOKED_STATES, SUSPENDED_STATES):
        bits = array.bits(purpose)
        assert len(bits) == SMALLEST // 8
        for index, state in states.items():
            assert bool(bits[index >> 3] >> (7 - (index & 7)) & 1) is (state in purpose)
        assert sum(byte.bit_count() for byte in bits) == sum(state in purpose for state in states.values())


def test_a_replaced_certificate_counts_as_revoked_for_strangers() -> None:
    array = StatusArray.all_valid(SMALLEST).with_states({9: State.REPLACED})
    assert array.bits(REVOKED_STATES)[1] == 0b0100_0000
    assert not any(array.bits(SUSPENDED_STATES))


@pytest.mark.parametrize("entries", [0, 1, 1 << 16, (1 << 17) + 4, 1 << 23, -1, True])
def test_sizes_that_no_list_has_are_refused(entries: int) -> None:
    with pytest.raises(StatusError, match="entries"):
        check_entries(entries)


@pytest.mark.parametrize("index", [-1, SMALLEST, True])
def test_entries_outside_the_list_are_refused(index: int) -> None:
    with pytest.raises(StatusError, match="no entry"):
        StatusArray.all_valid(SMALLEST).state(index)
