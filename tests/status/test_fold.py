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
from jikin.status.fold import (
    FINAL_AFTER_SECONDS,
    Folded,
    Move,
    VoidReason,
    allowed_moves,
    check_annulment,
    check_changes,
    final_at,
    fold,
)
from jikin.values import Digest
from tests.recorded_lists import EPOCH_SECONDS, RecordedList

ENTRY = 1234
# old → new → rights that allow it
ALLOWED = {
    (0, 1): Rights.REVOKE,
    (0, 2): Rights.REVOKE | Rights.SUSPEND,
    (0, 3): Rights.REVOKE,
    (2, 0): Rights.REVOKE | Rights.SUSPEND,
    (2, 1): Rights.REVOKE,
    (2, 3): Rights.REVOKE,
    (1, 0): Rights.ANNUL,  # and only in time
    (3, 0): Rights.ANNUL,
}


def folded(*epochs: tuple[list[Change], Rights]) -> Folded:
    recorded = RecordedList()
    for changes, rights in epochs:
        recorded.publish(changes, rights)
    return fold(recorded.history)


def brought_to(state: int) -> tuple[list[Change], Rights]:
    return [Change(ENTRY, state)], Rights.REVOKE


@pytest.mark.parametrize("right", [*Rights, Rights.NONE])
@pytest.mark.parametrize("old", range(4))
@pytest.mark.parametrize("new", range(4))
def test_a_move_counts_exactly_when_the_right_allows_it(old: int, new: int, right: Rights) -> None:
    result = folded(brought_to(old), ([Change(ENTRY, new)], right))
    counts = bool(ALLOWED.get((old, new), Rights.NONE) & right)
    assert result.array.state(ENTRY) == (new if counts else old)
    void = [entry for entry in result.void if entry.epoch == 2]
    assert len(void) == (0 if counts else 1)
    assert all(entry.reason is VoidReason.NOT_ALLOWED for entry in void)


def test_an_operator_can_be_allowed_six_moves_and_never_one_that_takes_an_end_back() -> None:
    everything = Rights.REVOKE | Rights.SUSPEND | Rights.ISSUE | Rights.AUDIT
    assert allowed_moves(everything) == frozenset(ALLOWED) - {(1, 0), (3, 0)}
    assert allowed_moves(Rights.ANNUL) == {(1, 0), (3, 0)}
    assert len(allowed_moves(Rights.SUSPEND)) == 2
    assert allowed_moves(Rights.ISSUE) == frozenset()


WAITS = {
    "at once": (0, True),
    "a second before seven days": (FINAL_AFTER_SECONDS - EPOCH_SECONDS - 1, True),
    "seven days later": (FINAL_AFTER_SECONDS - EPOCH_SECONDS, False),
    "a year later": (365 * 86_400, False),
}


@pytest.mark.parametrize("ended", [State.REVOKED, State.REPLACED])
@pytest.mark.parametrize(("waited", "counts"), WAITS.values(), ids=WAITS)
def test_owner_and_accreditor_take_an_end_back_within_seven_days(ended: State, waited: int, counts: bool) -> None:
    recorded = RecordedList()
    recorded.publish([Change(3, 2), Change(ENTRY, ended)])
    recorded.waited = waited
    told = fold(recorded.history)
    final = final_at(told, recorded.epochs, ENTRY)
    assert final == recorded.epochs[0].time + FINAL_AFTER_SECONDS
    recorded.publish([Change(ENTRY, 0)], Rights.ANNUL)
    result = fold(recorded.history)
    assert (recorded.epochs[1].time < final) is counts
    assert result.array.state(ENTRY) is (State.VALID if counts else ended)
    assert [entry.reason for entry in result.void] == ([] if counts else [VoidReason.FINAL])
    assert (final_at(result, recorded.epochs, ENTRY) is None) is counts
    assert final_at(result, recorded.epochs, 3) is None  # a suspension is no end


def test_the_days_count_from_the_epoch_that_set_the_state_and_not_from_the_suspension_before() -> None:
    recorded = RecordedList()
    recorded.publish([Change(ENTRY, 2)])
    recorded.waited = 30 * 86_400
    recorded.publish([Change(ENTRY, 1)])
    recorded.waited += FINAL_AFTER_SECONDS - EPOCH_SECONDS - 1
    recorded.publish([Change(ENTRY, 0)], Rights.ANNUL)
    assert fold(recorded.history).array.state(ENTRY) is State.VALID


