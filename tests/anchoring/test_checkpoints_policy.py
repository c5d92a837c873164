"""Whom a verifier believes about the newest block, and every way in which witnesses, logs and thieves could cheat."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.anchoring.chain import Block
from jikin.anchoring.checkpoints import Checkpoint, OpenedCheckpoint
from jikin.anchoring.checkpoints_notes import Note, cosign
from jikin.anchoring.checkpoints_policy import AHEAD_SECONDS, SplitViewError, accept, check_agreement, contradiction
from jikin.anchoring.checkpoints_source import CheckpointFile, NewestSeen, WitnessedBlocks
from jikin.anchoring.trusted import TrustedBlock, Voucher
from jikin.errors import ChainUnavailableError, SettingsError
from jikin.values import ChainId, Digest, sha256
from tests.codes import code_of
from tests.examples import tries
from tests.witnesses import FIRST, NOW, PINS, SECOND, THIRD, Witness, block, checkpoint, log, policy, witness

STRANGER = witness("stranger.example")
AGE = 900


def with_lines(opened: OpenedCheckpoint, *more: Witness) -> OpenedCheckpoint:
    lines = [cosign(opened.note.text, each.name, each.signer, NOW) for each in more]
    return OpenedCheckpoint(Note(opened.note.text, (*opened.note.signatures, *lines)), opened.checkpoint, opened.path)


def test_two_of_three_witnesses_vouch_for_a_block_since_the_older_of_the_two() -> None:
    opened = checkpoint(log(), {FIRST: NOW - 300, THIRD: NOW - 20})
    found = accept(opened, policy(), NOW)
    assert found.trusted == TrustedBlock(block(50), Voucher.WITNESSES, NOW - 300)
    assert found.checkpoint.size == 5
    three = checkpoint(log(), {FIRST: NOW - 300, SECOND: NOW - 100, THIRD: NOW - 20})
    assert accept(three, policy(), NOW).trusted.vouched_at == NOW - 100


def test_one_witness_less_than_the_quorum_is_refused() -> None:
    assert code_of(accept, checkpoint(log(), (FIRST,)), policy(), NOW) == "checkpoint.witnesses"
    assert code_of(accept, checkpoint(log(), (FIRST, SECOND)), policy(quorum=3), NOW) == "checkpoint.witnesses"


def test_one_key_under_two_names_is_one_witness() -> None:
    doubled = witness("other.example/name", seed=FIRST.name)
    assert (doubled.key.raw, doubled.key.name) != (FIRST.key.raw, FIRST.key.name)
    opened = checkpoint(log(), (FIRST, doubled))
    assert code_of(accept, opened, policy((FIRST, doubled, SECOND)), NOW) == "checkpoint.witnesses"
    accept(with_lines(opened, SECOND), policy((FIRST, doubled, SECOND)), NOW)


def test_one_witness_that_signs_twice_is_one_witness() -> None:
    opened = with_lines(checkpoint(log(), {FIRST: NOW - 1}), FIRST)
    assert code_of(accept, opened, policy(), NOW) == "checkpoint.witnesses"


def test_keys_that_the_policy_does_not_name_count_nothing() -> None:
    opened = checkpoint(log(), (FIRST, STRANGER))
    assert code_of(accept, opened, policy(), NOW) == "checkpoint.witnesses"
    impostor = witness(SECOND.name, seed="another key under a known name")
    assert code_of(accept, checkpoint(log(), (FIRST, impostor)), policy(), NOW) == "checkpoint.witnesses"


def test_a_line_that_claims_a_known_key_and_is_not_by_it_spoils_the_note() -> None:
    opened = checkpoint(log(), (FIRST, SECOND, THIRD))
    line = opened.note.signatures[-1]
    forged = type(line)(line.name, line.key_id, line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
    note = Note(opened.note.text, (*opened.note.signatures[:-1], forged))
    assert code_of(accept, OpenedCheckpoint.of(note, opened.path), policy(), NOW) == "checkpoint.signature"


def test_old_cosignatures_are_refused() -> None:
    at_the_edge = checkpoint(log(), {FIRST: NOW - AGE, SECOND: NOW})
    assert accept(at_the_edge, policy(), NOW).trusted.vouched_at == NOW - AGE
    assert code_of(accept, at_the_edge, policy(), NOW + 1) == "checkpoint.stale"


def test_cosignatures_dated_ahead_are_refused() -> None:
    ahead = checkpoint(log(), {FIRST: NOW + AHEAD_SECONDS, SECOND: NOW + AHEAD_SECONDS})
    assert accept(ahead, policy(), NOW).trusted.vouched_at == NOW  # it does not stay fresh for longer
    assert code_of(accept, ahead, policy(), NOW - 1) == "checkpoint.future"


def test_another_chain_or_registry_is_refused() -> None:
    other = type(PINS)(ChainId(1), PINS.registry, PINS.code_hash, PINS.genesis, 1)
    opened = checkpoint(log(pins=other), (FIRST, SECOND))
    assert code_of(accept, opened, policy(), NOW) == "checkpoint.origin"


def test_another_beginning_of_the_chain_is_refused() -> None:
    anew = type(PINS)(PINS.chain, PINS.registry, PINS.code_hash, Digest(sha256(b"started anew")), 1)
    assert code_of(accept, checkpoint(log(pins=anew), (FIRST, SECOND)), policy(), NOW) == "checkpoint.opening"


def test_a_block_that_is_not_the_last_entry_is_refused() -> None:
    """A log that states one block and has another as its last entry, cosigned without looking."""
    honest = log().checkpoint()
    stated = Checkpoint(honest.origin, honest.size, honest.root, block(50, "another history "))
    lines = tuple(cosign(stated.text, each.name, each.signer, NOW) for each in (FIRST, SECOND))
    opened = OpenedCheckpoint.of(Note(stated.text, lines), log().opening(5))
    assert code_of(accept, opened, policy(), NOW) == "checkpoint.opening"


UNFIT = {
    "a quorum of one": (1, 900),
    "a quorum above the number of keys": (4, 900),
    "no age": (2, 0),
}


@pytest.mark.parametrize(("quorum", "age"), UNFIT.values(), ids=UNFIT)
def test_a_policy_that_nobody_or_one_could_meet_is_refused(quorum: int, age: int) -> None:
    assert code_of(lambda: policy(quorum=quorum, max_age_seconds=age)) == "checkpoint.policy"


def test_a_policy_counts_its_keys_not_its_names() -> None:
    doubled = witness("other.example/name", seed=FIRST.name)
    assert code_of(lambda: policy((FIRST, doubled))) == "checkpoint.policy"


# ------------------------------------------------------------------------------------------------------- split view


def test_two_hashes_of_one_number_are_a_split_view_with_both_notes_as_proof() -> None:
    one = checkpoint(log(), (FIRST, SECOND))
    other = checkpoint(log(history="a second history "), (SECOND, THIRD))
    with pytest.raises(SplitViewError, match="block 50 is 0x") as split:
        check_agreement(one, other, policy())
    # Whoever has the policy can check the proof again, from its bytes alone, years later.
    proof = [OpenedCheckpoint.parse(each.to_bytes()) for each in (split.value.first, split.value.second)]
    assert code_of(check_agreement, *proof, policy(max_age_seconds=1)) == "checkpoint.split-view"


def test_one_block_at_two_places_is_a_split_view() -> None:
    longer = log(4)
    longer.append(block(45))
    longer.append(block(50))
    one, other = checkpoint(log(5), (FIRST, SECOND)), checkpoint(longer, (FIRST, THIRD))
    assert code_of(check_agreement, one, other, policy()) == "checkpoint.split-view"


def test_a_longer_log_that_ends_with_an_earlier_block_is_a_split_view() -> None:
    other = checkpoint(log(3), (FIRST, SECOND))
    dense = type(log())(PINS, [block(number) for number in range(1, 9)])
    assert code_of(check_agreement, other, checkpoint(dense, (FIRST, SECOND)), policy()) == "checkpoint.split-view"


def test_a_note_below_the_quorum_accuses_nobody() -> None:
    one = checkpoint(log(), (FIRST, SECOND))
    other = checkpoint(log(history="a second history "), (SECOND, STRANGER))
    assert code_of(check_agreement, one, other, policy()) is None


def test_a_log_that_only_grew_is_no_split_view() -> None:
    blocks = log(20)
    seen = [checkpoint(blocks, (FIRST, SECOND), size) for size in range(1, 21)]
    for one in seen:
        for other in seen:
            check_agreement(one, other, policy())


@settings(max_examples=tries(400), deadline=None)
@given(st.data())
def test_a_contradiction_is_found_exactly_where_no_log_can_hold_both(data: st.DataObject) -> None:
    """Against the definition: is there a log with rising numbers of which both are checkpoints?"""

    def drawn() -> tuple[int, int, int, int]:
        number = st.integers(1, 3)
        return data.draw(st.tuples(number, number, st.integers(0, 1), st.integers(0, 1)))

    def made(size: int, number: int, history: int, root: int) -> Checkpoint:
        hashed = Digest(sha256(b"%d %d" % (number, history)))
        return Checkpoint("a log", size, Digest(sha256(b"%d %d" % (size, root))), Block(number, hashed, number))

    one, other = drawn(), drawn()
    same_place, same_block = one[0] == other[0], one[1] == other[1]
    possible = (
        one == other
        if same_place or same_block  # a place has one block and one root, and a block one place
        else (one[0] < other[0]) == (one[1] < other[1])
    )
    assert (contradiction(made(*one), made(*other)) is None) is possible


# ------------------------------------------------------------------------------------------------------ the source


class Published:
    """A CheckpointReader that a test writes to; with nothing in it, it does not answer."""

    def __init__(self, opened: OpenedCheckpoint | None = None) -> None:
        self.data = None if opened is None else opened.to_bytes()

    @property
    def name(self) -> str:
        return "log.example"

    def read(self) -> bytes:
        if self.data is None:
            raise ChainUnavailableError("nobody answers")
        return self.data


def no_checkpoint(blocks: WitnessedBlocks) -> str:
    with pytest.raises(ChainUnavailableError) as refused:
        blocks.newest()
    assert refused.value.code == "chain.no-checkpoint"
    return str(refused.value)


def source(*places: Published, now: int = NOW, kept: NewestSeen | None = None) -> WitnessedBlocks:
    return WitnessedBlocks(policy(), places, lambda: now, kept, every_seconds=0)


def test_the_newest_of_several_places_is_taken() -> None:
    blocks = log(9)
    old, new = (Published(checkpoint(blocks, (FIRST, SECOND), size)) for size in (4, 9))
    assert source(old, Published(), new).newest().block == block(90)


def test_a_checkpoint_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "newest.tlog-proof"
    blocks = WitnessedBlocks(policy(), [CheckpointFile(path)], lambda: NOW, every_seconds=0)
    assert "newest.tlog-proof cannot be read" in no_checkpoint(blocks)
    path.write_bytes(checkpoint(log(), (FIRST, SECOND)).to_bytes())
    assert blocks.newest().block == block(50)


def test_an_older_checkpoint_than_the_one_seen_is_not_taken() -> None:
    blocks = log(9)
    place = Published(checkpoint(blocks, (FIRST, SECOND), 9))
    verifier = source(place)
    assert verifier.newest().block == block(90)
    place.data = checkpoint(blocks, (FIRST, SECOND, THIRD), 8).to_bytes()
    assert verifier.newest().block == block(90)
    place.data = None  # nor is it forgotten when nobody answers
    assert verifier.newest().block == block(90)


def test_what_was_seen_outlives_the_process_and_still_ages(tmp_path: Path) -> None:
    blocks, file = log(9), tmp_path / "newest-seen"
    source(Published(checkpoint(blocks, (FIRST, SECOND), 9)), kept=NewestSeen(file)).newest()
    older = Published(checkpoint(blocks, {FIRST: NOW + AGE, SECOND: NOW + AGE}, 8))
    assert source(older, kept=NewestSeen(file)).newest().block == block(90)
    said = no_checkpoint(source(older, now=NOW + AGE + 1, kept=NewestSeen(file)))
    assert "block 80 is older than what was seen before" in said
    assert "0 of the 2 cosignatures" in said


def test_a_newer_cosignature_of_the_same_checkpoint_makes_it_fresh_again() -> None:
    place = Published(checkpoint(log(), {FIRST: NOW - 800, SECOND: NOW - 800}))
    verifier = source(place)
    assert verifier.newest().vouched_at == NOW - 800
    place.data = checkpoint(log(), {FIRST: NOW - 20, SECOND: NOW - 10}).to_bytes()
    assert verifier.newest().vouched_at == NOW - 20


def test_a_second_history_is_a_split_view_whoever_is_asked_first() -> None:
    one = Published(checkpoint(log(), (FIRST, SECOND)))
    other = Published(checkpoint(log(history="a second history "), (SECOND, THIRD)))
    for places in ((one, other), (other, one)):
        with pytest.raises(SplitViewError):
            source(*places).newest()


def test_a_second_history_is_a_split_view_later_too_and_does_not_go_away() -> None:
    place = Published(checkpoint(log(), (FIRST, SECOND)))
    verifier = source(place)
    verifier.newest()
    first = place.data
    place.data = checkpoint(log(history="a second history "), (SECOND, THIRD)).to_bytes()
    with pytest.raises(SplitViewError):
        verifier.newest()
    assert verifier.seen is not None
    assert verifier.seen.to_bytes() == first


def test_what_another_verifier_saw_is_compared() -> None:
    verifier = source(Published(checkpoint(log(), (FIRST, SECOND))))
    theirs = checkpoint(log(history="a second history "), (SECOND, THIRD))
    verifier.compare(theirs)  # nothing was seen here yet
    verifier.newest()
    verifier.compare(checkpoint(log(7), (FIRST, SECOND)))
    with pytest.raises(SplitViewError):
        verifier.compare(theirs)


def test_places_are_read_every_few_seconds_and_what_was_kept_is_judged_in_between() -> None:
    now, place = [NOW], Published(checkpoint(log(5), (FIRST, SECOND)))
    verifier = WitnessedBlocks(policy(), [place], lambda: now[0], every_seconds=10)
    assert verifier.newest().block == block(50)
    place.data = checkpoint(log(6), (FIRST, SECOND)).to_bytes()
    now[0] = NOW + 9
    assert verifier.newest().block == block(50)
    now[0] = NOW + 10
    assert verifier.newest().block == block(60)
    now[0] = NOW + AGE
    verifier.newest()
    now[0] = NOW + AGE + 1  # what was kept is too old by now, though nobody was asked again
    assert "0 of the 2 cosignatures" in no_checkpoint(verifier)


def test_a_silent_place_holds_up_one_who_asks_and_not_the_others() -> None:
    entered, release = threading.Event(), threading.Event()

    class Slow(Published):
        def read(self) -> bytes:
            entered.set()
            assert release.wait(20)
            return super().read()

    place = Published(checkpoint(log(5), (FIRST, SECOND)))
    kept = NewestSeen()
    source(place, kept=kept).newest()
    verifier = source(Slow(checkpoint(log(6), (FIRST, SECOND))), kept=kept)
    found: list[int] = []
    waiting = threading.Thread(target=lambda: found.append(verifier.newest().block.number))
    waiting.start()
    assert entered.wait(20)
    assert verifier.newest().block == block(50)
    release.set()
    waiting.join()
    assert found == [60]


def test_a_split_view_outlives_the_process_with_its_proof(tmp_path: Path) -> None:
    file, place = tmp_path / "newest-seen", Published(checkpoint(log(), (FIRST, SECOND)))
    verifier = source(place, kept=NewestSeen(file))
    verifier.newest()
    with pytest.raises(SplitViewError):
        verifier.compare(checkpoint(log(history="a second history "), (SECOND, THIRD)))
    for told in (verifier, source(place, kept=NewestSeen(file))):
        with pytest.raises(SplitViewError) as split:
            told.newest()
        assert {split.value.first.to_bytes(), split.value.second.to_bytes()} == {
            (tmp_path / f"newest-seen.split-{number}").read_bytes() for number in (1, 2)
        }


def test_what_witnesses_said_that_are_trusted_no_more_binds_nobody(tmp_path: Path) -> None:
    file, others = tmp_path / "newest-seen", tuple(witness(f"other.example/{number}") for number in range(3))
    source(Published(checkpoint(log(9), (FIRST, SECOND))), kept=NewestSeen(file)).newest()
    begun_anew = Published(checkpoint(log(2, "a second history "), others))
    verifier = WitnessedBlocks(policy(others), [begun_anew], lambda: NOW, NewestSeen(file))
    assert verifier.newest().block == block(20, "a second history ")


def test_a_kept_checkpoint_that_is_spoilt_or_of_another_chain_is_told_not_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "newest-seen"
    file.write_bytes(b"spoilt")
    with pytest.raises(SettingsError, match="cannot be read"):
        NewestSeen(file)
    anew = type(PINS)(PINS.chain, PINS.registry, PINS.code_hash, Digest(sha256(b"started anew")), 1)
    file.write_bytes(checkpoint(log(pins=anew), (FIRST, SECOND)).to_bytes())
    with pytest.raises(SettingsError, match="not about the pinned registry"):
        source(kept=NewestSeen(file))
