"""Both kinds of published list come from the one array: whatever it holds, they say the same of every entry."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.anchoring.acts import Rights
from jikin.anchoring.changes import Change
from jikin.status import token_list
from jikin.status.array import State, StatusArray
from jikin.status.bitstring import BitstringEntry, Purpose, entry_json, read_entry
from jikin.status.derived import DerivedLists, unsigned_lists
from jikin.status.token_list import TokenList
from jikin.values import ListId
from tests.examples import tries
from tests.recorded_lists import RecordedList

ENTRIES = 1 << 17
BASE, LIST = "https://certs.example", ListId(b"\x0a" * 32)
states = st.dictionaries(st.integers(0, ENTRIES - 1), st.sampled_from(State), max_size=40)


@given(states)
def test_w3c_and_ietf_lists_of_one_array_agree_on_every_entry(changed: dict[int, State]) -> None:
    array = StatusArray.all_valid(ENTRIES).with_states(changed)
    lists = DerivedLists.of(array)
    raw = array.raw
    for index in {*changed, 0, ENTRIES - 1}:
        state = State(raw[index >> 2] >> 2 * (index & 3) & 3)
        revoked = lists.revocation[index >> 3] >> (7 - (index & 7)) & 1
        suspended = lists.suspension[index >> 3] >> (7 - (index & 7)) & 1
        token = lists.token[index >> 2] >> 2 * (index & 3) & 3
        assert revoked == (state in {State.REVOKED, State.REPLACED}) == (token == token_list.INVALID)
        assert suspended == (state is State.SUSPENDED) == (token == token_list.SUSPENDED)
        assert (token == token_list.VALID) == (not revoked and not suspended) == (state is State.VALID)


@given(st.integers(0, 1 << 64))
@settings(max_examples=tries(20))
def test_of_any_array_whatever_the_three_lists_agree_everywhere(seed: int) -> None:
    lists = DerivedLists.of(StatusArray(random.Random(seed).randbytes(ENTRIES // 4)))
    revoked = int.from_bytes(lists.revocation, "big")
    suspended = int.from_bytes(lists.suspension, "big")
    assert revoked & suspended == 0
    # The token list holds two bits an entry, lowest first: bit 0 says revoked, bit 1 suspended.
    low = "".join(format(byte, "08b")[::-1] for byte in lists.token)
    assert low[0::2] == format(revoked, f"0{ENTRIES}b")
    assert low[1::2] == format(suspended, f"0{ENTRIES}b")


def test_the_unsigned_documents_are_read_back_by_the_readers_of_both_standards() -> None:
    """What anybody rebuilds from the events alone agrees with the array in all 131,072 entries (100 %)."""
    recorded = RecordedList()
    recorded.publish([Change(10, 2), Change(700, 2)], Rights.SUSPEND)
    recorded.publish([Change(10, 1), Change(20, 3), Change(131_071, 1)], Rights.REVOKE)
    recorded.publish([Change(20, 0)], Rights.REVOKE)  # void: what was replaced stays so
    folded = recorded.snapshot().folded
    assert folded is not None
    made = unsigned_lists(folded.array, base_url=BASE, list_id=LIST, issuer="did:web:certs.example", valid_from=1)
    token = TokenList.parse(made["token"], f"{BASE}/status/{LIST.raw.hex()}/token")
    right = DerivedLists.of(folded.array)
    assert token.raw == right.token
    ended = {10: State.REVOKED, 20: State.REPLACED, 700: State.SUSPENDED, 131_071: State.REVOKED}
    for index in (*ended, 11, 21, 701, 0):
        state = ended.get(index, State.VALID)
        for purpose in Purpose:
            url = f"{BASE}/status/{LIST.raw.hex()}/{purpose.value}"
            entry = BitstringEntry.parse(entry_json(url, purpose, index))
            assert read_entry(made[purpose.value], entry) == (state in purpose.states)
        assert token.get(index) == (1 if state is State.REPLACED else state)
    disagreements = sum(
        (state := folded.array.state(index)) is not ended.get(index, State.VALID)
        or token.get(index) != (state % 3 or state // 3)
        for index in range(ENTRIES)
    )
    assert disagreements == 0
