"""Truth is the fold of the changes under the recorded rights; what is not allowed is void and the rest stands."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import StatusHistory
from jikin.anchoring.changes import Change
from jikin.errors import AnchorError, StatusError
from jikin.status.array import State, StatusArray
from jikin.status.fold import Folded, Move, VoidReason, allowed_moves, check_changes, fold
from jikin.values import Digest
from tests.recorded_lists import RecordedList

ENTRY = 1234
# old → new → rights that allow it
ALLOWED = {
    (0, 1): Rights.REVOKE,
    (0, 2): Rights.REVOKE | Rights.SUSPEND,
    (0, 3): Rights.REVOKE,
    (2, 0): Rights.REVOKE | Rights.SUSPEND,
    (2, 1): Rights.REVOKE,
    (2, 3): Rights.REVOKE,
}


def folded(*epochs: tuple[list[Change], Rights]) -> Folded:
    recorded = RecordedList()
    for changes, rights in epochs:
        recorded.publish(changes, rights)
    return fold(recorded.history)


def brought_to(state: int) -> tuple[list[Change], Rights]:
    return [Change(ENTRY, state)], Rights.REVOKE


@pytest.mark.parametrize("right", [Rights.REVOKE, Rights.SUSPEND, Rights.ISSUE, Rights.AUDIT, Rights.NONE])
@pytest.mark.parametrize("old", range(4))
@pytest.mark.parametrize("new", range(4))
def test_a_move_counts_exactly_when_the_right_allows_it(old: int, new: int, right: Rights) -> None:
    result = folded(brought_to(old), ([Change(ENTRY, new)], right))
    counts = bool(ALLOWED.get((old, new), Rights.NONE) & right)
    assert result.array.state(ENTRY) == (new if counts else old)
    void = [entry for entry in result.void if entry.epoch == 2]
    assert len(void) == (0 if counts else 1)
    assert all(entry.reason is VoidReason.NOT_ALLOWED for entry in void)


def test_six_moves_are_allowed_and_ten_are_not() -> None:
    everything = Rights.REVOKE | Rights.SUSPEND | Rights.ISSUE | Rights.AUDIT
    assert allowed_moves(everything) == frozenset(ALLOWED)
    assert len(allowed_moves(Rights.SUSPEND)) == 2
    assert allowed_moves(Rights.ISSUE) == frozenset()


@pytest.mark.parametrize("final", [State.REVOKED, State.REPLACED])
def test_revoked_and_replaced_never_move_again(final: State) -> None:
    result = folded(brought_to(final), *(([Change(ENTRY, new)], Rights.REVOKE | Rights.SUSPEND) for new in range(4)))
    assert result.array.state(ENTRY) is final
    assert result.moves(ENTRY) == (Move(1, final),)
    assert len(result.void) == 4


def test_a_key_that_may_only_suspend_cannot_revoke_whatever_it_publishes() -> None:
    result = folded(([Change(1, 1), Change(2, 2), Change(3, 3)], Rights.SUSPEND))
    assert [result.array.state(index) for index in (1, 2, 3)] == [State.VALID, State.SUSPENDED, State.VALID]


def test_an_entry_out_of_order_is_void_and_the_rest_of_the_epoch_stands() -> None:
    result = folded(([Change(5, 1), Change(3, 1), Change(5, 1), Change(6, 1)], Rights.REVOKE))
    assert [result.array.state(index) for index in (3, 5, 6)] == [State.VALID, State.REVOKED, State.REVOKED]
    assert [entry.reason for entry in result.void] == [VoidReason.OUT_OF_ORDER, VoidReason.OUT_OF_ORDER]


def test_an_entry_beyond_the_list_is_void_and_does_not_raise_the_bar() -> None:
    result = folded(([Change(1 << 17, 1), Change(7, 1), Change((1 << 22) - 1, 1), Change(8, 1)], Rights.REVOKE))
    assert [result.array.state(index) for index in (7, 8)] == [State.REVOKED, State.REVOKED]
    assert [entry.reason for entry in result.void] == [VoidReason.BEYOND_THE_LIST, VoidReason.BEYOND_THE_LIST]


def test_a_move_that_is_not_allowed_still_raises_the_bar() -> None:
    result = folded(([Change(9, 1)], Rights.REVOKE), ([Change(9, 2), Change(8, 1)], Rights.REVOKE))
    assert result.array.state(8) is State.VALID


def test_a_heartbeat_changes_nothing() -> None:
    assert folded(([], Rights.REVOKE)).array == StatusArray.all_valid(1 << 17)


def test_suspended_reinstated_suspended_revoked_is_remembered_in_order() -> None:
    result = folded(*(([Change(ENTRY, state)], Rights.REVOKE) for state in (2, 0, 2, 1)))
    assert [(move.epoch, int(move.state)) for move in result.moves(ENTRY)] == [(1, 2), (2, 0), (3, 2), (4, 1)]
    assert result.moves(ENTRY + 1) == ()


def test_changes_that_are_no_threes_are_refused() -> None:
    recorded = RecordedList()
    recorded.publish([Change(1, 1)])
    torn = StatusHistory(recorded.entries, Digest(bytes(32)), (replace(recorded.epochs[0], changes=b"\x00\x00"),))
    with pytest.raises(AnchorError, match="3 bytes each"):
        fold(torn)


CHANGES = st.lists(
    st.builds(Change, st.integers(0, (1 << 22) - 1) | st.integers(0, 40), st.integers(0, 3)), max_size=12
)
RIGHTS = st.builds(Rights, st.integers(0, 15))


@given(st.lists(st.tuples(CHANGES, RIGHTS), max_size=8))
def test_the_fold_agrees_with_the_rule_read_literally(epochs: list[tuple[list[Change], Rights]]) -> None:
    expected: dict[int, int] = {}
    for changes, rights in epochs:
        highest = -1
        for change in changes:
            if change.index >= 1 << 17 or change.index <= highest:
                continue
            highest = change.index
            old = expected.get(change.index, 0)
            if ALLOWED.get((old, change.state), Rights.NONE) & rights:
                expected[change.index] = change.state
    result = folded(*epochs)
    assert result.array == StatusArray.all_valid(1 << 17).with_states(
        {index: State(state) for index, state in expected.items()}
    )
    total = sum(len(changes) for changes, _ in epochs)
    assert total == len(result.void) + sum(len(result.moves(index)) for index in expected)


def test_what_would_be_void_is_told_before_it_is_published() -> None:
    array = StatusArray.all_valid(1 << 17).with_states({4: State.REVOKED})
    check_changes(array, [Change(3, 1)], Rights.REVOKE)
    with pytest.raises(StatusError, match="entry 4 is revoked and cannot become valid"):
        check_changes(array, [Change(3, 1), Change(4, 0)], Rights.REVOKE)
    with pytest.raises(StatusError, match="cannot become revoked"):
        check_changes(array, [Change(3, 1)], Rights.SUSPEND)
