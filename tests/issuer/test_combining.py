"""Single certificates that wait at the same time are anchored together, and each is still its own batch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from issuer import combining, issuing, pairing, reanchoring
from issuer.checking import Checker
from issuer.office import ANCHORING
from issuer.releasing import issued
from issuer.running import Runner
from issuer.store import transactions
from issuer.store.batches import Batch, BatchState, Origin
from issuer.store.tables import credentials
from jikin.values import Address
from tests.issuer.test_running import eventually
from tests.issuing_office import Bureau, rows, single


def anchors(bureau: Bureau) -> int:
    account = Address.parse(bureau.office.key(bureau.institution, ANCHORING).public)
    record = bureau.chain.view().operator(bureau.institution.issuer_id, account)
    return 0 if record is None else record.sequence


def objections(bureau: Bureau, batch: Batch) -> set[str]:
    checker = Checker.of(bureau.office, bureau.institution)
    ready = issued(bureau.office, bureau.institution, batch, bureau.credentials(batch))
    return {code for one in ready for code in checker.objections(one.document)}


def test_what_waits_together_is_anchored_by_one_transaction(bureau: Bureau) -> None:
    asked = [single(bureau, number) for number in range(1, 6)]
    asked.append(single(bureau, 9, Origin.APPLICATION))
    first = bureau.run(asked[0])
    waiting = [bureau.batch(one.id) for one in asked[1:]]
    assert {one.state for one in waiting} == {BatchState.PLANTED}
    done = [first, *(bureau.run(one) for one in waiting)]

    assert anchors(bureau) == 1
    assert {(one.state, one.root, one.tree_id) for one in done} == {(BatchState.RELEASED, first.root, first.id)}
    places = [one.place for batch in done for one in bureau.credentials(batch)]
    assert len(set(places)) == len(asked)
    assert [objections(bureau, one) for one in done] == [set()] * len(asked)
    with bureau.office.database.read() as connection:
        assert transactions.live(connection, pairing.anchors_alone(done[-1])) is not None
        assert {pairing.anchors_alone(one) for one in done} == {pairing.anchors_alone(first)}


def test_a_list_waits_for_nobody_and_takes_nobody_along(bureau: Bureau) -> None:
    asked, listed = single(bureau, 1), bureau.accept(rows(2, first=50))
    assert bureau.run(listed).state is BatchState.RELEASED
    assert bureau.batch(asked.id).state is BatchState.ACCEPTED
    assert bureau.run(asked).state is BatchState.RELEASED
    assert (bureau.batch(listed.id).tree_id, bureau.batch(asked.id).tree_id) == (listed.id, asked.id)
    assert anchors(bureau) == 2


def test_one_that_cannot_be_made_holds_up_no_other(bureau: Bureau) -> None:
    good, bad, other = (single(bureau, number) for number in (1, 2, 3))
    issuing.reserve(bureau.office, bad.id)
    with bureau.office.database.write() as connection:
        connection.execute(credentials.update().where(credentials.c.batch_id == bad.id).values(record={}))
    done = bureau.run(good)
    assert done.state is BatchState.RELEASED
    assert bureau.run(other).tree_id == good.id
    stuck = bureau.batch(bad.id)
    assert (stuck.state, stuck.count, stuck.bad, stuck.tree_id) == (BatchState.SIGNED, 0, 1, None)


def test_no_more_come_together_than_the_settings_say(bureau: Bureau) -> None:
    few = replace(bureau, office=replace(bureau.office, settings=replace(bureau.office.settings, batch_most=3)))
    asked = [single(few, number) for number in range(1, 6)]
    done = [few.run(one) for one in asked]
    assert [one.tree_id for one in done] == [asked[0].id] * 3 + [asked[3].id] * 2
    assert anchors(few) == 2


def test_a_tree_that_a_reorganisation_took_away_comes_back_once_for_all_its_batches(bureau: Bureau) -> None:
    bureau.chain.mine(8)
    asked = [single(bureau, number) for number in (1, 2, 3)]
    done = [bureau.run(one) for one in asked]
    bureau.chain.reorganise(3)
    assert reanchoring.look_again(bureau.office) == 3
    again = [bureau.run(one) for one in done]
    assert anchors(bureau) == 1
    assert {one.root for one in again} == {done[0].root}
    assert [objections(bureau, one) for one in again] == [set()] * 3


CLOSING: dict[str, tuple[list[int], float, bool]] = {
    "nothing waits": ([], 9.0, False),
    "few, and not for long": ([1, 1], 0.9, False),
    "few, one of them long enough": ([1, 1], 1.0, True),
    "many, and not for long": ([2, 2, 1], 0.0, True),
}


@pytest.mark.parametrize("case", CLOSING)
def test_singles_are_closed_by_their_number_or_by_the_time_they_wait(bureau: Bureau, case: str) -> None:
    counts, waited, closed = CLOSING[case]
    made = [replace(single(bureau, number + 1), count=count) for number, count in enumerate(counts)]
    assert combining.ripe(made, lambda _batch: waited, most=5, seconds=1.0) is closed


def test_the_runner_waits_for_others_and_no_longer_than_it_says(bureau: Bureau) -> None:
    settings = replace(bureau.office.settings, batch_wait_seconds=3600.0, batch_most=3)
    runner = Runner(replace(bureau.office, settings=settings))
    asked = [single(bureau, number) for number in (1, 2)]
    listed = bureau.accept(rows(1, first=50))
    runner.start()
    try:
        eventually(lambda: bureau.batch(listed.id).state is BatchState.RELEASED)
        assert {bureau.batch(one.id).state for one in asked} == {BatchState.ACCEPTED}
        asked.append(single(bureau, 3))
        eventually(lambda: {bureau.batch(one.id).state for one in asked} == {BatchState.RELEASED})
    finally:
        runner.stop()
    assert len({bureau.batch(one.id).tree_id for one in asked}) == 1
    assert anchors(bureau) == 2
