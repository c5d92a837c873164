"""A snapshot holds the history against the head on record; every disagreement is a contradiction, never valid."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import StatusEpoch, StatusHead, StatusHistory
from jikin.anchoring.changes import Change
from jikin.errors import StatusError
from jikin.status.array import State
from jikin.status.notes import Note, seal
from jikin.status.publication import Publication
from jikin.status.root import array_root, status_root
from jikin.status.snapshot import StatusSnapshot
from jikin.values import Address, Digest, IssuerId, ListId
from tests.recorded_lists import EPOCH_SECONDS, ISSUER, LIST, OPENED, PINS, RecordedList

SALT = b"\x02" * 32


@pytest.fixture
def recorded() -> RecordedList:
    result = RecordedList()
    result.publish([Change(10, 2)], Rights.SUSPEND)
    result.publish([Change(10, 1), Change(20, 1)], Rights.REVOKE)
    result.publish([Change(30, 2), Change(40, 1)], Rights.SUSPEND)
    return result


def test_a_history_that_leads_to_the_head_tells_every_state(recorded: RecordedList) -> None:
    snapshot = recorded.snapshot()
    assert snapshot.contradiction is None
    states = {index: snapshot.state(index) for index in (10, 20, 30, 40, 50)}
    assert states == {10: 1, 20: 1, 30: 2, 40: 0, 50: 0}
    assert snapshot.epoch == 3
    assert snapshot.block == recorded.block


def test_a_list_that_was_just_opened_is_valid() -> None:
    snapshot = RecordedList().snapshot()
    assert snapshot.contradiction is None
    assert snapshot.state(0) is State.VALID
    assert snapshot.since(0) is None


def test_it_tells_since_when_and_what_was_on_record_at_an_instant(recorded: RecordedList) -> None:
    snapshot = recorded.snapshot()
    since = snapshot.since(10)
    assert since is not None
    assert (since.epoch, since.time) == (2, OPENED + 2 * EPOCH_SECONDS)
    assert [state for _, state in snapshot.moves(10)] == [State.SUSPENDED, State.REVOKED]
    at = {seconds: snapshot.state_at(10, OPENED + seconds) for seconds in (99, 100, 199, 200, 999)}
    assert at == {99: 0, 100: 2, 199: 2, 200: 1, 999: 1}


def last(history: StatusHistory, **changes: object) -> StatusHistory:
    return replace(history, epochs=(*history.epochs[:-1], replace(history.epochs[-1], **changes)))


def first(history: StatusHistory, **changes: object) -> StatusHistory:
    return replace(history, epochs=(replace(history.epochs[0], **changes), *history.epochs[1:]))


LIES: dict[str, Callable[[StatusHistory], StatusHistory]] = {
    "the newest epoch is left out": lambda h: replace(h, epochs=h.epochs[:-1]),
    "the first epoch is left out": lambda h: replace(h, epochs=h.epochs[1:]),
    "an epoch in between is left out": lambda h: replace(h, epochs=(h.epochs[0], h.epochs[2])),
    "an epoch is told twice": lambda h: replace(h, epochs=(*h.epochs, h.epochs[-1])),
    "epochs change places": lambda h: replace(h, epochs=(h.epochs[1], h.epochs[0], h.epochs[2])),
    "no epochs at all": lambda h: replace(h, epochs=()),
    "a suspension is left out": lambda h: replace(
        h, epochs=(h.epochs[0], replace(h.epochs[1], changes=b""), h.epochs[2])
    ),
    "another entry is revoked": lambda h: last(h, changes=b"\x00\x00\x05"),
    "changes that are no threes": lambda h: last(h, changes=b"\x00\x00"),
    "more rights": lambda h: last(h, rights=Rights.REVOKE),
    "another operator": lambda h: last(h, operator=Address(b"\x01" * 20)),
    "another status root": lambda h: last(h, status_root=Digest(b"\x01" * 32)),
    "another time": lambda h: first(h, time=OPENED + 1),
    "another block": lambda h: first(h, block=5, previous_block=4),
    "a time before the epoch before it": lambda h: last(h, time=OPENED),
    "a time after the block looked at": lambda h: last(h, time=OPENED + 10_000),
    "another block before it": lambda h: last(h, previous_block=3),
    "another opening": lambda h: replace(h, index_key_hash=Digest(b"\x01" * 32)),
    "another size": lambda h: replace(h, entries=1 << 18),
    "an epoch number of its own": lambda h: last(h, epoch=9),
    "an epoch too large to hash": lambda h: last(h, time=1 << 300),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_history_that_was_changed_is_a_contradiction(
    recorded: RecordedList, lie: Callable[[StatusHistory], StatusHistory]
) -> None:
    snapshot = recorded.snapshot(history=lie(recorded.history))
    assert snapshot.contradiction is not None
    for index in (10, 20, 30, 50):
        with pytest.raises(StatusError) as refused:
            snapshot.state(index)
        assert refused.value.code == "status.contradiction"


HEADS: dict[str, Callable[[StatusHead], StatusHead]] = {
    "another head": lambda h: replace(h, head=Digest(b"\x01" * 32)),
    "an epoch more": lambda h: replace(h, epoch=h.epoch + 1),
    "an epoch less": lambda h: replace(h, epoch=h.epoch - 1),
    "another time": lambda h: replace(h, time=h.time - 1),
    "another block": lambda h: replace(h, block=h.block - 1),
    "another size": lambda h: replace(h, entries=1 << 18),
    "a block after the one looked at": lambda h: replace(h, block=h.block + 9),
}


@pytest.mark.parametrize("lie", HEADS.values(), ids=HEADS.keys())
def test_a_head_that_the_events_do_not_lead_to_is_a_contradiction(
    recorded: RecordedList, lie: Callable[[StatusHead], StatusHead]
) -> None:
    assert recorded.snapshot(head=lie(recorded.status_head)).contradiction is not None


def test_another_issuer_or_list_is_a_contradiction(recorded: RecordedList) -> None:
    for issuer, list_id in ((IssuerId(bytes(32)), LIST), (ISSUER, ListId(bytes(32)))):
        snapshot = StatusSnapshot.build(
            PINS, issuer, list_id, recorded.status_head, recorded.history, block=recorded.block
        )
        assert snapshot.contradiction == "the recorded changes do not lead to the head on record"


def test_a_head_with_a_size_that_no_list_has_is_refused(recorded: RecordedList) -> None:
    with pytest.raises(StatusError, match="entries"):
        recorded.snapshot(head=replace(recorded.status_head, entries=100))


# --- the file that opens the root ---


def noted(recorded: RecordedList) -> tuple[Publication, Note]:
    note = Note(50, len(recorded.epochs) + 1, State.REVOKED, "withdrawn", OPENED + 5)
    publication = recorded.publish([Change(50, 1)], notes=[seal(note, recorded.lctx, SALT)])
    return publication, note


def test_an_honest_file_opens_the_root_and_its_note_is_read(recorded: RecordedList) -> None:
    publication, note = noted(recorded)
    snapshot = recorded.snapshot()
    assert snapshot.check_opening(publication) is None
    sealed = snapshot.note(publication, 50)
    assert sealed is not None
    assert sealed.open(snapshot.lctx, SALT) == note
    assert snapshot.note(publication, 20) is None


def test_a_file_without_notes_opens_the_root_too(recorded: RecordedList) -> None:
    publication = recorded.publish([Change(60, 1)])
    assert publication.notes == ()
    assert recorded.snapshot().check_opening(publication) is None


def test_a_root_that_is_not_the_fold_is_a_contradiction_proven_by_its_own_opening(recorded: RecordedList) -> None:
    lying = array_root(recorded.lctx, recorded.snapshot().folded.array.with_states({70: State.REVOKED}))  # type: ignore[union-attr]
    publication = Publication.make(recorded.lctx, 4, lying, [])
    recorded.publish([Change(70, 1)], Rights.SUSPEND, root=publication.status_root(recorded.lctx))
    snapshot = recorded.snapshot()
    assert snapshot.contradiction is None
    contradiction = snapshot.check_opening(publication)
    assert contradiction == "the status root of epoch 4 stands for another array than its recorded changes make"
    contradicted = snapshot.contradicted(contradiction)
    with pytest.raises(StatusError, match="another array"):
        contradicted.state(70)
    assert contradicted.state(20) is State.REVOKED  # what has ended has ended, whatever root was published


def test_a_file_of_another_epoch_is_no_opening(recorded: RecordedList) -> None:
    publication, _ = noted(recorded)
    recorded.publish([Change(60, 1)])
    with pytest.raises(StatusError) as refused:
        recorded.snapshot().check_opening(publication)
    assert refused.value.code == "status.publication.epoch"


def test_a_file_that_was_changed_proves_nothing_about_the_issuer(recorded: RecordedList) -> None:
    publication, note = noted(recorded)
    snapshot = recorded.snapshot()
    other_note = seal(replace(note, reason="something else"), recorded.lctx, SALT)
    changed = {
        "the array root": replace(publication, array_root=Digest(b"\x01" * 32)),
        "the notes root": replace(publication, notes_root=Digest(b"\x01" * 32)),
        "a note": replace(publication, notes=(other_note,)),
        "a note left out": replace(publication, notes=()),
        "a note with its root": Publication.make(recorded.lctx, 4, publication.array_root, [other_note]),
    }
    for what, file in changed.items():
        with pytest.raises(StatusError) as refused:
            snapshot.check_opening(file)
        assert refused.value.code.startswith("status.publication."), what


def test_a_note_on_an_earlier_state_is_left_out(recorded: RecordedList) -> None:
    old = seal(Note(80, 4, State.SUSPENDED, "inquiry", OPENED), recorded.lctx, SALT)
    recorded.publish([Change(80, 2)], notes=[old])
    publication = recorded.publish([Change(80, 1)], notes=[old])
    snapshot = recorded.snapshot()
    assert snapshot.check_opening(publication) is None
    assert snapshot.note(publication, 80) is None


def test_the_status_root_on_record_is_the_one_of_the_fold(recorded: RecordedList) -> None:
    publication, _ = noted(recorded)
    snapshot = recorded.snapshot()
    newest: StatusEpoch = snapshot.epochs[-1]
    assert snapshot.folded is not None
    root = array_root(snapshot.lctx, snapshot.folded.array)
    assert newest.status_root == status_root(snapshot.lctx, 4, root, publication.notes_root, 1)