def test_an_annulment_revokes_suspends_and_reinstates_nothing() -> None:
    every = [Change(0, 1), Change(1, 2), Change(2, 3), Change(3, 0), Change(4, 1), Change(5, 3)]
    result = folded(([Change(3, 2), Change(4, 3), Change(5, 1)], Rights.REVOKE), (every, Rights.ANNUL))
    assert [int(result.array.state(index)) for index in range(6)] == [0, 0, 0, 2, 3, 1]
    assert {entry.reason for entry in result.void} == {VoidReason.NOT_ALLOWED}


def test_what_was_taken_back_can_be_revoked_again_and_has_seven_days_of_its_own() -> None:
    recorded = RecordedList()
    recorded.publish([Change(ENTRY, 1)])
    recorded.publish([Change(ENTRY, 0)], Rights.ANNUL)
    recorded.waited = FINAL_AFTER_SECONDS
    recorded.publish([Change(ENTRY, 1)])
    recorded.publish([Change(ENTRY, 0)], Rights.ANNUL)
    result = fold(recorded.history)
    assert result.array.state(ENTRY) is State.VALID
    assert [int(move.state) for move in result.moves(ENTRY)] == [1, 0, 1, 0]


def test_an_annulment_that_would_be_void_is_told_before_it_is_signed() -> None:
    recorded = RecordedList()
    recorded.publish([Change(1, 2), Change(ENTRY, 1)])
    recorded.publish([Change(ENTRY + 1, 3)])
    result, epochs = fold(recorded.history), recorded.epochs
    final = epochs[0].time + FINAL_AFTER_SECONDS
    assert check_annulment(result, epochs, [Change(ENTRY, 0), Change(ENTRY + 1, 0)], final - 1) == final - 1
    assert check_annulment(result, epochs, [Change(ENTRY + 1, 0)], final) == final - 1 + EPOCH_SECONDS
    with pytest.raises(StatusError, match="stands for good since") as refused:
        check_annulment(result, epochs, [Change(ENTRY, 0)], final)
    assert refused.value.code == "status.final"
    with pytest.raises(StatusError, match="entry 1 is suspended"):
        check_annulment(result, epochs, [Change(1, 0)], final - 1)


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
RIGHTS = st.builds(Rights, st.integers(0, 31))


WAITING = st.sampled_from([0, 0, 0, 1, 86_400, FINAL_AFTER_SECONDS - EPOCH_SECONDS, FINAL_AFTER_SECONDS])


@given(st.lists(st.tuples(CHANGES, RIGHTS, WAITING), max_size=8))
def test_the_fold_agrees_with_the_rule_read_literally(epochs: list[tuple[list[Change], Rights, int]]) -> None:
    expected: dict[int, int] = {}
    since: dict[int, int] = {}
    recorded = RecordedList()
    for changes, rights, waited in epochs:
        recorded.waited += waited
        recorded.publish(changes, rights)
        time = recorded.epochs[-1].time
        highest = -1
        for change in changes:
            if change.index >= 1 << 17 or change.index <= highest:
                continue
            highest = change.index
            old = expected.get(change.index, 0)
            final = old in (1, 3) and time - since[change.index] >= FINAL_AFTER_SECONDS
            if ALLOWED.get((old, change.state), Rights.NONE) & rights and not final:
                expected[change.index] = change.state
                since[change.index] = time
    result = fold(recorded.history)
    assert result.array == StatusArray.all_valid(1 << 17).with_states(
        {index: State(state) for index, state in expected.items()}
    )
    total = sum(len(changes) for changes, _, _ in epochs)
    assert total == len(result.void) + sum(len(result.moves(index)) for index in expected)


def test_what_would_be_void_is_told_before_it_is_published() -> None:
    array = StatusArray.all_valid(1 << 17).with_states({4: State.REVOKED})
    check_changes(array, [Change(3, 1)], Rights.REVOKE)
    with pytest.raises(StatusError, match="entry 4 is revoked and cannot become valid"):
        check_changes(array, [Change(3, 1), Change(4, 0)], Rights.REVOKE)
    with pytest.raises(StatusError, match="cannot become revoked"):
        check_changes(array, [Change(3, 1)], Rights.SUSPEND)
